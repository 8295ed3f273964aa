"""What services tell of a clip: `vedette_tell.py CLIP PERIOD IN OUT [MODEL …]`.

IN is a JSON list of `{"service": …, "common": {…}}`; OUT gets, for each, a list of `[frame, event type, data]`. They
share one stream, so that each model looks once at each picture. PERIOD: seconds a picture; 0: the clip's own times.
"""

import json
import sys
import tempfile
from pathlib import Path

import av
import cv2
import msgspec
import numpy as np

from vedette.algorithms import EventData, Frame, Position
from vedette.algorithms.engine import Engine
from vedette.algorithms.models import ModelStore
from vedette.algorithms.registry import Registry


def plain(data: EventData) -> object:
    """Return what is told as JSON has it; ids of tracks and the like as texts."""
    return msgspec.to_builtins(data, enc_hook=repr)


cv2.setNumThreads(1)  # as a worker does
clip, period, models = sys.argv[1], float(sys.argv[2]), sys.argv[5:]
asked = json.loads(Path(sys.argv[3]).read_text())
told: list[list[object]] = [[] for _ in asked]
with tempfile.TemporaryDirectory() as folder, av.open(clip) as container:
    store = ModelStore(Path(folder))
    for model in models:
        store.add(Path(model))
    stream, registry = Engine(store).for_stream(), Registry.load()
    runs = []
    for one in asked:
        kind = registry.find(one["service"], registry.versions(one["service"])[-1])
        runs.append(kind(kind.manifest.config.model_validate(one["common"]), stream))
    first = None
    for index, picture in enumerate(container.decode(video=0)):
        first = float(picture.time or 0) if first is None else first
        at = index * period if period else float(picture.time or 0) - first
        plane = picture.planes[0]
        luma = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)[: picture.height, : picture.width].copy()
        frame = Frame(Position(0, index, round(at * 1e6)), luma, lambda shown=picture: shown.to_ndarray(format="bgr24"))
        for events, run in zip(told, runs, strict=True):
            events += [[index, one.event_type, plain(one.data)] for one in run.process(frame)]
    for events, run in zip(told, runs, strict=True):
        events += [[index, one.event_type, plain(one.data)] for one in run.finish(frame)]
Path(sys.argv[4]).write_text(json.dumps(told))
print(json.dumps({"events": sum(map(len, told))}))
