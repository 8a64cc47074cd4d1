"""Strokes are kept beside the picture that they were painted on, whatever happens."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest
from captors import ticked, with_pictures
from nlfgs_studio.app import correcting, picture_keeper
from nlfgs_studio.app.commands import run
from nlfgs_studio.core.capture import picture_folder, segmentation
from nlfgs_studio.core.capture.said import NOT_PERSON, write_said
from nlfgs_studio.core.errors import StudioError
from outlines import STROKE, followed, opened, said_beside, settled


def fail_to_write(monkeypatch, times):
    """As many writes of what was painted as that meet a full disk."""
    left = [None] * times

    def write(picture, labels):
        if left:
            left.pop()
            raise StudioError("cannot write: the disk is full", hint="free some space")
        write_said(picture, labels)

    monkeypatch.setattr(picture_folder, "write_said", write)


def test_what_is_painted_is_kept_beside_the_picture_and_there_again(services, segmenter):
    opened(services)
    (picture,) = services.store.state.capturing.pictures
    run(services, "paint_outline", **STROKE)
    labels = services.store.state.correcting.labels
    run(services, "finish_outline")
    assert settled(services).capturing.pictures[0].is_corrected
    assert services.store.state.correcting is None
    assert np.array_equal(said_beside(picture), labels)
    assert np.array_equal(opened(services).correcting.labels, labels)
    run(services, "forget_outline")
    run(services, "finish_outline")
    assert not settled(services).capturing.pictures[0].is_corrected


def test_strokes_are_kept_a_moment_later_by_themselves(services, segmenter):
    opened(services)
    run(services, "paint_outline", **STROKE)
    state = ticked(services, lambda state: state.capturing.pictures[0].is_corrected)
    assert state.correcting is not None


def test_who_paints_on_does_not_put_off_that_it_is_kept(services, segmenter, monkeypatch):
    opened(services)
    (picture,) = services.store.state.capturing.pictures
    handed_in = []
    monkeypatch.setattr(services.capturer.keeper, "correct", lambda path, _: handed_in.append(path))
    now = time.monotonic()
    for step in range(4):
        run(services, "paint_outline", points=((0.1 * step, 0.5),), says="me", goes_on=step > 0)
        services.tick(now + 0.6 * step * correcting.KEEP_SECONDS)
    assert handed_in == [picture.path]


def test_an_import_does_not_keep_strokes_from_the_disk(services, segmenter, equipment, folder):
    opened(services)
    (picture,) = services.store.state.capturing.pictures
    equipment.loading.clear()
    run(services, "import_pictures", paths=[folder / "picture.png"])
    run(services, "paint_outline", **STROKE)
    run(services, "finish_outline")
    ticked(services, lambda state: state.capturing.pictures[0].is_corrected)
    assert services.capturer.keeper.is_importing
    assert np.array_equal(opened(services).correcting.labels, said_beside(picture))
    equipment.loading.set()
    assert with_pictures(services, 2).capturing.pictures[0].is_corrected


def test_a_picture_that_is_opened_at_once_shows_what_is_still_on_its_way(services, segmenter, monkeypatch):
    opened(services)
    goes_on = threading.Event()

    def write(picture, labels):
        assert goes_on.wait(10.0)
        write_said(picture, labels)

    monkeypatch.setattr(picture_folder, "write_said", write)
    run(services, "paint_outline", **STROKE)
    first = services.store.state.correcting.labels
    run(services, "finish_outline")
    assert np.array_equal(opened(services).correcting.labels, first)
    run(services, "paint_outline", points=((0.9, 0.9),), says="me")
    both = services.store.state.correcting.labels
    run(services, "finish_outline")
    goes_on.set()
    (picture,) = settled(services).capturing.pictures
    assert np.array_equal(said_beside(picture), both)


def test_what_meets_a_full_disk_is_said_once_and_tried_again(services, segmenter, monkeypatch):
    monkeypatch.setattr(picture_keeper, "RETRY_SECONDS", 0.0)
    fail_to_write(monkeypatch, 3)
    opened(services)
    run(services, "paint_outline", **STROKE)
    labels = services.store.state.correcting.labels
    run(services, "finish_outline")
    state = ticked(services, lambda state: state.capturing.pictures[0].is_corrected)
    assert np.array_equal(said_beside(state.capturing.pictures[0]), labels)
    assert ["the disk is full" in entry.status.message for entry in state.log].count(True) == 1


def test_what_met_a_full_disk_is_tried_a_last_time_at_the_end(services, segmenter, monkeypatch):
    fail_to_write(monkeypatch, 1)
    opened(services)
    (picture,) = services.store.state.capturing.pictures
    run(services, "paint_outline", **STROKE)
    run(services, "finish_outline")
    ticked(services, lambda state: state.status.kind == "error")
    for deed in ("make_avatar", "start_refining"):
        with pytest.raises(StudioError, match="not kept yet"):
            run(services, deed)
    services.close()
    assert (said_beside(picture) == NOT_PERSON).any()


def test_the_program_can_be_closed_in_the_middle_of_a_stroke(services, segmenter):
    opened(services)
    (picture,) = services.store.state.capturing.pictures
    run(services, "paint_outline", **STROKE)
    services.close()
    assert (said_beside(picture) == NOT_PERSON).any()


def test_strokes_lie_beside_the_picture_that_they_were_painted_on(services, segmenter, own_folder, folder):
    """A copy of the project has pictures of the same names."""
    run(services, "save_as", path="copy.nlfgs")
    services.wait()
    ticked(services, lambda state: state.capturing.folder == folder / "copy.pictures")
    with_pictures(services, 1)
    run(services, "save_as", path="me.nlfgs")
    services.wait()
    ticked(services, lambda state: state.capturing.folder == folder / "me.pictures")
    mine = with_pictures(services, 1).capturing.pictures[0]
    opened(services)
    run(services, "paint_outline", **STROKE)
    run(services, "open", source="copy.nlfgs")
    services.wait()
    ticked(services, lambda state: state.capturing.folder == folder / "copy.pictures")
    (copy,) = with_pictures(services, 1).capturing.pictures
    assert copy.name == mine.name
    assert said_beside(copy) is None
    assert (said_beside(mine) == NOT_PERSON).any()
    state = services.store.state
    assert (state.correcting, state.capturing.outlines_changed) == (None, False), "another avatar is not old by that"


def test_strokes_go_along_when_the_project_is_saved(services, segmenter, folder):
    opened(services)
    run(services, "paint_outline", **STROKE)
    labels = services.store.state.correcting.labels
    run(services, "save_as", path="me.nlfgs")
    services.wait()
    ticked(services, lambda state: state.capturing.folder == folder / "me.pictures")
    (picture,) = with_pictures(services, 1).capturing.pictures
    assert picture.path.parent == folder / "me.pictures"
    assert np.array_equal(said_beside(picture), labels)


def test_an_outline_that_cannot_follow_is_said_and_the_strokes_are_kept(services, segmenter, monkeypatch):
    opened(services)
    refined = segmentation.refined_mask

    def fails(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr(segmentation, "refined_mask", fails)
    run(services, "paint_outline", **STROKE)
    ticked(services, lambda state: state.status.kind == "error")
    assert ticked(services, lambda state: state.capturing.pictures[0].is_corrected).correcting is not None
    assert len([entry for entry in services.store.state.log if entry.status.kind == "error"]) == 1
    monkeypatch.setattr(segmentation, "refined_mask", refined)
    run(services, "paint_outline", points=((0.9, 0.1),), says="not me")
    assert followed(services).outline.labels is services.store.state.correcting.labels
