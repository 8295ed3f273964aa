"""What a picture costs beyond its decoding: the product against bare PyAV and OpenCV, 1080p H.264."""

from pathlib import Path

from bench.camera import clip
from bench.frame import Row, median, take_turns

ROUNDS = 7
TARGET_MS = 0.5
_PROGRAMS = Path(__file__).parent / "programs"
_FLOOR = "PyAV, decode only"


def rows() -> list[Row]:
    path = str(clip("camera-1080p"))
    programs = {
        _FLOOR: [str(_PROGRAMS / "pyav_decode.py"), path],
        "PyAV, every picture to BGR": [str(_PROGRAMS / "pyav_bgr.py"), path],
        "OpenCV VideoCapture.read": [str(_PROGRAMS / "opencv_read.py"), path],
        "Vedette, every picture handed over": [str(_PROGRAMS / "vedette_feed.py"), path],
        "Vedette, every picture through the motion detector": [str(_PROGRAMS / "vedette_feed.py"), path, "motion"],
    }
    results = take_turns(programs, rounds=ROUNDS)
    floor = median(results[_FLOOR], "cpu_ms")
    table = []
    for name, runs in results.items():
        cost = median(runs, "cpu_ms")
        note = f"{int(runs[0]['pictures'])} pictures, median of {ROUNDS} runs"
        against = "" if name == _FLOOR else _FLOOR
        table.append(Row(name, cost, "CPU ms a picture", against, cost / floor if against else None, note=note))
    for name in list(programs)[1:]:
        pairs = zip(results[name], results[_FLOOR], strict=True)
        extra = median([{"cpu_ms": mine["cpu_ms"] - bare["cpu_ms"]} for mine, bare in pairs], "cpu_ms")
        ours = name.startswith("Vedette")
        table.append(
            Row(
                f"{name}: over bare decode",
                extra,
                "CPU ms a picture",
                _FLOOR,
                extra / floor,
                f"<= {TARGET_MS} ms" if ours else "",
                extra <= TARGET_MS if ours else None,
                "median of the differences within a round",
            )
        )
    return table
