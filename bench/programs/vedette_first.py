"""The product: from a feed that is made to the first picture in the hands of whoever analyses.

vedette_first.py URL live|file
"""

import json
import sys
import time

from vedette.media.reconnect import Feed
from vedette.model.guard import GuardPolicy
from vedette.model.source import Address, Liveness

POLICY = GuardPolicy.parse("lan", ["127.0.0.0/8"])
taken = []
for _ in range(3):
    began = time.perf_counter()
    feed = Feed(Address(sys.argv[1], Liveness(sys.argv[2])), policy=POLICY, file_roots=(), fps=25)
    frames = feed.frames()
    next(frames)
    taken.append(time.perf_counter() - began)
    frames.close()
print(json.dumps({"first_ms": sorted(taken)[1] * 1000}))
