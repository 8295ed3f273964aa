"""A camera scene of our own: figures walk about on a square, some through a marked zone, and the script knows it.

The same seed gives the same pictures. There are sensor noise, a slow drift and one sudden step of the light, shadows
under the figures, a lamp that flickers at the edge of the zone, and a plant that sways. Figures meet and pass one another
outside the zone; inside it they keep a figure's width apart, so that each entry is one that a person would count.
"""

import math
from pathlib import Path

import av
import cv2
import numpy as np
from av.video.stream import VideoStream

from vedette.model.frame import Image
from vedette.testing import square
from vedette.testing.script import Entry, Point, SceneScript, inside
from vedette.testing.walkers import Walker, clothes, draw, draw_shadow

WIDTH, HEIGHT, FPS = 1280, 720, 25
SECONDS = 48.0
DEFAULT_SEED = 7
ZONE: tuple[Point, ...] = ((470, 425), (850, 425), (930, 590), (390, 590))
LAMP = (902, 520)
"""Where the lamp stands: on the zone's right edge, its glow inside."""
SETTLE_S = 3.0
"""Nobody comes before this: a camera is switched on before there is something to see."""

_PLANS = ("cross", "behind", "cross", "before", "stop", "turn", "door", "behind", "cross", "before")


def write_scene(path: Path, *, seed: int = DEFAULT_SEED, seconds: float = SECONDS) -> SceneScript:
    """Write the scene as H.264 in MP4 (1280x720, 25 pictures a second, a key picture every 50), and return its script.

    Args:
        path: the file to write.
        seed: another seed, another scene.
        seconds: length; entries that would come less than 3 s before the end are not begun.
    """
    dice = np.random.default_rng(seed)
    walkers = cast(dice, seconds)
    light = _Light(dice, seconds)
    still = square.paint(dice, WIDTH, HEIGHT, ZONE)
    noise = _Noise(dice)
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream("h264", rate=FPS)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt, stream.gop_size = WIDTH, HEIGHT, "yuv420p", 50
        stream.options = {"preset": "superfast", "crf": "27", "bf": "0"}
        for index in range(round(seconds * FPS)):
            time = index / FPS
            yuv = _planes(_compose(still, walkers, light, time))
            light.shine(yuv[:HEIGHT], time)
            noise.add(yuv[:HEIGHT], index)
            frame = av.VideoFrame.from_ndarray(yuv, format="yuv420p")
            frame.pts = index
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return SceneScript(
        seed, seconds, FPS, WIDTH, HEIGHT, ZONE, entries(walkers, seconds), len(walkers), round(light.step_s, 2)
    )


def cast(dice: np.random.Generator, seconds: float) -> list[Walker]:
    """Return the figures of a scene: one every few seconds, each with a plan."""
    plans = list(_PLANS)
    dice.shuffle(plans)
    walkers: list[Walker] = []
    begin = SETTLE_S
    number = 0
    while begin < seconds - 4.0:
        plan = plans[number % len(plans)]
        number += 1
        for _ in range(40):
            walker = _walker(dice, f"figure {number} ({plan})", plan, begin)
            if not any(_crowd(walker, other) for other in walkers) and _ends_well(walker, seconds):
                walkers.append(walker)
                break
            begin += 0.25
        begin += float(dice.uniform(1.8, 3.4))
    return walkers


def entries(walkers: list[Walker], seconds: float) -> tuple[Entry, ...]:
    """Return every step into the zone, computed from the foot points of the script."""
    found: list[Entry] = []
    for walker in walkers:
        was_in = False
        for index in range(round(seconds * FPS)):
            here = walker.at(index / FPS, HEIGHT)
            is_in = here is not None and inside(ZONE, here[0], here[1])
            if is_in and not was_in:
                path = [
                    (step, spot[0], spot[1])
                    for step in (index / FPS + tenth / 10 for tenth in range(-10, 40))
                    if (spot := walker.at(step, HEIGHT))
                ]
                found.append(Entry(round(index / FPS, 2), walker.name, tuple(path)))
            was_in = is_in
    return tuple(sorted(found, key=lambda entry: entry.time))


def _walker(dice: np.random.Generator, name: str, plan: str, start: float) -> Walker:
    """Return a figure that walks from one side to the other, or does what its plan says."""
    from_left = bool(dice.random() < 0.5)
    lane = {"behind": (338, 360), "before": (668, 700), "cross": (455, 560), "stop": (470, 540), "turn": (470, 560)}
    y = float(dice.uniform(*lane.get(plan, (345, 350))))
    out, away = -60.0, WIDTH + 60.0
    if plan == "door":
        x = square.DOOR_X
        legs = [
            (x, 335.0, 0.4),
            (float(dice.uniform(560, 760)), 500.0, float(dice.uniform(0, 1.5))),
            (away if from_left else out, 560.0, 0.0),
        ]
    elif plan == "stop":
        legs = [(out, y, 0.0), (float(dice.uniform(560, 740)), y, float(dice.uniform(4, 7))), (away, y + 20, 0.0)]
    elif plan == "turn":
        legs = [(out, y, 0.0), (float(dice.uniform(270, 320)), y, float(dice.uniform(1, 3))), (out, y + 15, 0.0)]
    else:
        pause = float(dice.uniform(0, 2)) if plan == "behind" else 0.0
        legs = [(out, y, 0.0), (float(dice.uniform(480, 800)), y, pause), (away, y + float(dice.uniform(-12, 12)), 0.0)]
    if not from_left and plan != "door":
        legs = [(WIDTH - x, y, wait) for x, y, wait in legs]
    return Walker(
        name, start, tuple(legs), float(dice.uniform(0.72, 1.0)), float(dice.uniform(0.9, 1.1)), clothes(dice)
    )


def _crowd(one: Walker, other: Walker) -> bool:
    """Tell whether two figures would hide one another while either is in the zone or about to step into it."""
    for tick in range(round(one.start * 5), round((one.start + one.duration(HEIGHT)) * 5)):
        a, b = one.at(tick / 5, HEIGHT), other.at(tick / 5, HEIGHT)
        if a is None or b is None or not (_near_zone(a) or _near_zone(b)):
            continue
        tall = max(one.tall(a[1], HEIGHT), other.tall(b[1], HEIGHT))
        if abs(a[0] - b[0]) < 0.62 * tall and abs(a[1] - b[1]) < 1.05 * tall:
            return True
    return False


def _near_zone(spot: tuple[float, float, float, float]) -> bool:
    return ZONE[3][0] - 90 < spot[0] < ZONE[2][0] + 90 and ZONE[0][1] - 50 < spot[1] < ZONE[2][1] + 50


def _ends_well(walker: Walker, seconds: float) -> bool:
    """Tell whether its steps into the zone come early enough before the end to be seen."""
    return all(entry.time < seconds - 3.0 for entry in entries([walker], seconds))


def _compose(still: "square.Square", walkers: list[Walker], light: "_Light", time: float) -> Image:
    picture = still.picture.copy()
    square.sway(picture, still, time)
    here = [(spot, walker) for walker in walkers if (spot := walker.at(time, HEIGHT))]
    here.sort(key=lambda pair: pair[0][1])
    for (x, y, _, _), walker in here:
        draw_shadow(picture, x, y, walker.tall(y, HEIGHT), 0.38)
    for (x, y, walked, facing), walker in here:
        draw(picture, walker, x, y, walked, facing)
    if light.lamp_on(time):
        cv2.circle(picture, (LAMP[0], LAMP[1] - 38), 7, (215, 245, 255), -1, cv2.LINE_AA)
    return picture


def _planes(picture: Image) -> Image:
    return cv2.cvtColor(picture, cv2.COLOR_BGR2YUV_I420).astype(np.uint8, copy=False)


class _Light:
    """The light of the scene: a slow drift, one sudden step, and the lamp."""

    def __init__(self, dice: np.random.Generator, seconds: float) -> None:
        self.step_s = float(dice.uniform(0.45, 0.7)) * seconds
        self._step = float(dice.choice([0.78, 0.84, 1.16, 1.22]))
        self._phase = float(dice.uniform(0, math.tau))
        self._flicker = np.repeat(dice.random(round(seconds * FPS) // 2 + 2) < 0.5, 2)
        spells = dice.uniform(0.1, 0.8, 3) * seconds
        self._spells = [(float(begin), float(begin) + 5.0) for begin in spells]
        rows, columns = np.mgrid[-60:61, -80:81].astype(np.float32)
        glow = 34 * np.exp(-((columns / 34) ** 2 + (rows / 24) ** 2))
        self._glow = glow.astype(np.uint8)

    def lamp_on(self, time: float) -> bool:
        """It burns, and flickers in three spells."""
        flickers = any(begin <= time < end for begin, end in self._spells)
        return not flickers or bool(self._flicker[int(time * FPS)])

    def shine(self, luma: Image, time: float) -> None:
        """Put the light of this moment on the picture."""
        x, y = LAMP
        if self.lamp_on(time):
            area = luma[y - 60 : y + 61, x - 80 : x + 81]
            area[:] = cv2.add(area, self._glow)
        gain = 1 + 0.05 * math.sin(math.tau * time / 37 + self._phase)
        if time >= self.step_s:
            gain *= 1 + (self._step - 1) * min(1.0, (time - self.step_s) / 0.12)
        cv2.convertScaleAbs(luma, luma, gain, 0)


class _Noise:
    """Sensor noise: pieces of one noisy plate, another piece for each picture."""

    def __init__(self, dice: np.random.Generator) -> None:
        plate = dice.normal(0, 2.6, (HEIGHT + 64, WIDTH + 64))
        self._plus = np.clip(plate, 0, 20).astype(np.uint8)
        self._minus = np.clip(-plate, 0, 20).astype(np.uint8)
        self._offsets = dice.integers(0, 64, (997, 2))

    def add(self, luma: Image, index: int) -> None:
        """Add noise in place."""
        down, right = (int(part) for part in self._offsets[index % len(self._offsets)])
        area = np.s_[down : down + HEIGHT, right : right + WIDTH]
        cv2.add(luma, self._plus[area], luma)
        cv2.subtract(luma, self._minus[area], luma)
