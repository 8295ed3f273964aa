"""Both engines with real models and small ones: what they see is the same, whoever asks and however many at once."""

import threading
from pathlib import Path

import av
import numpy as np
import pytest

from neighbours import small_models as small
from vedette.algorithms import Frame, Position
from vedette.algorithms.engine import Engine
from vedette.algorithms.inference.sighted import frame_of, invented
from vedette.algorithms.models import ModelStore
from vedette.model.errors import ModelError

BOTH = pytest.mark.parametrize("engine", ["onnxruntime", "openvino"])
PRECISE = {"onnxruntime": 0.0, "openvino": 0.002}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory, data: Path) -> ModelStore:
    """One folder for all: each model is tried once in each engine."""
    store = ModelStore(tmp_path_factory.mktemp("models"))
    for name in ("yolox_nano", "fastestdet", "yunet_n_dynamic", "osnet_x0_25_msmt17"):
        store.add(data / "models" / f"{name}.onnx")
    return store


@pytest.fixture(scope="module")
def street(data: Path) -> list[tuple[Frame, np.ndarray]]:
    """Every tenth picture of a street, with the people on it: number, left, top, right, bottom."""
    rows = np.loadtxt(data / "groundtruth" / "tud-campus.gt.txt", delimiter=",")
    rows[:, 4:6] += rows[:, 2:4]
    pictures = []
    with av.open(str(data / "videos" / "tud-campus_640x480.mp4")) as clip:
        for index, picture in enumerate(clip.decode(video=0)):
            if index % 10 == 0:
                image = picture.to_ndarray(format="bgr24")
                frame = Frame(Position(0, index, index * 40_000), image[:, :, 1].copy(), lambda image=image: image)
                pictures.append((frame, rows[rows[:, 0] == index + 1][:, 1:6].astype(np.float32)))
    return pictures


@BOTH
def test_both_engines_see_the_same_people(
    store: ModelStore, street: list[tuple[Frame, np.ndarray]], engine: str
) -> None:
    """Their last digits differ; what is seen does not."""
    frame = street[3][0]
    first = Engine(store).for_stream().detector("objects")(frame)
    second = Engine(store, engine=engine).for_stream().detector("objects")(frame)
    assert len(first) == len(second)
    assert len(first.where(first.scores > 0.5)) >= 4
    assert second.boxes == pytest.approx(first.boxes, abs=0.1)
    assert second.scores == pytest.approx(first.scores, abs=PRECISE[engine])
    assert second.classes.tolist() == first.classes.tolist()


def test_short_numbers_see_nearly_the_same(store: ModelStore, street: list[tuple[Frame, np.ndarray]]) -> None:
    """Where the processor has none, they are not used, and the figures are those of fp32."""
    frame = street[3][0]
    exact = Engine(store).for_stream().detector("objects")(frame)
    short = Engine(store, engine="openvino", precision="bf16").for_stream().detector("objects")(frame)
    sure = exact.where(exact.scores > 0.6)
    for box, label in zip(sure.boxes, sure.classes, strict=True):
        near = np.abs(short.boxes - box).max(axis=1) < 12
        assert (near & (short.classes == label)).any()


@BOTH
def test_threads_that_share_a_session_see_what_one_alone_sees(store: ModelStore, engine: str) -> None:
    shared = Engine(store, engine=engine)
    image = invented()
    alone = shared.for_stream().detector("objects")(frame_of(image))
    got: dict[int, list[bytes]] = {}

    def stream(number: int) -> None:
        detector = shared.for_stream().detector("objects")
        got[number] = []
        for index in range(4):
            frame = Frame(Position(0, index, index), image[:, :, 0].copy(), lambda: image)
            got[number].append(detector(frame).scores.tobytes())

    threads = [threading.Thread(target=stream, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert got == {number: [alone.scores.tobytes()] * 4 for number in range(4)}


@BOTH
def test_people_look_like_themselves(store: ModelStore, street: list[tuple[Frame, np.ndarray]], engine: str) -> None:
    """The model's maker promises it; a fault in the preparation of the cut-outs would cost most of it."""
    embedder = Engine(store, engine=engine).for_stream().embedder("persons.appearance")
    parts = [embedder(frame, rows[:, 1:5]) for frame, rows in street]
    people = np.concatenate([rows[:, 0] for _, rows in street])
    vectors = np.concatenate(parts)
    assert vectors.shape == (len(people), 512)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(len(people)), abs=1e-5)
    alike, same = vectors @ vectors.T, people[:, None] == people[None, :]
    pairs = np.triu(np.ones_like(same), 1).astype(bool)
    mine, others = alike[pairs & same], alike[pairs & ~same]
    share = (mine[:, None] > others[None, :]).mean()
    assert share > 0.85, "others measured 0.89 on all pictures of this clip"
    assert embedder(street[0][0], np.empty((0, 4), np.float32)).shape[0] == 0


@BOTH
def test_many_boxes_go_through_a_model_in_groups(tmp_path: Path, engine: str) -> None:
    """More than one group holds, and a model that takes one at a time gives the same."""
    image = np.zeros((40, 400, 3), np.uint8)
    for column in range(40):
        image[:, column * 10 : column * 10 + 10, column % 3] = 255
    boxes = np.array([[column * 10, 0, column * 10 + 10, 40] for column in range(40)], np.float32)
    for batch in ("n", 1):
        store = small.install(tmp_path / str(batch), small.colours(batch), "colours", small.COLOURS)
        classifier = Engine(store, engine=engine).for_stream().classifier("colours")
        scores = classifier(frame_of(image), boxes)
        assert classifier.labels == ("blue", "green", "red")
        assert scores == pytest.approx(np.eye(3)[np.arange(40) % 3], abs=1e-3)


def test_half_floats_are_given_to_a_model_that_takes_them(tmp_path: Path) -> None:
    content = small.colours(element=small.TensorProto.FLOAT16)
    store = small.install(tmp_path, content, "half", small.COLOURS)
    image = np.zeros((8, 8, 3), np.uint8)
    image[:] = (255, 51, 0)
    scores = Engine(store).for_stream().classifier("half")(frame_of(image), np.array([[0, 0, 8, 8]], np.float32))
    assert scores[0] == pytest.approx([1.0, 0.2, 0.0], abs=0.002)


@BOTH
def test_a_size_that_follows_the_picture_finds_the_same_faces(store: ModelStore, tmp_path: Path, engine: str) -> None:
    """One model, once with the input that its manifest fixes and once with just as much as the picture needs."""
    installed = next(model for model in store.list() if model.manifest.name == "yunet")
    text = installed.path.with_suffix(".toml").read_text().replace('"yunet"', '"grown"', 1)
    (tmp_path / "grown.toml").write_text(text.replace("[input]", "[input]\nmultiple = 32"))
    grown = ModelStore(tmp_path / "models")
    grown.add(installed.path, tmp_path / "grown.toml")
    image = invented(640, 384)
    fixed = Engine(store, engine=engine).for_stream().detector("faces")(frame_of(image))
    found = Engine(grown, engine=engine).for_stream().detector("faces")(frame_of(image))
    assert found.boxes == pytest.approx(fixed.boxes, abs=0.5)
    wide = Engine(grown, engine=engine).for_stream().detector("faces")(frame_of(invented(1280, 320)))
    assert np.isfinite(wide.boxes).all()


def test_a_model_of_another_kind_is_no_detector(tmp_path: Path) -> None:
    store = small.install(tmp_path, small.colours(), "objects", small.COLOURS)
    models = Engine(store).for_stream()
    with pytest.raises(ModelError, match="needs a detector, and the model objects is a classifier"):
        models.detector("objects")
    with pytest.raises(ModelError, match="No installed model serves the role nobody"):
        models.embedder("nobody")
