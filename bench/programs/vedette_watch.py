"""What the product sees in a clip: `vedette_watch.py CLIP MODEL SECONDS_A_PICTURE OUT [MOST]`.

Writes the persons of each picture, found and followed, as JSON; what is right is judged elsewhere.
"""

import json
import sys
import tempfile
import time
from pathlib import Path

import av
import cv2
import numpy as np

from vedette.algorithms import Detections, Frame, Position, Tracker
from vedette.algorithms.engine import Engine
from vedette.algorithms.looks import looks
from vedette.algorithms.models import ModelStore

cv2.setNumThreads(1)  # as a worker does
clip, model, period, out = sys.argv[1], Path(sys.argv[2]), float(sys.argv[3]), Path(sys.argv[4])
most = int(sys.argv[5]) if len(sys.argv) > 5 else None
LABELS = ("person",)
pictures, spent, size = [], 0.0, (0, 0)
with tempfile.TemporaryDirectory() as folder, av.open(clip) as container:
    store = ModelStore(Path(folder))
    store.add(model)
    detector = Engine(store).for_stream().detector("objects")
    person, tracker = detector.labels.index("person"), Tracker(LABELS)
    for index, picture in enumerate(container.decode(video=0)):
        if index == most:
            break
        luma = np.zeros((picture.height, picture.width), np.uint8)  # no detector with a model looks at it
        shown = picture.to_ndarray(format="bgr24")
        frame = Frame(Position(0, index, round(index * period * 1e6)), luma, lambda shown=shown: shown)
        size = frame.width, frame.height
        began = time.process_time()
        found = detector(frame)
        seen = found.where(found.classes == person)
        people = Detections.of(seen.boxes, seen.scores, np.zeros(len(seen), np.int64), LABELS)
        tracked = tracker.update(people, frame.time, size, looks(shown, people.boxes))
        spent += time.process_time() - began
        told = tracked.told
        pictures.append(
            {
                "boxes": people.boxes.tolist(),
                "scores": people.scores.tolist(),
                "tracks": told.track_ids.tolist(),
                "tracked": told.boxes.tolist(),
            }
        )
out.write_text(json.dumps(pictures))
print(json.dumps({"cpu_ms": spent * 1000 / len(pictures), "pictures": len(pictures)}))
