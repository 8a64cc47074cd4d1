"""The folder of pictures: what goes in comes out, what is deleted is gone, and damage costs one picture."""

from __future__ import annotations

import errno
import json
import logging
from dataclasses import replace

import numpy as np
import pytest
from nlfgs_studio.core.capture import picture_folder
from nlfgs_studio.core.capture.picture_folder import PictureFolder
from nlfgs_studio.core.capture.said import read_said, write_said
from nlfgs_studio.core.capture.shot import FaceView, Shot
from nlfgs_studio.core.errors import StudioError

FACE = FaceView(
    box=(10.0, 4.0, 30.0, 28.0),
    yaw=-21.5,
    pitch=3.25,
    roll=0.1,
    smile=0.7,
    mouth_open=0.0,
    blink=0.1,
    sharpness=0.8,
    brightness=0.45,
    clipped=0.0,
    share=0.6,
    is_cut=False,
    has_covered_eyes=False,
    fingerprint=2**63 + 5,
)
SHOT = Shot(mode="face", width=48, height=40, seconds=1.5, brightness=0.4, num_faces=1, face=FACE)


@pytest.fixture
def image():
    ramp = np.linspace(0, 255, 48).astype(np.uint8)
    return np.stack([np.tile(ramp, (40, 1)), np.full((40, 48), 90, np.uint8), np.tile(ramp[::-1], (40, 1))], axis=2)


@pytest.fixture
def folder(tmp_path):
    return PictureFolder(tmp_path / "me.pictures")


def test_what_goes_in_comes_out_in_order(folder, image):
    shots = [replace(SHOT, seconds=float(number)) for number in range(5)]
    added = [folder.add(image, shot, f"camera {number}") for number, shot in enumerate(shots)]
    kept = PictureFolder(folder.path).pictures()
    assert [each.shot for each in kept] == shots
    assert [each.source for each in kept] == [f"camera {number}" for number in range(5)]
    assert [each.path for each in kept] == [each.path for each in added]
    stored = np.asarray(picture_folder.to_uint8(picture_folder.read_image(kept[0].path)))
    assert np.abs(stored.astype(int) - image).mean() < 2.0
    assert folder.path.stat().st_mode & 0o077 == 0, "nobody else may look"


def test_known_pictures_are_not_read_again(folder, image):
    first = folder.pictures((folder.add(image, SHOT, "camera"),))
    folder.add(image, SHOT, "camera")
    again = folder.pictures(first)
    assert len(again) == 2
    assert again[0] is first[0]


def test_what_is_deleted_is_gone_and_the_others_stay(folder, image):
    names = [folder.add(image, SHOT, "camera").name for _ in range(3)]
    folder.delete(names[1])
    assert [each.name for each in folder.pictures()] == [names[0], names[2]]
    folder.delete(names[1])
    folder.delete("../../elsewhere.jpg")
    assert len(list(folder.path.iterdir())) == 4
    folder.delete_all()
    assert not folder.path.exists()
    folder.delete_all()
    assert folder.pictures() == ()


def test_deleting_all_takes_what_is_damaged_and_unfinished_too_but_nothing_of_others(folder, image):
    name = folder.add(image, SHOT, "camera").name
    (folder.path / name).with_suffix(".json").unlink()
    (folder.path / ".nlfgs-studio.picture-1.jpg").write_bytes(b"half")
    (folder.path / "notes.txt").write_text("mine")
    folder.delete_all()
    assert [path.name for path in folder.path.iterdir()] == ["notes.txt"]


@pytest.mark.parametrize(
    "damage",
    ["no picture", "cut picture", "no json", "other json", "no shot", "bad number", "long note"],
)
def test_a_damaged_picture_is_passed_over_with_a_warning(folder, image, damage, caplog):
    good, bad = folder.add(image, SHOT, "camera"), folder.add(image, SHOT, "camera")
    note = bad.path.with_suffix(".json")
    content = json.loads(note.read_text())
    if damage == "no picture":
        bad.path.unlink()
    elif damage == "cut picture":
        bad.path.write_bytes(bad.path.read_bytes()[:400])
    elif damage == "no json":
        note.write_bytes(b"\xff\xfe{")
    elif damage == "other json":
        note.write_text("[1, 2]")
    elif damage == "no shot":
        note.write_text(json.dumps({**content, "shot": None}))
    elif damage == "bad number":
        note.write_text(json.dumps({**content, "shot": {**content["shot"], "width": "wide"}}))
    else:
        note.write_text(json.dumps({**content, "more": "x" * picture_folder.MAX_NOTE_BYTES}))
    with caplog.at_level(logging.WARNING):
        assert [each.name for each in folder.pictures()] == [good.name]
    assert bad.name in caplog.text


def test_a_full_disk_leaves_no_half_of_a_picture(folder, image, monkeypatch):
    folder.add(image, SHOT, "camera")
    before = sorted(folder.path.iterdir())

    def full(*_: object) -> str:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(picture_folder.json, "dumps", full)
    with pytest.raises(StudioError, match="the disk is full"):
        folder.add(image, SHOT, "camera")
    assert sorted(folder.path.iterdir()) == before


def test_a_folder_that_cannot_be_made_is_said(tmp_path, image):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StudioError, match="cannot make the folder"):
        PictureFolder(tmp_path / "file" / "me.pictures").add(image, SHOT, "camera")


def test_a_copy_is_whole_and_leaves_the_first_as_it_is(folder, image, tmp_path):
    for number in range(3):
        folder.add(image, replace(SHOT, seconds=float(number)), f"camera {number}")
    other = PictureFolder(tmp_path / "you.pictures")
    folder.copy_to(other)
    first, second = folder.pictures(), other.pictures()
    assert [(each.shot, each.source) for each in first] == [(each.shot, each.source) for each in second]
    assert [(each.name, each.path.read_bytes()) for each in first] == [
        (each.name, each.path.read_bytes()) for each in second
    ]
    folder.copy_to(other)
    assert len(other.pictures()) == 6, "none takes the place of another"


def test_what_is_painted_goes_with_its_picture_and_is_deleted_with_it(folder, image, tmp_path):
    labels = np.zeros((40, 48), np.uint8)
    labels[3:9, 5:20] = 2
    first, second = (folder.add(image, SHOT, "camera") for _ in range(2))
    known = folder.pictures()
    folder.correct(second.name, labels)
    again = folder.pictures(known)
    assert again[0] is known[0], "nothing of it changed"
    assert [each.is_corrected for each in again] == [False, True]
    assert again[1].thumbnail is known[1].thumbnail, "the picture is not read again"
    other = PictureFolder(tmp_path / "you.pictures")
    folder.copy_to(other)
    assert [each.is_corrected for each in other.pictures()] == [False, True]
    assert np.array_equal(read_said(other.path / second.name, 40, 48), labels)
    folder.delete(second.name)
    assert [each.name for each in folder.pictures()] == [first.name]
    assert len(list(folder.path.iterdir())) == 2, "a picture and its note"
    folder.correct(second.name, labels)
    assert len(list(folder.path.iterdir())) == 2, "what is deleted stays so"
    other.delete_all()
    assert not other.path.exists()


def test_a_picture_does_not_take_over_what_was_painted_on_one_that_is_gone(folder, image, tmp_path):
    kept, other = folder.add(image, SHOT, "camera"), PictureFolder(tmp_path / "you.pictures")
    other.path.mkdir()
    write_said(other.path / kept.name, np.ones((40, 48), np.uint8))
    folder.copy_to(other)
    assert [(each.name, each.is_corrected) for each in other.pictures()] == [(kept.name, False)]
