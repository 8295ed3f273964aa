"""The process in which a model file is tried: it is limited, and whatever the file does, it does it to this alone.

It is told what to try in one line of JSON, and answers in one; see `proof` for both.
"""

import json
import os
import resource
import signal
import sys
import time
from pathlib import Path
from typing import Any

ROUNDS = 12
"""How often a model is run to see how long it takes; the quickest counts, for others use the machine too."""
LONGEST_S = 3.0
"""How long that may go on."""


def limit(seconds: float, memory: int) -> None:
    """Let this process last so many seconds, and take so many more bytes than it has now; 0: as many as it likes."""
    signal.setitimer(signal.ITIMER_REAL, seconds)  # nobody handles it: the process ends
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if not memory:
        return
    taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (taken + memory, taken + memory))


def attempt(asked: dict[str, Any]) -> dict[str, Any]:
    """Load a model, run it, and say what came of it."""
    import cv2  # noqa: PLC0415 - engines and their libraries come before the limits: they are no part of the model
    import numpy as np  # noqa: PLC0415

    from vedette.algorithms.inference import ort, sessions, sighted  # noqa: PLC0415
    from vedette.algorithms.inference.face import EngineName, Wish  # noqa: PLC0415
    from vedette.algorithms.manifests import ModelManifest  # noqa: PLC0415
    from vedette.algorithms.onnx_file import look_through  # noqa: PLC0415

    cv2.setNumThreads(1)
    if asked["engine"] == "openvino" and EngineName.OPENVINO in sessions.installed():
        import openvino  # noqa: PLC0415

        openvino.Core().available_devices  # noqa: B018 - loads what it needs for the processor
    path, name = Path(asked["path"]), asked["name"]
    image = sighted.invented()
    if asked["picture"]:
        shown = cv2.imread(asked["picture"], cv2.IMREAD_COLOR)
        if shown is None:
            return {"refused": f"The picture {Path(asked['picture']).name} cannot be read."}
        image = np.asarray(shown, np.uint8)
    limit(asked["seconds"], asked["memory"])
    look_through(path, name)
    if asked["manifest"] is None:
        return {"ports": ort.described(path, name)}
    manifest = ModelManifest.model_validate_json(asked["manifest"])
    wish = Wish.of(asked["engine"], asked["arithmetic"], tuple(asked["providers"]))
    session = sessions.load(path, manifest, EngineName(asked["engine"]), wish)
    sight = sighted.Sight(session)
    seen = sight(image)
    times: list[float] = []
    began = time.monotonic()
    while len(times) < ROUNDS and time.monotonic() - began < LONGEST_S:
        before = time.process_time()
        sight(image)
        times.append(time.process_time() - before)
    return {
        "ms": round(min(times) * 1000, 3),
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
        "seen": seen,
    }


def main() -> None:
    """Read what is asked, try it, answer."""
    from vedette.model.errors import ModelError  # noqa: PLC0415

    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # engines talk
    try:
        told = attempt(json.loads(sys.stdin.readline()))
    except ModelError as error:
        told = {"refused": error.message}
    except MemoryError:
        told = {"refused": "", "memory_error": True}
    answers.write(json.dumps(told))
    answers.flush()
    os._exit(0)  # an engine that has been harmed may not come to an end by itself


if __name__ == "__main__":
    main()
