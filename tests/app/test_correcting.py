"""Correcting an outline by hand: it follows strokes, is kept, taken back, and obeyed by whatever is made afterwards."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import numpy as np
import pytest
from captors import FakeSegmenter, looking, shot, ticked, with_pictures
from creators import FakeCreator
from nlfgs_studio.app import correcting, picture_keeper
from nlfgs_studio.app.actions import SetSettings
from nlfgs_studio.app.commands import attempt, run
from nlfgs_studio.app.settings import RefineChoices, Settings
from nlfgs_studio.core.capture import picture_folder, segmentation
from nlfgs_studio.core.capture.picture_folder import PictureFolder
from nlfgs_studio.core.capture.said import LONGEST_SIDE, NOT_PERSON, PERSON, read_said, write_said
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


def is_bright(state):
    """Where the picture is not in the shade, pixel by pixel; all of its colours are bright in red or green."""
    step = LONGEST_SIDE / WIDTH
    rows, columns = ((step * (np.arange(count) + 0.5)).astype(int) for count in (HEIGHT, WIDTH))
    return state.correcting.outline.shown[np.ix_(rows, columns)][..., :2].max(axis=2) > 155


def said_beside(picture):
    return read_said(picture.path, HEIGHT, WIDTH)


def fail_to_write(monkeypatch, times):
    """As many writes of what was painted as that meet a full disk."""
    left = [None] * times

    def write(picture, labels):
        if left:
            left.pop()
            raise StudioError("cannot write: the disk is full", hint="free some space")
        write_said(picture, labels)

    monkeypatch.setattr(picture_folder, "write_said", write)


STROKE = {"points": ((0.28, 0.5), (0.32, 0.9)), "says": "not me"}
FLAG = (slice(40, 115), slice(43, 61))


def test_the_outline_follows_a_stroke(services, segmenter):
    assert is_bright(opened(services))[FLAG].mean() > 0.9
    run(services, "paint_outline", **STROKE)
    followed(services)
    assert is_bright(services.store.state)[FLAG].mean() < 0.2, "the line around the person is bright"
    assert is_bright(services.store.state)[60:100, 75:110].all()
    assert segmenter.num_open == 0


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
    said.clear()
    run(services, "start_refining", seconds=1e-3)  # waits until what was painted a moment ago is kept
    services.wait()
    assert [each.said for each in said] == [None]
    assert services.store.state.correcting is None
    run(services, "make_avatar")
    services.wait()
    assert not services.store.state.capturing.outlines_changed, "it was made anew"


def test_what_is_painted_while_the_avatar_is_made_is_learned_from_when_it_gets_better(services, creator, monkeypatch):
    settings = Settings(refine=RefineChoices(starts_by_itself=True, minutes=1e-4))
    services.store.dispatch(SetSettings(settings=settings))
    begun, goes_on, said = threading.Event(), threading.Event(), []

    def waits() -> None:
        begun.set()
        assert goes_on.wait(10.0)

    fit_more = creator.fit_more
    monkeypatch.setattr(
        creator, "fit_more", lambda made, more, **rest: said.extend(more) or fit_more(made, more, **rest)
    )
    monkeypatch.setattr(creator, "fit", lambda avatar, more, **rest: said.extend(more) or fit(avatar, more, **rest))
    fit, creator.waits = type(creator).fit.__get__(creator), waits
    settled(services)
    run(services, "make_avatar")
    assert begun.wait(10.0)
    creator.waits = lambda: None
    opened(services)
    run(services, "paint_outline", **STROKE)
    ticked(services, lambda state: state.capturing.pictures[0].is_corrected)
    said.clear()
    goes_on.set()
    state = ticked(services, lambda state: "made an avatar" in state.status.message)
    assert state.correcting is not None, "nobody is interrupted who paints"
    assert state.capturing.outlines_changed
    run(services, "finish_outline")
    ticked(services, lambda state: state.refining.is_on)
    services.wait()
    (taken,) = (each for each in said if each.said is not None)
    assert (taken.said == NOT_PERSON).any()
    assert not services.store.state.capturing.outlines_changed


def test_outlines_stay_changed_where_refining_is_stopped_before_it_took_them(services, creator, monkeypatch):
    make(services)
    opened(services)
    run(services, "paint_outline", **STROKE)
    run(services, "finish_outline")
    settled(services)
    goes_on = threading.Event()

    def waits(*_: object, **__: object) -> None:
        assert goes_on.wait(10.0)
        raise StudioError("stopped by the test", hint="no")

    monkeypatch.setattr(creator, "fit_more", waits)
    monkeypatch.setattr(creator, "fit", waits)
    run(services, "start_refining")
    ticked(services, lambda state: state.refining.phase == "fitting")
    run(services, "stop_refining")
    goes_on.set()
    assert ticked(services, lambda state: not state.jobs).capturing.outlines_changed


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
