"""Capturing: pictures are taken when they are good, an avatar is made of them, and nothing is left open behind."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import pytest
from captors import PATIENCE, looking, shot, taken, ticked, with_pictures
from creators import FakeCreator
from drivers import FakeEquipment
from nlfgs_studio.app.commands import run
from nlfgs_studio.app.commands.creation import JOB
from nlfgs_studio.app.picture_keeper import pictures_folder
from nlfgs_studio.core.errors import Cancelled, StudioError
from nlfgs_studio.core.tracking.frame_source import SourceBusyError


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name in ("job-capture", "source")]


def test_a_new_view_is_taken_by_itself_once(services, equipment):
    state = looking(services)
    state = with_pictures(services, 1)
    assert state.capturing.taken_at is not None
    assert state.capturing.pictures[0].source == "fake camera:0"
    began = time.monotonic()
    state = ticked(services, lambda _: time.monotonic() - began > 1.0)
    assert len(state.capturing.pictures) == 1, "the same view is not new"
    equipment.shot = shot(yaw=30.0)
    assert with_pictures(services, 2).capturing.pictures[1].shot.face.yaw == 30.0


def test_what_is_bad_is_not_taken_by_itself(services, equipment):
    equipment.shot = shot(sharpness=0.1)
    looking(services)
    began = time.monotonic()
    state = ticked(services, lambda _: time.monotonic() - began > 1.0)
    assert state.capturing.pictures == ()
    assert not state.capturing.glance.advice.is_good


def test_a_refused_picture_says_why_and_pressing_again_takes_it_all_the_same(services, equipment):
    equipment.shot = shot(sharpness=0.1)
    looking(services, is_automatic=False)
    run(services, "take_picture")
    state = ticked(services, lambda state: state.capturing.refusal)
    assert state.capturing.refusal.kind == "blurred"
    assert state.capturing.refusal.hint
    state = taken(services)
    assert state.capturing.refusal is None
    assert [trouble.kind for trouble in state.capturing.pictures[0].shot.troubles] == ["blurred"]


def test_a_picture_of_nobody_is_never_taken(services, equipment):
    equipment.shot = replace(shot(), face=None, num_faces=0)
    looking(services, is_automatic=False)
    for _ in range(2):
        run(services, "take_picture")
        ticked(services, lambda state: state.capturing.refusal)
    began = time.monotonic()
    assert ticked(services, lambda _: time.monotonic() - began > 0.5).capturing.pictures == ()


def test_the_picture_is_as_the_camera_gave_it_and_the_mirror_is_only_shown(services, equipment):
    state = looking(services, is_automatic=False)
    assert state.capturing.glance.is_mirrored
    assert not looking(services, "film.mp4").capturing.glance.is_mirrored


def test_of_the_whole_body_pictures_are_taken_when_the_countdown_has_run(services, equipment, monkeypatch):
    equipment.shot = shot("body")
    state = looking(services, mode="body", is_automatic=False, countdown=3)
    assert [observer.mode for observer in equipment.observers] == ["body"]
    before = time.monotonic()
    run(services, "take_picture")
    assert before + 3.0 <= services.store.state.capturing.due <= time.monotonic() + 3.0
    run(services, "take_picture")
    assert services.store.state.capturing.due is None, "pressed again, it is called off"
    run(services, "take_picture")
    state = ticked(services, lambda state: state.capturing.due is None)
    state = with_pictures(services, 1)
    assert state.capturing.due is None


def test_whoever_stands_far_from_the_keyboard_goes_on_without_it(services, equipment):
    equipment.shot = shot("body")
    looking(services, mode="body", is_automatic=True, countdown=3)
    run(services, "take_picture")
    with_pictures(services, 1)
    assert services.store.state.capturing.due is not None
    run(services, "stop_capture")
    assert services.store.state.capturing.due is None


def test_another_mode_has_another_observer(services, equipment):
    looking(services, is_automatic=False)
    run(services, "set_capture", mode="body")
    ticked(services, lambda _: [each.mode for each in equipment.observers] == ["face", "body"])
    assert equipment.observers[0].is_closed


def test_stopping_lets_the_camera_go_and_keeps_the_pictures(services, equipment):
    looking(services)
    with_pictures(services, 1)
    assert services.store.state.is_camera_open
    run(services, "stop_capture")
    state = ticked(services, lambda state: state.capturing.phase == "off")
    assert not state.is_camera_open
    assert equipment.open_sources == 0
    assert threads() == []
    assert all(observer.is_closed for observer in equipment.observers)
    assert len(state.capturing.pictures) == 1


def test_the_camera_serves_capturing_or_driving_and_never_both(services, equipment, plain_body):
    driver = services.driver.equipment = FakeEquipment(plain_body.num_expression)
    run(services, "start_driving", source="camera:0")
    ticked(services, lambda state: state.driving.phase == "running")

    def alone() -> bool:
        assert driver.open_sources + equipment.open_sources <= 1
        return True

    looks = run(services, "start_capture", source="camera:0") or services.store.state
    assert "no longer driven" in looks.status.message
    ticked(services, lambda state: alone() and state.capturing.phase == "running")
    assert services.store.state.driving.phase == "off"
    run(services, "start_driving", source="camera:0")
    assert "no pictures are taken" in services.store.state.status.message
    ticked(services, lambda state: alone() and state.driving.phase == "running")
    assert services.store.state.capturing.phase == "off"


def test_a_source_that_does_not_open_says_why_and_can_be_tried_again(services, equipment):
    equipment.open_error = SourceBusyError("another program holds camera 0", hint="close it")
    run(services, "start_capture", source="camera:0")
    state = ticked(services, lambda state: state.capturing.trouble)
    assert state.capturing.trouble.hint == "close it"
    equipment.open_error = None
    run(services, "retry_capture")
    assert ticked(services, lambda state: state.capturing.glance).capturing.trouble is None


def test_what_was_wrong_is_no_longer_said_when_a_source_opens(services, equipment):
    run(services, "find_cameras")
    services.report("there is no camera", kind="error")
    looking(services, is_automatic=False)
    assert services.store.state.status.kind == "info"


def test_detectors_that_do_not_load_and_mistakes_end_capturing_not_the_program(services, equipment):
    equipment.loading_error = StudioError("MediaPipe is not installed", hint="pip install mediapipe")
    run(services, "start_capture", source="camera:0")
    state = ticked(services, lambda state: state.capturing.trouble)
    assert (state.capturing.phase, state.capturing.trouble.hint) == ("off", "pip install mediapipe")
    equipment.loading_error, equipment.observing_error = None, RuntimeError("no such thing")
    run(services, "retry_capture")
    state = ticked(services, lambda state: state.capturing.trouble and state.capturing.phase == "off")
    assert "no such thing" in state.capturing.trouble.message
    assert equipment.open_sources == 0


def test_loading_shows_how_far_it_is_and_can_be_cancelled(services, equipment):
    equipment.loading.clear()
    run(services, "start_capture", source="camera:0")
    state = ticked(services, lambda state: state.jobs)
    assert [(job.name, job.message) for job in state.jobs] == [("capture", "loading the detectors")]
    run(services, "cancel", job="capture")
    assert ticked(services, lambda state: state.capturing.phase == "off").jobs == ()
    assert threads() == []


def test_without_anything_open_there_is_nothing_to_take(services, equipment):
    with pytest.raises(StudioError) as refused:
        run(services, "take_picture")
    assert refused.value.hint
    with pytest.raises(StudioError, match="no pictures of you"):
        run(services, "make_avatar")


def test_the_avatar_is_made_of_all_pictures_and_they_stay_with_it(
    services, equipment, avatar, plain_body, monkeypatch, folder
):
    creator = FakeCreator(avatar, plain_body).stand_in(monkeypatch)
    before = services.store.state.document
    looking(services, is_automatic=False)
    taken(services)
    names = [each.name for each in taken(services).capturing.pictures]
    run(services, "save_as", path="me.nlfgs")
    services.wait()
    ticked(services, lambda state: state.capturing.folder == folder / "me.pictures")
    with_pictures(services, 2)
    for _ in range(2):
        run(services, "make_avatar")
        services.wait()
    state = services.store.state
    assert creator.given == [each.name for each in state.capturing.pictures] * 2
    assert len(names) == 2
    assert len(creator.with_prior) == 1, "the network is loaded once"
    assert state.document.avatar is avatar
    assert state.unsaved
    assert pictures_folder(state.file) == folder / "me.pictures"
    assert services.tick(time.monotonic()).refining.num_pictures == 2
    run(services, "undo")
    run(services, "undo")
    assert services.store.state.document == before


def test_making_can_be_cancelled_and_changes_nothing(services, equipment, avatar, plain_body, monkeypatch):
    creator, goes_on = FakeCreator(avatar, plain_body).stand_in(monkeypatch), threading.Event()
    creator.waits = lambda: goes_on.wait(PATIENCE)
    looking(services, is_automatic=False)
    before = taken(services).document
    run(services, "make_avatar")
    ticked(services, lambda state: any(job.name == JOB for job in state.jobs))
    run(services, "cancel", job=JOB)
    goes_on.set()
    with pytest.raises(Cancelled):
        services.wait()
    assert services.store.state.document is before
