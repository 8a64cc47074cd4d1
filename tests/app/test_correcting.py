"""Correcting an outline by hand: it follows strokes, is kept, taken back, and obeyed by whatever is made afterwards."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest
from captors import FakeSegmenter, shot, ticked, with_pictures
from creators import FakeCreator
from nlfgs_studio.app.commands import attempt, run
from nlfgs_studio.core.capture.picture_folder import PictureFolder
from nlfgs_studio.core.capture.said import NOT_PERSON, PERSON, read_said
from nlfgs_studio.core.errors import StudioError
from refiners import FakeRefining

HEIGHT, WIDTH = 120, 160


@pytest.fixture
def segmenter(services, equipment, own_folder) -> FakeSegmenter:
    """With one picture in the folder: somebody, and at their left something of another colour."""
    image = np.full((HEIGHT, WIDTH, 3), (150, 160, 150), np.uint8)
    image[HEIGHT // 4 :, WIDTH // 4 : 3 * WIDTH // 4] = (200, 150, 120)
    image[HEIGHT // 4 :, WIDTH // 4 : WIDTH // 4 + 24] = (190, 30, 40)
    noise = np.random.default_rng(0).integers(-3, 4, image.shape)
    PictureFolder(own_folder).add((image + noise).astype(np.uint8), shot(), "a camera")
    services.capturer.keeper.delete("nothing")  # looks into the folder again
    with_pictures(services, 1)
    services.corrector.make_segmenter = FakeSegmenter()
    return services.corrector.make_segmenter


def opened(services):
    (picture,) = services.store.state.capturing.pictures
    run(services, "correct_outline", name=picture.name)
    return ticked(services, lambda state: state.correcting and state.correcting.outline)


def followed(services):
    return ticked(services, lambda state: state.correcting.is_up_to_date).correcting


def settled(services):
    """With everything kept."""
    return ticked(services, lambda _: not services.capturer.keeper.is_busy)


STROKE = {"points": ((0.28, 0.5), (0.32, 0.9)), "says": "not me"}
FLAG = (slice(40, 115), slice(43, 61))


def test_the_outline_follows_a_stroke(services, segmenter):
    before = opened(services).correcting
    assert (before.outline.mask[FLAG] > 0.5).mean() > 0.9
    run(services, "paint_outline", **STROKE)
    after = followed(services)
    assert (after.outline.mask[FLAG] > 0.5).mean() < 0.1
    assert (after.outline.mask[60:100, 75:110] > 0.5).all()
    assert not np.array_equal(after.outline.shown, before.outline.shown)
    assert segmenter.num_open == 0


def test_what_is_painted_is_kept_beside_the_picture_and_there_again(services, segmenter):
    opened(services)
    (picture,) = services.store.state.capturing.pictures
    run(services, "paint_outline", **STROKE)
    labels = services.store.state.correcting.labels
    run(services, "finish_outline")
    assert settled(services).capturing.pictures[0].is_corrected
    assert services.store.state.correcting is None
    assert np.array_equal(read_said(picture.path, HEIGHT, WIDTH), labels)
    assert np.array_equal(opened(services).correcting.labels, labels)
    run(services, "forget_outline")
    run(services, "finish_outline")
    assert not settled(services).capturing.pictures[0].is_corrected


def test_strokes_are_kept_a_moment_later_by_themselves(services, segmenter):
    opened(services)
    run(services, "paint_outline", **STROKE)
    state = ticked(services, lambda state: state.capturing.pictures[0].is_corrected)
    assert state.correcting is not None


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
    assert ticked(services, lambda state: state.correcting and state.correcting.outline).correcting.name == picture.name
    assert segmenter.num_open == 0


def test_a_picture_that_is_deleted_is_put_away(services, segmenter):
    opened(services)
    (picture,) = services.store.state.capturing.pictures
    run(services, "paint_outline", **STROKE)
    run(services, "delete_picture", name=picture.name)
    ticked(services, lambda state: state.correcting is None)
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


@pytest.fixture
def creator(avatar, plain_body, monkeypatch, segmenter) -> FakeCreator:
    FakeRefining().stand_in(monkeypatch)
    provenance = replace(avatar.provenance, details=(("photos", "1"),))
    return FakeCreator(replace(avatar, provenance=provenance), plain_body).stand_in(monkeypatch)


def make(services) -> None:
    settled(services)
    run(services, "make_avatar")
    services.wait()


def test_avatars_are_made_by_what_was_painted(services, creator, monkeypatch):
    given = []
    fit = creator.fit

    def remembering(avatar, pictures, **choices):
        given.extend(pictures)
        return fit(avatar, pictures, **choices)

    monkeypatch.setattr(creator, "fit", remembering)
    opened(services)
    run(services, "paint_outline", **STROKE)
    labels = services.store.state.correcting.labels
    run(services, "finish_outline")
    make(services)
    (taken,) = given
    assert np.array_equal(taken.said, labels)


def test_after_a_correction_the_avatar_is_old_and_refining_takes_the_new_outline(services, creator, monkeypatch):
    make(services)
    assert not services.store.state.capturing.outlines_changed
    opened(services)
    run(services, "paint_outline", **STROKE)
    run(services, "step_outline_back")
    run(services, "finish_outline")
    assert not services.store.state.capturing.outlines_changed, "nothing is said that was not said before"
    opened(services)
    run(services, "paint_outline", **STROKE)
    run(services, "finish_outline")
    assert settled(services).capturing.outlines_changed
    said = []
    fit_more, fit = creator.fit_more, creator.fit
    monkeypatch.setattr(
        creator, "fit_more", lambda made, more, **rest: said.extend(more) or fit_more(made, more, **rest)
    )
    monkeypatch.setattr(creator, "fit", lambda avatar, more, **rest: said.extend(more) or fit(avatar, more, **rest))
    run(services, "start_refining", seconds=1e-3)
    services.wait()
    assert not services.store.state.capturing.outlines_changed
    assert any((each.said == NOT_PERSON).any() for each in said if each.said is not None)
    run(services, "correct_outline", name=services.store.state.capturing.pictures[0].name)
    ticked(services, lambda state: state.correcting and state.correcting.outline)
    run(services, "forget_outline")
    for deed in ("make_avatar", "start_refining"):
        with pytest.raises(StudioError, match="just being kept"):
            run(services, deed)  # with what is on the disk it would be as before
    make(services)
    assert services.store.state.correcting is None
    assert not services.store.state.capturing.outlines_changed, "it was made anew"


def test_the_body_of_the_avatar_helps_where_it_is_known(services, creator, monkeypatch):
    make(services)
    bodies = []
    from nlfgs_studio.core.capture import segmentation

    found = segmentation.found_mask
    monkeypatch.setattr(
        segmentation,
        "found_mask",
        lambda segmenter, image, *, body_alpha=None: bodies.append(body_alpha) or found(segmenter, image),
    )
    opened(services)
    (body,) = bodies
    assert body is not None
    assert 0.0 < body.mean() < 1.0
    creator.num_people, creator.fit_more = 0, lambda *_, **__: ()
    run(services, "finish_outline")
    opened(services)
    assert bodies[1] is None, "who is not seen in it is looked for without"


def test_the_window_goes_on_while_strokes_are_followed(services, segmenter):
    opened(services)
    run(services, "paint_outline", points=((0.1, 0.1),), says="me")
    started = time.monotonic()
    for step in range(50):
        point = (0.1 + 0.01 * step, 0.2)
        run(services, "paint_outline", points=(point,), says="me", goes_on=True)
        services.tick(time.monotonic())
    assert time.monotonic() - started < 5.0
    assert len(services.store.state.correcting.past) == 1
    assert (followed(services).outline.mask[services.store.state.correcting.labels == PERSON] == 1.0).all()
