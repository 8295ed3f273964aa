"""Which engine runs a model: measured once, kept beside the model, the same for everybody on the machine."""

import json
import threading
from pathlib import Path

import pytest

from vedette.algorithms.inference.choices import AGAIN_S, Choices
from vedette.algorithms.inference.face import CPU, Arithmetic, EngineName, Wish
from vedette.algorithms.inference.proof import Proof
from vedette.algorithms.inference.records import Records
from vedette.algorithms.manifests import ModelManifest, Precision, parse
from vedette.model.errors import ModelError

ORT, VINO = EngineName.ONNXRUNTIME, EngineName.OPENVINO
AUTO = Wish(engine=None)


def manifest(**changed: object) -> ModelManifest:
    text = (
        f'name = "x"\nsha256 = "{"0" * 64}"\nsize = 1\nlicence = "MIT"\nroles = ["objects"]\n[input]\nwidth = 64\n'
        'height = 64\n[output]\nlayout = "yolox"\nthreshold = 0.4\nlabels = ["person"]\n'
    )
    return parse(text, "x").model_copy(update=changed)


class Trials:
    """Says how long a model takes in each engine, and counts how often it was asked."""

    def __init__(self, **ms: float | str) -> None:
        self.ms: dict[str, float | str] = dict(ms)
        self.asked: list[tuple[EngineName, Arithmetic]] = []

    def __call__(self, path: Path, manifest: ModelManifest, engine: EngineName, wish: Wish) -> Proof:
        self.asked.append((engine, wish.arithmetic))
        told = self.ms[engine]
        if isinstance(told, str):
            raise ModelError(told)
        return Proof(engine, wish.arithmetic, told, 0, [])


def choices(folder: Path, trials: Trials, wish: Wish = AUTO) -> Choices:
    return Choices(folder, wish, (ORT, VINO), trials)


@pytest.mark.parametrize(
    ("ort", "vino", "chosen"),
    [(10.0, 8.0, VINO), (10.0, 9.5, ORT), (10.0, 20.0, ORT), (10.0, "no", ORT), ("no", 20.0, VINO)],
)
def test_the_clearly_faster_one_that_works_is_chosen(
    tmp_path: Path, ort: float | str, vino: float | str, chosen: EngineName
) -> None:
    """Between equals it is always the same one."""
    trials = Trials(onnxruntime=ort, openvino=vino)
    assert choices(tmp_path, trials).choose(tmp_path, manifest()).engine is chosen


def test_a_choice_is_made_once_and_holds_for_every_worker(tmp_path: Path) -> None:
    """Or the events of a replay would hang on how busy the machine was."""
    trials = Trials(onnxruntime=10.0, openvino=5.0)
    assert choices(tmp_path, trials).choose(tmp_path, manifest()).engine is VINO
    later = Trials(onnxruntime=1.0, openvino=50.0)
    another = choices(tmp_path, later)
    assert another.choose(tmp_path, manifest()).engine is VINO
    known = another.known(manifest())
    assert known is not None
    assert (known.engine, known.ms) == (VINO, 5.0)
    assert later.asked == []


def test_workers_that_ask_at_the_same_time_measure_once(tmp_path: Path) -> None:
    trials = Trials(onnxruntime=10.0, openvino=5.0)
    made: list[EngineName] = []
    threads = [
        threading.Thread(target=lambda: made.append(choices(tmp_path, trials).choose(tmp_path, manifest()).engine))
        for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert made == [VINO] * 6
    assert len(trials.asked) == 2


def test_another_file_or_another_description_is_measured_anew(tmp_path: Path) -> None:
    trials = Trials(onnxruntime=10.0, openvino=5.0)
    under_test = choices(tmp_path, trials)
    under_test.choose(tmp_path, manifest())
    assert under_test.known(manifest(sha256="1" * 64)) is None
    assert under_test.known(manifest(size=2)) is None
    assert under_test.known(manifest(rank=70, roles=("faces",))) is not None, "that has nothing to do with speed"


def test_what_the_operator_says_holds(tmp_path: Path) -> None:
    trials = Trials(onnxruntime=10.0, openvino=50.0)
    assert choices(tmp_path, trials, Wish(engine=VINO)).choose(tmp_path, manifest()).engine is VINO
    assert trials.asked == [(VINO, Arithmetic.FP32)]
    own = Wish(engine=None, providers=("CUDAExecutionProvider", *CPU))
    assert choices(tmp_path / "b", trials, own).choose(tmp_path, manifest()).engine is ORT


def test_short_numbers_are_measured_apart_and_never_asked_of_an_int8_model(tmp_path: Path) -> None:
    trials = Trials(onnxruntime=10.0, openvino=5.0)
    short = Wish(engine=None, arithmetic=Arithmetic.BF16)
    assert choices(tmp_path, trials).choose(tmp_path, manifest()).arithmetic is Arithmetic.FP32
    assert choices(tmp_path, trials, short).choose(tmp_path, manifest()).arithmetic is Arithmetic.BF16
    assert trials.asked == [(ORT, Arithmetic.FP32), (VINO, Arithmetic.FP32), (VINO, Arithmetic.BF16)]
    int8 = manifest(name="y", precision=Precision.INT8)
    assert choices(tmp_path, trials, short).choose(tmp_path, int8).arithmetic is Arithmetic.FP32


def test_a_model_that_works_nowhere_says_why_and_is_tried_again_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may have been the machine that had no memory left."""
    trials, now = Trials(onnxruntime="out of luck", openvino="too"), [1000.0]
    monkeypatch.setattr("vedette.algorithms.inference.choices.time.monotonic", lambda: now[0])
    under_test = choices(tmp_path, trials)
    for _ in range(3):
        with pytest.raises(ModelError, match="out of luck"):
            under_test.choose(tmp_path, manifest())
    assert len(trials.asked) == 2
    now[0] += AGAIN_S + 1
    trials.ms = {"onnxruntime": 10.0, "openvino": 20.0}
    assert under_test.choose(tmp_path, manifest()).engine is ORT


def test_a_folder_that_cannot_be_written_makes_no_choice_of_its_own(tmp_path: Path) -> None:
    """What cannot be kept might be another one next time."""
    trials = Trials(onnxruntime=10.0, openvino=1.0)
    missing = tmp_path / "not there"
    assert choices(missing, trials).choose(tmp_path, manifest()).engine is ORT
    assert [engine for engine, _ in trials.asked] == [ORT]


@pytest.mark.parametrize("text", ["", "[]", '{"what": 1}', '{"machines": {}}', '{"what": "x", "machines": []}'])
def test_a_record_that_was_damaged_is_measured_anew(tmp_path: Path, text: str) -> None:
    trials = Trials(onnxruntime=10.0, openvino=5.0)
    (tmp_path / "x.measured.json").write_text(text)
    assert choices(tmp_path, trials).choose(tmp_path, manifest()).engine is VINO
    assert len(Records(tmp_path, manifest()).read()) == 2


def test_measurements_of_another_machine_stand_beside_ours(tmp_path: Path) -> None:
    """The folder may be shared."""
    trials = Trials(onnxruntime=10.0, openvino=5.0)
    choices(tmp_path, trials).choose(tmp_path, manifest())
    file = tmp_path / "x.measured.json"
    document = json.loads(file.read_text())
    (ours,) = document["machines"]
    document["machines"]["another"] = document["machines"].pop(ours)
    file.write_text(json.dumps(document))
    assert choices(tmp_path, trials).known(manifest()) is None
    choices(tmp_path, trials).choose(tmp_path, manifest())
    assert set(json.loads(file.read_text())["machines"]) == {"another", ours}
