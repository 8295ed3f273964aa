"""Services on streams of one process: `vedette_services.py CLIP PICTURES STREAMS MODEL … -- SERVICE …`.

Each stream is a thread that reads the clip as a worker does, analyses every picture, and has a task of each service.
"""

import json
import sys
import tempfile
import threading
import time
from pathlib import Path

import cv2

from vedette.algorithms.engine import Engine, StreamModels
from vedette.algorithms.models import ModelStore
from vedette.algorithms.registry import Registry
from vedette.media.reconnect import Feed
from vedette.model.guard import GuardPolicy
from vedette.model.ids import ProjectId, RunId, TaskId
from vedette.model.source import Address, Liveness
from vedette.model.stream import TaskRun
from vedette.worker.run import Run

cv2.setNumThreads(1)  # as a worker does
clip, most, streams = Path(sys.argv[1]).resolve(), int(sys.argv[2]), int(sys.argv[3])
models, services = sys.argv[4 : sys.argv.index("--")], sys.argv[sys.argv.index("--") + 1 :]
EVERY = 1000.0
place = Address(clip.as_uri(), Liveness.FILE)
registry, counted = Registry.load(), [0] * streams


def runs(eyes: StreamModels) -> list[Run]:
    made = []
    for number, service in enumerate(services):
        version = registry.versions(service)[-1]
        spec = TaskRun(TaskId(f"{number:032x}"), RunId(f"{number}"), ProjectId("p"), service, version, {}, "clip", 0)
        made.append(Run(spec, place.liveness, registry, eyes))
    return made


def watch(number: int, engine: Engine) -> None:
    present = runs(engine.for_stream())
    feed = Feed(place, policy=GuardPolicy.parse("lan", []), file_roots=(clip.parent,), fps=EVERY)
    ready.wait()
    for frame in feed.frames():
        for run in present:
            run.process(frame, 0, feed.seek_mark)
            run.check()
        counted[number] += 1
        if counted[number] == most:
            feed.stop()
            break


with tempfile.TemporaryDirectory() as folder:
    store = ModelStore(Path(folder))
    for model in models:
        store.add(Path(model))
    shared, ready = Engine(store), threading.Barrier(streams + 1)
    threads = [threading.Thread(target=watch, args=(number, shared)) for number in range(streams)]
    for thread in threads:
        thread.start()
    ready.wait()
    began = time.process_time()
    for thread in threads:
        thread.join()
    print(json.dumps({"cpu_ms": (time.process_time() - began) * 1000 / sum(counted), "pictures": sum(counted)}))
