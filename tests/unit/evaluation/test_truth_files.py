"""Truth from files, and what is said of files that are none."""

import json
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest

from vedette.evaluation.formats import read
from vedette.evaluation.truth import TrueEvent
from vedette.model.errors import InvalidParameter

CVAT = """<?xml version="1.0"?><annotations><meta><task><size>3</size></task></meta>
<track id="4" label="car"><box frame="0" outside="0" occluded="0" xtl="1" ytl="2" xbr="11" ybr="22"/>
<box frame="1" outside="1" occluded="0" xtl="1" ytl="2" xbr="11" ybr="22"/></track></annotations>"""
COCO = {
    "images": [{"id": 5, "file_name": "a"}, {"id": 9, "file_name": "b"}],
    "categories": [{"id": 1, "name": "person"}],
    "annotations": [{"image_id": 9, "category_id": 1, "bbox": [1, 2, 10, 20], "iscrowd": 1}],
}


def file(folder: Path, text: str) -> Path:
    path = folder / "truth"
    path.write_text(text)
    return path


def test_motchallenge_counts_pictures_from_one(tmp_path: Path) -> None:
    """And its column 7 says which boxes are not scored."""
    truth = read(file(tmp_path, "1,7,10,20,30,40,1,-1,-1,-1\n2,7,10,20,30,40,0,-1,-1,-1\n"), scale=0.5)
    assert sorted(truth.pictures) == [0, 1]
    assert truth.tracked
    assert truth.pictures[0].at.tolist() == [[5, 10, 20, 30]]
    assert [boxes.ignored.tolist() for boxes in truth.pictures.values()] == [[False], [True]]


def test_coco_has_pictures_in_order_and_names_of_classes(tmp_path: Path) -> None:
    """A picture without boxes is a picture in which nothing is."""
    truth = read(file(tmp_path, json.dumps(COCO)))
    assert [len(boxes) for boxes in truth.pictures.values()] == [0, 1]
    assert truth.pictures[1].labels == ("person",)
    assert truth.pictures[1].ignored.tolist() == [True]
    assert not truth.tracked


def test_cvat_has_tracks_and_pictures_without_any(tmp_path: Path) -> None:
    """What is outside is not there; the size of the task says how many pictures were looked at."""
    truth = read(file(tmp_path, CVAT))
    assert {frame: boxes.ids.tolist() for frame, boxes in truth.pictures.items()} == {0: [4], 1: [], 2: []}
    assert truth.pictures[0].at.tolist() == [[1, 2, 11, 22]]


@pytest.mark.parametrize(
    "text",
    [
        '[{"kind": "fall", "frame": 50, "until_frame": 100, "tolerance": 2}]',
        '{"events": [{"kind": "fall", "time": 2, "until": 4, "tolerance": 2}]}',
        "kind, time, until, tolerance\nfall, 2, 4, 2\n",
        "kind,frame,until_frame,tolerance\nfall,50,100,2\n",
    ],
)
def test_lists_of_events_name_seconds_or_pictures(tmp_path: Path, text: str) -> None:
    """As whoever wrote them counted."""
    assert read(file(tmp_path, text), fps=25).events == (TrueEvent("fall", 2.0, 4.0, 2.0),)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("hello", "is no truth of MOTChallenge"),
        ("", "is no truth of MOTChallenge"),
        ('{"annotations": [{}]}', "is not what its beginning promises"),
        ('[{"kind": "fall"}]', "neither time nor frame"),
        ('[{"frame": 3}]', "say how many there are in a second"),
        ("<annotations><track", "is not what its beginning promises"),
        ('<!DOCTYPE a [<!ENTITY x "y">]><annotations>&x;</annotations>', "is not what its beginning promises"),
        ("1,2,3,4,5,six,7\n", "is not what its beginning promises"),
    ],
)
def test_a_file_that_is_none_is_refused_by_name(tmp_path: Path, text: str, told: str) -> None:
    """Whoever gave the wrong file sees which, and why."""
    with pytest.raises(InvalidParameter, match=told) as caught:
        read(file(tmp_path, text))
    assert "truth" in str(caught.value)


@pytest.mark.parametrize("packed", [False, True])
def test_masks_give_boxes_of_what_moves(tmp_path: Path, packed: bool) -> None:
    """What nobody knows is not scored, and a speck is no thing."""
    mask = np.zeros((100, 200), np.uint8)
    mask[10:30, 20:60], mask[50:90, 150:190], mask[99, 0] = 255, 170, 255
    for name, shown in (("gt000001.png", mask), ("gt000007.png", np.zeros_like(mask))):
        (tmp_path / name).write_bytes(bytes(cv2.imencode(".png", shown)[1]))
    where = tmp_path
    if packed:
        where = tmp_path / "masks.zip"
        with zipfile.ZipFile(where, "w") as archive:
            for file in sorted(tmp_path.glob("*.png")):
                archive.write(file, f"masks/{file.name}")
    truth = read(where, scale=2)
    assert {frame: len(boxes) for frame, boxes in truth.pictures.items()} == {0: 2, 6: 0}
    assert truth.pictures[0].at.tolist() == [[40, 20, 120, 60], [300, 100, 380, 180]]
    assert truth.pictures[0].ignored.tolist() == [False, True]


def test_a_folder_without_masks_is_no_truth(tmp_path: Path) -> None:
    """It says what is looked for."""
    with pytest.raises(InvalidParameter, match="no PNG with a number"):
        read(tmp_path)


def test_boxes_and_events_of_a_clip_may_stand_in_two_files(tmp_path: Path) -> None:
    """Both are known then."""
    boxes = read(file(tmp_path, "1,7,10,20,30,40,1,-1,-1,-1\n"))
    events = read(file(tmp_path, "kind,time\nfall,2\n"))
    both = boxes.plus(events)
    assert (len(both.pictures), len(both.events or ())) == (1, 1)
    assert boxes.plus(boxes).events is None
