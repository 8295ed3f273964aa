"""A manifest that is wrong says where and why: whoever writes one has nothing else to go by."""

from typing import Any

import pytest

from vedette.algorithms.inference.fitting import Port, fit
from vedette.algorithms.manifests import ModelManifest, parse
from vedette.algorithms.outputs import Kind, Layout, OutputSpec
from vedette.model.errors import ModelError

HEAD = f'name = "x"\nsha256 = "{"0" * 64}"\nsize = 1\nlicence = "MIT"\nroles = ["objects"]\n'
INPUT = "[input]\nwidth = 64\nheight = 32\n"
OUTPUT = '[output]\nlayout = "yolox"\nthreshold = 0.4\nlabels = ["person"]\n'


def test_a_short_manifest_is_enough() -> None:
    manifest = parse(HEAD + INPUT + OUTPUT, "x.toml")
    assert (manifest.kind, manifest.output.strides, manifest.output.overlap) == (Kind.DETECTOR, (8, 16, 32), 0.45)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (HEAD + INPUT + OUTPUT + "bins = 4", "output: bins means nothing to the layout yolox"),
        (HEAD + INPUT + OUTPUT + "colour = 4", "output.colour: there is no such key"),
        (HEAD + INPUT + '[output]\nlayout = "yolox"', "output: the layout yolox must be told: labels, threshold"),
        (HEAD + INPUT + OUTPUT.replace('"person"', ""), "labels must name at least one class"),
        (HEAD + INPUT + OUTPUT.replace("yolox", "yolo99"), "output.layout: .*yolox.*detr"),
        (HEAD + INPUT, "output: it must be given"),
        (HEAD.replace("[", "#[") + INPUT + OUTPUT, "not TOML"),
        (HEAD.replace('["objects"]', "[]") + INPUT + OUTPUT, "roles"),
        (HEAD + INPUT + "mean = [1.0]\n" + OUTPUT, "mean must have 3 values"),
        (HEAD + INPUT + "deviation = [1.0, 0.0, 1.0]\n" + OUTPUT, "deviation.1: .*greater than 0"),
        (HEAD + INPUT + "multiple = 24\n" + OUTPUT, "divisible"),
        (HEAD + INPUT + 'multiple = 32\nfit = "stretch"\n' + OUTPUT, "keeps the shape"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(text: str, told: str) -> None:
    with pytest.raises(ModelError, match=told):
        parse(text, "x.toml")


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ({"layout": "end-to-end", "columns": ["left", "top", "right", "bottom", "sure", "class"]}, "no column"),
        ({"layout": "end-to-end", "columns": ["left", "top", "score", "class"]}, "the other corner"),
        ({"layout": "end-to-end", "columns": ["left", "top", "right", "bottom", "score"]}, "several labels"),
        ({"layout": "anchors", "strides": [8, 16], "anchors": [[[1, 2]]]}, "each of the strides"),
        ({"layout": "anchors", "strides": [8]}, "must be told: anchors"),
        ({"layout": "embedding"}, "threshold means nothing"),
    ],
)
def test_numbers_that_do_not_go_together_are_told(told: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        OutputSpec.model_validate({"threshold": 0.5, "labels": ("a", "b"), **told})


def test_the_layout_says_what_a_model_is_for() -> None:
    assert {layout: layout.kind for layout in (Layout.CLASSES, Layout.EMBEDDING, Layout.DETR)} == {
        Layout.CLASSES: Kind.CLASSIFIER, Layout.EMBEDDING: Kind.EMBEDDER, Layout.DETR: Kind.DETECTOR,
    }  # fmt: skip


def manifest(**given: Any) -> ModelManifest:
    described = parse(HEAD + INPUT + OUTPUT, "x.toml")
    return described.model_copy(update={"input": described.input.model_validate({"width": 64, "height": 32, **given})})


PICTURE = Port("images", (1, 3, 32, 64), "float32")


def test_a_model_that_takes_what_its_manifest_gives_fits() -> None:
    ports = fit(manifest(), [PICTURE], ["a", "b"])
    assert (ports.picture, ports.outputs, ports.many) == (PICTURE, ["a", "b"], False)
    assert fit(manifest(), [Port("images", (None, 3, None, None), "float16")], ["a"]).many
    assert fit(manifest(order="nhwc"), [Port("x", (1, 32, 64, 3), "uint8")], ["a"]).picture.element == "uint8"
    assert fit(manifest(sizes="sizes"), [PICTURE, Port("sizes", (1, 2), "int64")], ["a"]).picture is PICTURE


@pytest.mark.parametrize(
    ("given", "inputs", "told"),
    [
        ({}, [], "takes nothing"),
        ({"name": "pixels"}, [PICTURE], "no input pixels; it has: images"),
        ({}, [PICTURE, Port("sizes", (1, 2), "int64")], "wants sizes too"),
        ({"sizes": "sizes"}, [PICTURE], "no input sizes"),
        ({}, [Port("images", (1, 3, 32, 64), "int8")], "takes int8"),
        ({}, [Port("images", (1, 3, 64, 64), "float32")], "takes 1 x 3 x 64 x 64, its manifest gives 1 x 3 x 32 x 64"),
        ({}, [Port("images", (1, 3 * 32 * 64), "float32")], "takes 1 x 6144"),
        ({"multiple": 32}, [PICTURE], "takes 1 x 3 x 32 x 64, its manifest gives 1 x 3 x any x any"),
        ({}, [Port("images", (4, 3, 32, 64), "float32")], "4 pictures at once"),
    ],
)
def test_a_model_that_takes_something_else_is_refused_with_both_shapes(
    given: dict[str, Any], inputs: list[Port], told: str
) -> None:
    with pytest.raises(ModelError, match=told):
        fit(manifest(**given), inputs, ["a"])


def test_an_output_that_the_model_has_not_is_told_with_those_it_has() -> None:
    text = HEAD + INPUT + OUTPUT + 'outputs = ["scores"]'
    with pytest.raises(ModelError, match="no output scores; it has: a, b"):
        fit(parse(text, "x.toml"), [PICTURE], ["a", "b"])
