"""What a picture costs, by service and by streams, against a plain loop with the same model in the same run.

`VEDETTE_TEST_DATA` names the folder of clips and models.
"""

import os
from collections.abc import Callable
from pathlib import Path

from bench.frame import Row, median, take_turns

ROUNDS = 3
PICTURES = 120
STREAMS = (1, 2, 4, 8)
CLIP, MODEL, FACES = "videos/pets09-s2l1_768x576.mp4", "models/yolox_nano.onnx", "models/yunet_n_320_320.onnx"
_PROGRAMS = Path(__file__).parent / "programs"
_PLAIN = "plain loop, YOLOX-nano"
SERVICES = (
    "c-intrusiondetection-cloud", "c-flowcount-cloud", "c-crowdcount-cloud", "c-highpoint-crowdcount-edge",
    "c-staffonduty-cloud", "c-traffic-abnormal-park-edge", "c-fire-exit-occupation-cloud", "c-non-motor-detection-edge",
    "c-urban-street-stall-cloud", "c-traffic-wrong-way-cloud", "c-vehicle-detection-edge", "c-object-attri-recog-cloud",
    "c-object-detection-cloud",
)  # fmt: skip
"""Those that look with the same model."""
OTHERS = ("c-abandon-detection-cloud", "c-living-detect-edge", "c-video-quality-cloud", "c-face-detection-cloud")


def rows() -> list[Row]:
    data = (Path(__file__).resolve().parent.parent / os.environ.get("VEDETTE_TEST_DATA", "../shared/data")).resolve()
    if not (data / CLIP).is_file():
        print(f"analysis is skipped: no test data at {data}")
        return []
    clip, model, faces = str(data / CLIP), str(data / MODEL), str(data / FACES)

    def ours(streams: int, *services: str) -> list[str]:
        given = [str(_PROGRAMS / "vedette_services.py"), clip, str(PICTURES), str(streams), model, faces]
        return [*given, "--", *services]

    plain = [str(_PROGRAMS / "plain_yolox.py"), clip, model, str(PICTURES)]
    return [
        *_table({_PLAIN: plain} | {name: ours(1, name) for name in (*SERVICES, *OTHERS)}, _PLAIN),
        *_table(
            {_PLAIN: plain, **{f"{n} services on one stream": ours(1, *SERVICES[:n]) for n in (1, 2, 4, 8)}}, _PLAIN
        ),
        *_streams(plain, ours),
    ]


def _streams(plain: list[str], ours: Callable[..., list[str]]) -> list[Row]:
    found = []
    for streams in STREAMS:
        loop = f"{streams} plain loops in one process"
        programs = {loop: [*plain, str(streams)], f"{streams} streams in one process": ours(streams, SERVICES[0])}
        found += _table(programs, loop)
    return found


def _table(programs: dict[str, list[str]], floor: str) -> list[Row]:
    results = take_turns(programs, rounds=ROUNDS)
    least = median(results[floor], "cpu_ms")
    found = []
    for name, runs in results.items():
        cost = median(runs, "cpu_ms")
        compared = ("", None) if name == floor else (floor, cost / least)
        found.append(Row(name, cost, "CPU ms a picture", *compared, note=f"{PICTURES} pictures, median of {ROUNDS}"))
    return found
