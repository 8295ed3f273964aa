"""What engines and shorter numbers cost in accuracy: the same clip, the same model, another way to run it."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from clips import frames
from scoring import average_precision, truth

from conftest import Say
from vedette.algorithms.engine import Engine
from vedette.algorithms.inference.quantising import quantise
from vedette.algorithms.models import ModelStore
from vedette.model.frame import Frame, Image

CLIP, SCALE = "vtest_480x360.mp4", 0.625
WAYS = [("yolox-nano", "onnxruntime", "fp32"), ("yolox-nano", "openvino", "fp32"), ("yolox-nano", "openvino", "bf16")]
WAYS += [("yolox-nano-int8", "onnxruntime", "fp32"), ("yolox-nano-int8", "openvino", "fp32")]


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_shorter_numbers_cost_little(data: Path, tmp_path: Path, say: Say) -> None:
    """The int8 model is made with another clip than the one it is judged on: people elsewhere, another camera."""
    store = ModelStore(tmp_path)
    store.add(data / "models" / "yolox_nano.onnx")
    told = quantise(store, store.list()[0], list(street(data)))
    say(f"int8 agrees with fp32 to {told.agreement:.3f} on {told.compared} other pictures of tud-campus")
    figures = {way: person_ap(data, store, *way) for way in WAYS}
    for (model, engine, precision), figure in figures.items():
        say(f"{model}, {engine} {precision}: AP at IoU 0.5 on {CLIP} {figure:.4f}")
    exact = figures[WAYS[0]]
    assert exact >= 0.89
    assert figures[WAYS[1]] == pytest.approx(exact, abs=0.001)
    assert min(figures.values()) >= exact - 0.02


def street(data: Path) -> Iterator[Image]:
    for frame in frames(data / "videos" / "tud-campus_640x480.mp4"):
        if frame.position.index % 3 != 2:
            yield frame.bgr()


def person_ap(data: Path, store: ModelStore, model: str, engine: str, precision: str) -> float:
    installed = {each.manifest.name: each for each in store.list()}[model]
    one = ModelStore(store.folder / f"{model}-{engine}-{precision}")
    one.add(installed.path, installed.path.with_suffix(".toml"))
    detector = Engine(one, engine=engine, precision=precision).for_stream().detector("objects")
    people = truth(data / "groundtruth" / "pets09-s2l1.gt.txt", SCALE)

    def people_on(frame: Frame) -> tuple[int, np.ndarray, np.ndarray]:
        found = detector(frame)
        chosen = found.classes == found.labels.index("person")
        return frame.position.index, found.boxes[chosen].astype(np.float64), found.scores[chosen]

    seen = [people_on(frame) for frame in frames(data / "videos" / CLIP) if frame.position.index in people]
    return average_precision(people, seen)
