"""Refining: what is made is drawn over the document and becomes one step of undo, and nothing ever loses it."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable
from dataclasses import replace

import pytest
from creators import FakeCreator
from drivers import HEIGHT, WIDTH, FakeEquipment
from nlfgs_studio.app import held_creator
from nlfgs_studio.app.actions import BeginDrag, EndDrag, OpenDocument, SetAvatar, SetBeta, SetJoint
from nlfgs_studio.app.commands import run
from nlfgs_studio.app.projects import open_project
from nlfgs_studio.app.refined import MAX_FIGURES, thinned
from nlfgs_studio.app.services import Services
from nlfgs_studio.app.state import State
from nlfgs_studio.app.store import Store
from nlfgs_studio.core.errors import StudioError
from nlfgs_studio.core.training.refine import RefineFigures
from refiners import FakeRefining, is_brighter, made_of

PATIENCE = 30.0
SHORT = 0.15
ELBOW, NECK = 18, 12


@pytest.fixture
def refiner(services, plain_body, monkeypatch) -> FakeRefining:
    services.refining.offer(made_of(services.store.state.document.avatar, plain_body))
    services.tick(0.0)
    return FakeRefining().stand_in(monkeypatch)


def ticked(services: Services, until: Callable[[State], object], *, seconds: float = PATIENCE) -> State:
    """Frames of a window until something is true of the state."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        state = services.tick(time.monotonic())
        if until(state):
            return state
        time.sleep(0.002)
    raise AssertionError(f"not within {seconds} s: {services.store.state.refining}")


def is_off(state: State) -> bool:
    return state.refining.phase == "off"


def live(services: Services) -> State:
    """Refining, and something has been made."""
    run(services, "start_refining", seconds=PATIENCE)
    return ticked(services, lambda state: state.refining.avatar is not None)


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "job-refine"]


def test_what_is_made_is_one_step_of_undo(services, refiner):
    before, history = services.store.state.document, services.store._history
    run(services, "start_refining", seconds=SHORT)
    state = ticked(services, lambda state: state.refining.avatar is not None)
    assert state.document is before
    assert services.store._history is history
    assert state.unsaved
    state = ticked(services, is_off)
    assert is_brighter(state.document.avatar, before.avatar)
    assert state.document == replace(before, avatar=state.document.avatar)
    assert state.refining.figures[-1].seconds >= SHORT
    run(services, "undo")
    assert services.store.state.document is before
    run(services, "redo")
    assert services.store.state.document is state.document
    assert not threads()


def test_the_live_avatar_is_drawn_and_only_its_gaussians_are_placed_anew(services, refiner):
    services.gaussians(services.store.state)
    first = live(services)
    drawn = services.gaussians(first)
    assert services.scene.last_run == ("place", "rig")
    second = ticked(services, lambda state: state.refining.avatar is not first.refining.avatar)
    assert services.gaussians(second).sh.mean() > drawn.sh.mean()
    assert services.scene.last_run == ("place", "rig")
    run(services, "show_before", on=True)
    assert services.gaussians(services.store.state).sh.mean() < drawn.sh.mean()


def test_pose_and_shape_can_be_changed_and_undone_meanwhile(services, refiner):
    state = live(services)
    before = state.document
    services.store.dispatch(SetJoint(joint=ELBOW, rotation=(0.0, 0.4, 0.0)))
    services.store.dispatch(SetBeta(index=0, value=1.5))
    run(services, "undo")
    state = services.tick(time.monotonic())
    assert state.refining.is_on
    assert state.document.betas == before.betas
    assert state.document.rotations[ELBOW] == (0.0, 0.4, 0.0)
    run(services, "stop_refining")
    state = ticked(services, is_off)
    assert state.document.rotations[ELBOW] == (0.0, 0.4, 0.0)
    assert is_brighter(state.document.avatar, before.avatar)


def test_throwing_it_away_leaves_the_document_and_its_history_as_they_were(services, refiner):
    before, history = services.store.state.document, services.store._history
    live(services)
    run(services, "revert_refining")
    assert services.store.state.kept.document is before
    state = ticked(services, is_off)
    assert state.document is before
    assert services.store._history is history
    assert not threads()


def test_a_pause_rests_until_it_goes_on(services, refiner):
    live(services)
    run(services, "pause_refining")
    ticked(services, lambda state: state.jobs and state.jobs[0].message == "paused")
    steps = refiner.num_steps
    time.sleep(0.1)
    assert refiner.num_steps == steps
    run(services, "resume_refining")
    ticked(services, lambda _: refiner.num_steps > steps)
    run(services, "pause_refining")
    run(services, "stop_refining")
    state = ticked(services, is_off)
    assert not state.refining.is_paused


def test_another_document_ends_it_and_undo_finds_what_was_made(services, refiner, document):
    before = live(services).document
    services.store.dispatch(OpenDocument(document=document))
    state = ticked(services, is_off)
    assert state.document.origin != before.origin
    assert not threads()
    run(services, "undo")
    assert is_brighter(services.store.state.document.avatar, before.avatar)
    run(services, "undo")
    assert services.store.state.document is before


def test_undo_below_the_avatar_first_takes_back_what_was_made(services, plain_body, document, monkeypatch):
    below = services.store.state.document
    services.store.dispatch(OpenDocument(document=document))
    services.refining.offer(made_of(document.avatar, plain_body))
    FakeRefining().stand_in(monkeypatch)
    before = live(services).document
    run(services, "undo")
    state = ticked(services, is_off)
    assert state.document is before
    run(services, "redo")
    assert is_brighter(services.store.state.document.avatar, before.avatar)
    run(services, "undo")
    run(services, "undo")
    assert services.store.state.document is below


def test_an_avatar_dressed_anew_leaves_what_was_made_one_step_below(services, refiner):
    before = live(services).document
    dressed = replace(before.avatar)
    services.store.dispatch(SetAvatar(avatar=dressed))
    state = ticked(services, is_off)
    assert state.document.avatar is dressed
    run(services, "undo")
    assert is_brighter(services.store.state.document.avatar, before.avatar)


def test_what_ends_while_a_slider_is_held_is_a_step_of_its_own(services, refiner):
    before = services.store.state.document
    services.store.dispatch(BeginDrag())
    services.store.dispatch(SetJoint(joint=ELBOW, rotation=(0.0, 0.3, 0.0)))
    run(services, "start_refining", seconds=SHORT)
    ticked(services, lambda state: state.refining.phase == "stopping" and not state.jobs)
    services.store.dispatch(SetJoint(joint=ELBOW, rotation=(0.0, 0.6, 0.0)))
    services.store.dispatch(EndDrag())
    ticked(services, is_off)
    run(services, "undo")
    assert services.store.state.document.rotations[ELBOW] == (0.0, 0.6, 0.0)
    assert services.store.state.document.avatar is before.avatar
    run(services, "undo")
    assert services.store.state.document is before


def test_a_mistake_keeps_what_was_made_and_is_told(services, refiner):
    before = services.store.state.document
    refiner.broken = StudioError("the numbers went astray", hint="try again")
    run(services, "start_refining", seconds=PATIENCE)
    state = ticked(services, is_off)
    assert is_brighter(state.document.avatar, before.avatar)
    assert state.refining.trouble is refiner.broken
    assert any(entry.status.message == "the numbers went astray" for entry in state.log)


def test_what_is_saved_meanwhile_is_what_is_seen(services, refiner, folder):
    before = live(services).document
    run(services, "pause_refining")
    services.save(folder / "mine.nlfgs")
    ticked(services, lambda state: not any(job.name == "save" for job in state.jobs))
    opened = open_project(folder / "mine.nlfgs", lambda *_: None).document
    assert is_brighter(opened.avatar, before.avatar)
    run(services, "stop_refining")
    ticked(services, is_off)


def test_keeping_at_once_needs_no_further_frame(services, refiner):
    before = live(services).document
    services.refining.keep_now()
    document = services.store.state.document
    assert is_brighter(document.avatar, before.avatar)
    state = ticked(services, is_off)
    assert state.document is document


def test_it_goes_on_from_what_was_made_before(services, refiner):
    run(services, "start_refining", seconds=SHORT)
    first = ticked(services, is_off).document.avatar
    run(services, "start_refining", seconds=SHORT)
    second = ticked(services, is_off).document.avatar
    assert is_brighter(second, first)
    assert [name for name, _ in second.provenance.details].count("refined") == 2


def test_pictures_belong_to_their_document(services, refiner, document, monkeypatch):
    services.store.dispatch(OpenDocument(document=document))
    assert services.tick(time.monotonic()).refining.num_pictures == 0
    run(services, "start_refining", seconds=SHORT)
    state = ticked(services, is_off)
    assert "no pictures" in state.refining.trouble.message
    assert state.document.avatar is document.avatar
    run(services, "undo")
    assert services.tick(time.monotonic()).refining.num_pictures == 3


def test_what_cannot_be_done_says_so(services, refiner):
    for name in ("pause_refining", "resume_refining", "stop_refining", "revert_refining"):
        with pytest.raises(StudioError) as refused:
            run(services, name)
        assert refused.value.hint
    with pytest.raises(ValueError, match="seconds"):
        run(services, "start_refining", seconds=0.0)
    live(services)
    with pytest.raises(StudioError, match="busy"):
        run(services, "start_refining", seconds=SHORT)


def test_beginning_anew_while_a_slider_is_held_keeps_what_was_made(services, refiner):
    before = services.store.state.document.avatar
    services.store.dispatch(BeginDrag())
    run(services, "start_refining", seconds=SHORT)
    state = ticked(services, lambda state: state.refining.phase == "stopping" and not state.jobs)
    made = state.refining.avatar
    run(services, "start_refining", seconds=SHORT)
    assert services.store.state.document.avatar is made
    services.store.dispatch(EndDrag())
    assert is_brighter(ticked(services, is_off).document.avatar, made)
    run(services, "undo")
    run(services, "undo")
    assert services.store.state.document.avatar is before


def test_figures_and_troubles_are_those_of_the_open_document(services, refiner, document):
    refiner.broken = StudioError("the numbers went astray", hint="try again")
    run(services, "start_refining", seconds=PATIENCE)
    state = ticked(services, is_off)
    assert state.refining.trouble is refiner.broken
    services.store.dispatch(OpenDocument(document=document))
    state = services.tick(time.monotonic())
    assert state.refining.trouble is None
    assert state.refining.figures == ()


@pytest.fixture
def watched(services, refiner, plain_body, monkeypatch) -> FakeRefining:
    """A camera drives the avatar, and what it sees can be placed around it."""
    creator = FakeCreator(services.store.state.document.avatar, plain_body)
    monkeypatch.setattr(held_creator, "_loaded", lambda _: creator)
    services.driver.equipment = FakeEquipment(plain_body.num_expression)
    run(services, "start_driving", source="camera:0")
    ticked(services, lambda state: state.driving.sight is not None)
    return refiner


def test_new_views_of_a_camera_join_the_pictures(services, watched):
    live(services)
    ticked(services, lambda _: watched.arrived)
    (view,) = watched.arrived
    assert view.picture == 3
    assert view.image.shape == (HEIGHT, WIDTH, 3)
    assert services.store.state.refining.num_pictures == 4
    rotations = services.driver.equipment.pose.rotations.clone()
    rotations[NECK, 1] += 0.5
    services.driver.equipment.pose = replace(services.driver.equipment.pose, rotations=rotations)
    ticked(services, lambda _: len(watched.arrived) > 1)
    assert watched.arrived[-1].picture == 4


def test_a_camera_is_not_learned_from_unasked(services, watched):
    run(services, "set_refine", continuous=False)
    live(services)
    before = services.store.state.driving.sight
    ticked(services, lambda state: state.driving.sight.taken_at > before.taken_at + 0.3)
    assert not watched.arrived


def test_closing_stops_the_thread_soon(folder, avatar, plain_body, document, monkeypatch):
    FakeRefining().stand_in(monkeypatch)
    services = Services(Store())
    services.store.dispatch(OpenDocument(document=document))
    services.refining.offer(made_of(avatar, plain_body))
    live(services)
    began = time.monotonic()
    services.close()
    assert time.monotonic() - began < 0.5 * PATIENCE, "it was asked to go on for all of it"
    assert not threads()


def test_long_histories_are_thinned_over_their_whole_length():
    figures: tuple[RefineFigures, ...] = ()
    for step in range(3 * MAX_FIGURES):
        new = RefineFigures(
            step=step, seconds=float(step), loss=1.0, psnr=1.0, held_out_psnr=None, num_gaussians=1, sh_degree=0
        )
        figures = thinned((*figures, new))
        assert len(figures) <= MAX_FIGURES
        assert figures[0].step == 0
        assert figures[-1].step == step
    steps = [each.step for each in figures]
    assert steps == sorted(set(steps))
    assert max(later - earlier for earlier, later in itertools.pairwise(steps)) <= 16
