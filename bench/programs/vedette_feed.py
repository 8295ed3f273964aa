"""The product's path: a feed, every picture handed over, and (told `motion`) looked at by the motion detector."""

import json
import sys
import time
from pathlib import Path

import cv2

from vedette.algorithms.motion import MotionDetector
from vedette.media.reconnect import Feed
from vedette.model.guard import GuardPolicy
from vedette.model.source import Address, Liveness

cv2.setNumThreads(1)  # as a worker does
path = Path(sys.argv[1]).resolve()
look = MotionDetector() if "motion" in sys.argv else None
began, pictures = time.process_time(), 0
feed = Feed(Address(path.as_uri(), Liveness.FILE), policy=GuardPolicy(), file_roots=(path.parent,), fps=1000)
for frame in feed.frames():
    if look is not None:
        look(frame)
    pictures += 1
print(json.dumps({"cpu_ms": (time.process_time() - began) * 1000 / pictures, "pictures": pictures}))
