"""Correcting an outline by hand: it follows strokes, and they are taken back one by one."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest
from captors import looking, shot, ticked, with_pictures
from nlfgs_studio.app.commands import attempt, run
from nlfgs_studio.core.capture import segmentation
from nlfgs_studio.core.capture.picture_folder import PictureFolder
from nlfgs_studio.core.capture.said import NOT_PERSON, PERSON
from nlfgs_studio.core.errors import StudioError
from outlines import FLAG, HEIGHT, STROKE, WIDTH, followed, is_bright, opened, settled


def test_the_outline_follows_a_stroke(services, segmenter):
    assert is_bright(opened(services))[FLAG].mean() > 0.9
    run(services, "paint_outline", **STROKE)
    followed(services)
    assert is_bright(services.store.state)[FLAG].mean() < 0.2, "the line around the person is bright"
    assert is_bright(services.store.state)[60:100, 75:110].all()
    assert segmenter.num_open == 0


def test_what_is_painted_on_after_a_step_back_is_a_step(services, segmenter):
    opened(services)
    run(services, "paint_outline", points=((0.1, 0.1),), says="me")
    first = services.store.state.correcting.labels
    run(services, "paint_outline", points=((0.5, 0.5),), says="me")
    run(services, "step_outline_back")
    run(services, "paint_outline", points=((0.5, 0.5), (0.6, 0.6)), says="me", goes_on=True)
    run(services, "step_outline_back")
    assert services.store.state.correcting.labels is first


def test_the_camera_puts_the_picture_away_and_a_name_that_is_gone_leaves_it_on(services, segmenter, equipment):
    opened(services)
    run(services, "paint_outline", **STROKE)
    assert looking(services).correcting is None
    assert not attempt(services, "correct_outline", name="gone.jpg")
    assert services.store.state.capturing.is_on
    opened(services)
    assert not services.store.state.capturing.is_on


def test_steps_are_taken_back_one_by_one(services, segmenter):
    empty = opened(services).correcting.labels
    with pytest.raises(StudioError, match="no stroke"):
        run(services, "step_outline_back")
    run(services, "paint_outline", points=((0.1, 0.1),), says="me")
    first = services.store.state.correcting.labels
    run(services, "paint_outline", points=((0.5, 0.5),), says="not me")
    run(services, "paint_outline", points=((0.5, 0.5), (0.6, 0.9)), says="not me", goes_on=True)
    run(services, "paint_outline", points=((0.6, 0.9),), says="nothing")
    last = services.store.state.correcting.labels
    assert set(np.unique(last)) == {0, PERSON, NOT_PERSON}
    assert last[round(0.9 * HEIGHT), round(0.6 * WIDTH)] == 0
    run(services, "forget_outline")
    assert not services.store.state.correcting.labels.any()
    run(services, "step_outline_back")
    assert services.store.state.correcting.labels is last
    run(services, "step_outline_back")
    run(services, "step_outline_back")
    assert services.store.state.correcting.labels is first, "a drag is one step"
    run(services, "step_outline_back")
    assert services.store.state.correcting.labels is empty


def test_the_brush_is_as_it_was_chosen(services, segmenter):
    opened(services)
    run(services, "set_outline_brush", says="me", radius=0.06)
    run(services, "paint_outline", points=((0.5, 0.5),))
    labels = services.store.state.correcting.labels
    assert (labels == PERSON).sum() == pytest.approx(np.pi * (0.06 * WIDTH) ** 2, rel=0.05)
    run(services, "resize_outline_brush", notches=1.0)
    larger = services.store.state.correcting.radius
    assert larger > 0.06
    run(services, "resize_outline_brush", notches=-1.0)
    assert services.store.state.correcting.radius == pytest.approx(0.06)
    run(services, "set_outline_brush", radius=9.0)
    assert services.store.state.correcting.radius < 0.2
    for wrong in ({"says": "perhaps"}, {"radius": 0.0}, {"radius": float("nan")}):
        with pytest.raises(StudioError):
            run(services, "set_outline_brush", **wrong)


def test_while_it_is_looked_for_nothing_is_painted_and_it_can_be_cancelled(services, segmenter):
    segmenter.goes_on.clear()
    (picture,) = services.store.state.capturing.pictures
    run(services, "correct_outline", name=picture.name)
    ticked(services, lambda state: [job.name for job in state.jobs] == ["outline"])
    assert not attempt(services, "paint_outline", **STROKE)
    run(services, "cancel", job="outline")
    assert services.store.state.correcting is None
    run(services, "correct_outline", name=picture.name)
    segmenter.goes_on.set()
    assert ticked(services, lambda state: state.correcting and state.correcting.outline).correcting.path == picture.path
    assert segmenter.num_open == 0


def test_a_picture_that_is_deleted_is_put_away(services, segmenter):
    opened(services)
    (picture,) = services.store.state.capturing.pictures
    run(services, "paint_outline", **STROKE)
    run(services, "delete_picture", name=picture.name)
    state = ticked(services, lambda state: state.correcting is None)
    assert not state.capturing.outlines_changed
    settled(services)
    assert not picture.path.parent.exists()
    with pytest.raises(StudioError, match="no picture"):
        run(services, "correct_outline", name=picture.name)
    with pytest.raises(StudioError, match="no picture is open"):
        run(services, "paint_outline", **STROKE)


def test_what_keeps_the_outline_from_being_found_is_said(services, segmenter):
    (picture,) = services.store.state.capturing.pictures
    segmenter.error = StudioError("MediaPipe is not installed", hint="install it")
    run(services, "correct_outline", name=picture.name)
    state = ticked(services, lambda state: state.correcting is None)
    assert (state.status.message, state.status.hint) == ("MediaPipe is not installed", "install it")


def test_what_fails_for_a_picture_that_was_put_away_leaves_the_next_one_open(services, segmenter, own_folder):
    PictureFolder(own_folder).add(np.full((HEIGHT, WIDTH, 3), 90, np.uint8), shot(), "a camera")
    services.capturer.keeper.delete("nothing")
    first, second = with_pictures(services, 2).capturing.pictures
    segmenter.goes_on.clear()
    run(services, "correct_outline", name=first.name)
    ticked(services, lambda _: segmenter.num_open == 1)
    segmenter.breaks = RuntimeError("of the first")
    run(services, "correct_outline", name=second.name)
    segmenter.goes_on.set()
    state = ticked(services, lambda state: state.correcting is None or state.correcting.outline)
    assert state.correcting.path == second.path


def test_the_window_goes_on_while_strokes_are_followed(services, segmenter, monkeypatch):
    opened(services)
    goes_on, refined = threading.Event(), segmentation.refined_mask

    def waits(*arguments, **rest):
        assert goes_on.wait(10.0)
        return refined(*arguments, **rest)

    monkeypatch.setattr(segmentation, "refined_mask", waits)
    before = services.store.state.correcting.labels
    for step in range(50):
        run(services, "paint_outline", points=((0.1 + 0.01 * step, 0.2),), says="me", goes_on=step > 0)
        assert services.tick(time.monotonic()).correcting.labels is not before
        before = services.store.state.correcting.labels
    assert len(services.store.state.correcting.past) == 1
    assert not services.store.state.correcting.is_up_to_date
    goes_on.set()
    followed(services)
    assert is_bright(services.store.state)[before == PERSON].all()
