"""Driving: who is seen moves the avatar, the person can take over, troubles are told, and nothing is left behind."""

from __future__ import annotations

import gc
import itertools
import math
import threading
import time
from collections.abc import Callable

import pytest
from drivers import FakeEquipment, posed
from nlfgs_studio.app.actions import BeginDrag, EndDrag, OpenDocument, SetJoint, SetRecording, TakeOver
from nlfgs_studio.app.commands import run
from nlfgs_studio.app.driving import SETTLED_SECONDS
from nlfgs_studio.app.services import Services
from nlfgs_studio.app.state import Document, State
from nlfgs_studio.app.store import Store
from nlfgs_studio.app.viewport.arrivals import Arrivals
from nlfgs_studio.app.viewport.screenshot import Screenshot
from nlfgs_studio.core.errors import StudioError
from nlfgs_studio.core.storage.motion_npz import read_motion
from nlfgs_studio.core.tracking import frame_reader
from nlfgs_studio.core.tracking.frame_source import SourceMissingError

PATIENCE = 30.0
ELBOW, KNEE = 18, 4


@pytest.fixture
def equipment(services, plain_body) -> FakeEquipment:
    services.driver.equipment = FakeEquipment(plain_body.num_expression)
    return services.driver.equipment


def ticked(services: Services, until: Callable[[State], object], *, seconds: float = PATIENCE) -> State:
    """Frames of a window until something is true of the state."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        state = services.tick(time.monotonic())
        if until(state):
            return state
        time.sleep(0.005)
    raise AssertionError(f"not within {seconds} s: {services.store.state.driving}")


def driven(services: Services, source: str = "camera:0") -> State:
    """Driving, and arrived at what is seen."""
    run(services, "start_driving", source=source)
    seen = services.driver.equipment.pose.rotations[ELBOW].tolist()
    return ticked(services, lambda state: state.shown.rotations[ELBOW] == pytest.approx(seen))


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name in ("job-drive", "source")]


def test_who_is_seen_moves_the_avatar_and_the_document_is_untouched(services, equipment):
    before, history = services.store.state.document, services.store._history
    state = driven(services)
    assert state.document is before
    assert services.store._history is history
    assert state.driving.phase == "running"
    assert state.driving.title == "fake camera:0"
    pose = services.current_pose(state)
    assert pose.rotations.tolist() == equipment.pose.rotations.tolist()
    assert pose.expression.tolist() == equipment.pose.expression.tolist()
    assert state.driving.sight.confidence.face == pytest.approx(0.9)
    assert state.driving.sight.picture.shape == (48, 64, 4)


def test_the_same_sight_gives_the_same_objects(services, equipment):
    driven(services)
    equipment.pause.set()
    ticked(services, lambda state: state.driving.trouble)
    now = services._last_tick
    first = services.gaussians(services.tick(now))
    assert services.gaussians(services.tick(now + 0.01)) is first


def test_nothing_jumps_when_it_begins(services, equipment):
    run(services, "start_driving", source="camera:0")
    turns = []

    def arrived(state: State) -> bool:
        turns.append(state.shown.rotations[ELBOW][0])
        return turns[-1] > 0.499

    ticked(services, arrived)
    assert max(b - a for a, b in itertools.pairwise(turns)) < 0.25
    assert turns[0] == 0.0


def test_stopping_goes_back_to_the_documents_pose_and_lets_the_camera_go(services, equipment):
    driven(services)
    run(services, "stop_driving")
    assert services.store.state.driving.phase == "stopping"
    state = ticked(services, lambda state: state.driving.pose is None)
    assert state.driving.phase == "off"
    assert equipment.open_sources == 0
    assert threads() == []
    assert equipment.trackers[0].is_closed
    assert state.shown is state.document


def test_the_sign_of_an_open_camera_stands_from_the_first_try_until_it_is_closed(services, equipment):
    run(services, "start_driving", source="camera:0")
    told = [services.store.state.is_camera_open]
    driven(services)
    run(services, "stop_driving")
    while equipment.open_sources:
        told.append(services.store.state.is_camera_open)
        time.sleep(0.001)
    assert all(told)
    assert not ticked(services, lambda state: state.driving.phase == "off").is_camera_open
    run(services, "start_driving", source="film.mp4")
    assert not services.store.state.is_camera_open


@pytest.mark.parametrize("follower", [None, "film.mp4"])
def test_the_sign_stands_while_the_camera_does_not_answer(services, equipment, monkeypatch, follower):
    monkeypatch.setattr(frame_reader, "CLOSE_SECONDS", 0.05)
    driven(services)
    equipment.answers.clear()
    run(services, "stop_driving") if follower is None else run(services, "start_driving", source=follower)
    end = time.monotonic() + 0.4
    while time.monotonic() < end:
        assert services.tick(time.monotonic()).is_camera_open
        time.sleep(0.01)
    assert equipment.open_sources == 1, "nothing else is opened meanwhile"
    equipment.answers.set()
    state = ticked(services, lambda state: state.driving.phase == ("off" if follower is None else "running"))
    assert not state.is_camera_open


def test_a_document_without_a_body_that_comes_between_two_sources_ends_driving(services, equipment):
    driven(services)
    run(services, "start_driving", source="film.mp4")
    services.store.dispatch(OpenDocument(document=Document()))
    state = ticked(services, lambda state: state.driving.phase == "off")
    assert not state.is_camera_open
    assert equipment.open_sources == 0


@pytest.mark.parametrize("wrong", [math.nan, 1e9])
def test_a_pose_that_no_avatar_can_take_ends_driving_in_words(services, equipment, wrong):
    driven(services)
    equipment.pose = posed(len(services.store.state.document.expression), turn=wrong)
    state = ticked(services, lambda state: state.driving.phase == "off")
    assert "sensible size" in state.driving.trouble.message


def test_a_tracker_that_cannot_be_put_away_is_not_put_away_twice(services, equipment):
    driven(services)
    equipment.closing_error = RuntimeError("it hangs on")
    equipment.pause.set()
    ticked(services, lambda state: state.driving.trouble)
    equipment.pause.clear()
    equipment.size = (32, 24)
    run(services, "retry_driving")
    state = ticked(services, lambda state: state.driving.phase == "off")
    assert "it hangs on" in state.driving.trouble.message


def test_a_photo_drives_until_it_is_told_to_stop(services, equipment):
    run(services, "set_drive", loop=False)
    equipment.is_photo = True
    equipment.preparing.clear()
    run(services, "start_driving", source="me.png")
    ticked(services, lambda state: state.jobs)
    equipment.preparing.set()
    ticked(services, lambda state: state.driving.pose is not None)
    assert services.store.state.driving.phase == "running"


def test_a_film_that_ends_while_the_tracker_gets_ready_is_shown_from_its_beginning(services, equipment):
    run(services, "set_drive", loop=False)
    equipment.num_frames = 3
    equipment.preparing.clear()
    run(services, "start_driving", source="film.mp4")
    ticked(services, lambda _: equipment.open_sources == 1)
    ticked(services, lambda _: equipment.open_sources == 0)
    equipment.preparing.set()
    assert ticked(services, lambda state: state.driving.phase == "off").driving.sight is not None


def test_repeating_films_is_nothing_to_a_camera(services, equipment):
    driven(services)
    run(services, "set_drive", loop=not services.store.state.settings.drive.loop)
    began = time.monotonic()
    ticked(services, lambda _: time.monotonic() - began > SETTLED_SECONDS + 0.2)
    assert len(equipment.trackers) == 1


def test_a_calibration_needs_a_face(services, equipment):
    driven(services)
    run(services, "calibrate_driving")
    assert "calmly" in services.store.state.status.message
    ticked(services, lambda state: state.status.message.startswith("calibrated"))
    equipment.person_is_seen = False
    ticked(services, lambda state: state.driving.sight.confidence.face == 0.0)
    with pytest.raises(StudioError, match="no face"):
        run(services, "calibrate_driving")


def test_a_screenshot_of_who_never_drives_ends_with_the_reason(services, tmp_path):
    services.report("there is no avatar to drive", kind="error")
    screenshot = Screenshot(tmp_path / "a.png", driven=True)
    with pytest.raises(StudioError, match="no avatar to drive"):
        screenshot.is_due(services.store.state, None)


def test_memory_is_tidied_again_when_the_first_document_cannot_be_opened(tmp_path):
    services = Services(Store())
    arrivals = Arrivals(services, lambda: None)
    try:
        arrivals.open(source=str(tmp_path / "missing.npz"), motion=None, drive=None)
        assert not gc.isenabled()
        with pytest.raises(StudioError, match="missing"):
            services.wait()
        services.tick(time.monotonic())
        arrivals.tick()
        assert gc.isenabled()
    finally:
        gc.enable()
        services.close()


def test_an_unplugged_camera_is_told_the_avatar_holds_then_rests_and_goes_on_after_a_retry(services, equipment):
    driven(services)
    equipment.pause.set()
    state = ticked(services, lambda state: state.driving.trouble)
    assert "no more pictures" in state.driving.trouble.message
    assert state.driving.trouble.hint == "plug it in again"
    assert not state.is_camera_open
    assert state.shown.rotations[ELBOW][0] == pytest.approx(0.5), "it holds"
    state = ticked(services, lambda state: state.driving.pose is None)
    assert state.driving.is_on
    equipment.pause.clear()
    run(services, "retry_driving")
    assert services.store.state.driving.trouble is None
    ticked(services, lambda state: state.shown.rotations[ELBOW][0] == pytest.approx(0.5))
    moments = equipment.trackers[0].moments
    assert moments == sorted(moments), "time goes on for the tracker"


def test_a_camera_that_is_missing_is_told_before_anything_is_learned(services, equipment):
    equipment.open_error = SourceMissingError("there is no camera 0", hint="connect one")
    run(services, "start_driving", source="camera:0")
    state = ticked(services, lambda state: state.driving.trouble)
    assert state.driving.trouble.message == "there is no camera 0"
    assert not state.is_camera_open
    assert equipment.trackers == []
    equipment.open_error = None
    run(services, "retry_driving")
    ticked(services, lambda state: state.driving.phase == "running")


def test_a_tracker_that_cannot_work_says_so_and_can_be_tried_again(services, equipment):
    equipment.prepare_error = StudioError("MediaPipe is not installed", hint="pip install mediapipe")
    run(services, "start_driving", source="camera:0")
    state = ticked(services, lambda state: state.driving.trouble)
    assert state.driving.phase == "off"
    assert state.driving.trouble.hint == "pip install mediapipe"
    assert equipment.open_sources == 0
    equipment.prepare_error = None
    run(services, "retry_driving")
    ticked(services, lambda state: state.driving.phase == "running")


def test_a_mistake_in_the_tracker_ends_driving_not_the_program(services, equipment):
    driven(services)
    equipment.tracking_error = RuntimeError("no such thing")
    state = ticked(services, lambda state: state.driving.phase == "off")
    assert "no such thing" in state.driving.trouble.message
    assert equipment.open_sources == 0


def test_getting_ready_shows_how_far_it_is_and_can_be_cancelled(services, equipment):
    equipment.preparing.clear()
    run(services, "start_driving", source="camera:0")
    state = ticked(services, lambda state: state.jobs)
    assert [(job.name, job.message) for job in state.jobs] == [("drive", "learning the face")]
    run(services, "cancel", job="drive")
    state = ticked(services, lambda state: state.driving.phase == "off")
    assert state.jobs == ()
    assert state.driving.trouble is None
    assert threads() == []


def test_a_grabbed_slider_takes_its_joint_over_until_it_is_handed_back(services, equipment):
    store = services.store
    driven(services)
    store.dispatch(BeginDrag())
    store.dispatch(TakeOver(joints=(ELBOW,)))
    store.dispatch(SetJoint(joint=ELBOW, rotation=(0.0, 0.7, 0.0)))
    store.dispatch(EndDrag())
    equipment.pose = posed(len(store.state.document.expression), turn=0.2)
    state = ticked(services, lambda state: state.shown.rotations[KNEE][0] == pytest.approx(0.2))
    assert state.shown.rotations[ELBOW] == (0.0, 0.7, 0.0)
    assert services.current_pose(state).rotations[ELBOW].tolist() == pytest.approx([0.0, 0.7, 0.0])
    run(services, "hand_back", joint="left elbow")
    state = services.tick(time.monotonic())
    assert state.shown.rotations[ELBOW][0] == pytest.approx(0.2)
    assert state.document.rotations[ELBOW] == (0.0, 0.7, 0.0)
    run(services, "undo")
    assert store.state.document.rotations[ELBOW] == (0.0, 0.0, 0.0)


def test_nothing_is_taken_over_where_nobody_drives(services):
    before = services.store.state
    services.store.dispatch(TakeOver(joints=(ELBOW,), actions=(0,)))
    assert services.store.state is before


def test_what_is_held_is_free_again_when_driving_ends(services, equipment):
    driven(services)
    services.store.dispatch(TakeOver(actions=(0,)))
    assert services.store.state.driving.held_actions == {0}
    run(services, "stop_driving")
    assert services.store.state.driving.held_actions == frozenset()


def test_the_avatar_stays_in_its_place_or_follows(services, equipment):
    run(services, "set_translation", translation=(0.5, 0.0, 0.0))
    run(services, "set_drive", follows_place=False)
    state = driven(services)
    assert state.shown.translation == (0.5, 0.0, 0.0)
    equipment.pose = posed(len(state.document.expression), place=1.5, turn=0.4)
    state = ticked(services, lambda state: state.shown.rotations[KNEE][0] == pytest.approx(0.4))
    assert state.shown.translation == (0.5, 0.0, 0.0)
    run(services, "set_drive", follows_place=True)
    state = ticked(services, lambda state: state.shown.translation == pytest.approx((0.5, 0.0, 0.5)))
    run(services, "calibrate_driving")
    ticked(services, lambda state: state.shown.translation == pytest.approx((0.5, 0.0, 0.0)))
    assert equipment.trackers[0].asked == ["calibrate"]


def test_choices_reach_the_tracker_while_it_runs(services, equipment):
    driven(services)
    run(services, "set_drive", parts="whole", smoothing={"head": 0.9}, gains={"mouth": 1.5})
    ticked(services, lambda _: equipment.trackers[0].settings.smoothing.head == 0.9)
    assert equipment.trackers[0].settings.gains.mouth == 1.5
    assert equipment.trackers[0].settings.parts == "whole"
    assert len(equipment.trackers) == 1
    with pytest.raises(ValueError, match="mouth"):
        run(services, "set_drive", gains={"mouth": math.inf})


def test_another_shape_or_another_avatar_make_the_tracker_anew(services, equipment):
    driven(services)
    run(services, "set_beta", index=0, value=1.0)
    ticked(services, lambda state: len(equipment.trackers) == 2 and state.driving.phase == "running")
    services.open("avatar.npz")
    ticked(services, lambda state: len(equipment.trackers) == 3 and state.driving.phase == "running")
    assert equipment.open_sources == 1


def test_another_source_takes_the_place_of_the_one_before(services, equipment):
    driven(services)
    driven(services, "film.mp4")
    # A film that has been opened is opened once more, to be shown from its beginning.
    ticked(services, lambda state: state.driving.title == "fake film.mp4" and equipment.open_sources == 1)
    assert not services.store.state.driving.is_camera
    assert threads().count("job-drive") == 1


def test_a_film_that_ends_lets_the_avatar_rest(services, equipment):
    run(services, "set_drive", loop=False)
    equipment.num_frames = 60
    run(services, "start_driving", source="film.mp4")
    state = ticked(services, lambda state: state.driving.phase == "off")
    assert "ended" in state.status.message
    assert ticked(services, lambda state: state.driving.pose is None).driving.trouble is None


def test_an_avatar_that_is_closed_stops_it(services, equipment, document):
    driven(services)
    services.store.dispatch(OpenDocument(document=Document()))
    state = ticked(services, lambda state: state.driving.phase == "off")
    assert state.driving.pose is None
    assert equipment.open_sources == 0


def test_a_recording_of_what_is_driven_is_a_clip_and_a_file(services, equipment, tmp_path):
    driven(services)
    run(services, "start_recording")
    began = time.monotonic()
    ticked(services, lambda _: time.monotonic() - began > 0.3)
    equipment.pose = posed(len(services.store.state.document.expression), turn=-0.4, smile=0.8)
    ticked(services, lambda state: state.shown.rotations[KNEE][0] == pytest.approx(-0.4))
    ticked(services, lambda _: time.monotonic() - began > 0.8)
    run(services, "stop_recording")
    state = services.store.state
    assert [clip.motion for clip in state.document.timeline.clips] == [state.recorded]
    run(services, "save_recording", path=tmp_path / "me.npz")
    services.wait()
    motion = read_motion(tmp_path / "me.npz")
    assert motion.seconds == pytest.approx(0.8, abs=0.25)
    assert motion.rotations[0, KNEE, 0].item() == pytest.approx(0.5, abs=1e-4)
    assert motion.rotations[-1, KNEE, 0].item() == pytest.approx(-0.4, abs=1e-4)
    assert motion.expression[-1, 0].item() == pytest.approx(0.8, abs=1e-4)
    assert motion.betas.tolist() == pytest.approx(list(state.document.betas))
    run(services, "play_recording")
    state = ticked(services, lambda state: state.driving.pose is None)
    assert state.playback.motion is state.recorded
    assert state.playback.playing


def test_a_recording_keeps_the_dot_in_its_name_but_not_another_file_type(services, motion, folder):
    services.store.dispatch(SetRecording(recording=False, recorded=motion))
    run(services, "save_recording", path=folder / "take.2")
    services.wait()
    assert read_motion(folder / "take.2.npz").num_frames == motion.num_frames
    with pytest.raises(StudioError, match="does not end in"):
        run(services, "save_recording", path=folder / "take.mp4")


def test_playing_something_ends_driving(services, equipment, folder):
    driven(services)
    run(services, "open_motion", path=folder / "motion.npz")
    assert not services.store.state.driving.is_on


def test_closing_leaves_no_thread_and_no_open_camera(folder, plain_body):
    services = Services(Store())
    services.open("avatar.npz")
    services.wait()
    equipment = services.driver.equipment = FakeEquipment(plain_body.num_expression)
    driven(services)
    assert threads()
    services.close()
    assert threads() == []
    assert equipment.open_sources == 0


def test_without_an_avatar_there_is_nobody_to_drive(folder):
    services = Services(Store())
    with pytest.raises(StudioError, match="no avatar"):
        run(services, "start_driving", source="camera:0")
    services.close()
