"""The tracker on given detections: `vedette_follow.py IN OUT`, both JSON.

IN has `size`, `period` (seconds) and `pictures`: of each its `boxes` and its `scores` on our scale (0..1, 0.5 is sure).
"""

import json
import sys
import time
from pathlib import Path

import numpy as np

from vedette.algorithms import Detections, Tracker

LABELS = ("person",)
given = json.loads(Path(sys.argv[1]).read_text())
tracker, pictures, spent = Tracker(LABELS), [], 0.0
for index, picture in enumerate(given["pictures"]):
    boxes = np.array(picture["boxes"], np.float32).reshape(-1, 4)
    scores = np.array(picture["scores"], np.float32)
    found = Detections.of(boxes, scores, np.zeros(len(boxes), np.int64), LABELS)
    began = time.process_time()
    told = tracker.update(found, index * given["period"], tuple(given["size"])).told
    spent += time.process_time() - began
    pictures.append({"tracks": told.track_ids.tolist(), "tracked": told.boxes.tolist()})
Path(sys.argv[2]).write_text(json.dumps(pictures))
print(json.dumps({"cpu_us": spent * 1e6 / len(pictures), "pictures": len(pictures)}))
