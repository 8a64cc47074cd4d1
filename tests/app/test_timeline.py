"""The timeline in the program: keys keep what is shown, playing shows it again, recording, baking and filming."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from nlfgs_studio.app.actions import BeginDrag, EndDrag, SetTimeline, SetView
from nlfgs_studio.app.baking import baked
from nlfgs_studio.app.commands import run
from nlfgs_studio.app.filming import film_of, moments, shots_of
from nlfgs_studio.app.services import Services
from nlfgs_studio.app.state import REST_ROTATIONS
from nlfgs_studio.core.body.interpolation import PoseValue
from nlfgs_studio.core.body.joints import JOINT_NAMES
from nlfgs_studio.core.body.timeline import EMPTY, PoseKey, Timeline
from nlfgs_studio.core.cameras import OrbitCamera
from nlfgs_studio.core.errors import StudioError
from nlfgs_studio.core.storage.motion_npz import read_motion

ELBOW = JOINT_NAMES.index("left_elbow")


def bend(services: Services, angle: float) -> None:
    run(services, "set_joint", joint="left elbow", rotation=(0.0, angle, 0.0))


def angle(services: Services) -> float:
    return services.store.state.document.rotations[ELBOW][1]


@pytest.fixture
def keyed(services) -> Services:
    """The elbow bends by one radian in two seconds, evenly; the playhead is at 0."""
    run(services, "add_keyframe", what="pose", seconds=0.0, easing="linear")
    bend(services, -1.0)
    run(services, "add_keyframe", what="pose", seconds=2.0)
    run(services, "set_duration", seconds=2.0)
    run(services, "scrub", seconds=0.0)
    return services


def test_scrubbing_shows_what_the_keys_say_without_a_step_of_undo(keyed):
    history = keyed.store._history
    for seconds in (0.5, 1.0, 2.0, 0.0):
        run(keyed, "scrub", seconds=seconds)
        assert angle(keyed) == pytest.approx(-0.5 * seconds)
        assert keyed.current_pose(keyed.store.state).rotations[ELBOW, 1] == pytest.approx(-0.5 * seconds)
    assert keyed.store._history is history


def test_scrubbing_leaves_a_saved_document_saved_and_an_unsaved_one_unsaved(keyed, folder):
    run(keyed, "scrub", seconds=1.0)
    assert keyed.store.state.unsaved
    run(keyed, "save_as", path=folder / "all.nlfgs")
    keyed.wait()
    assert not keyed.store.state.unsaved
    run(keyed, "scrub", seconds=0.3)
    assert not keyed.store.state.unsaved
    bend(keyed, 0.4)
    run(keyed, "scrub", seconds=0.0)
    assert keyed.store.state.unsaved


def test_scrubbing_stays_on_the_timeline(keyed):
    run(keyed, "scrub", seconds=99.0)
    assert keyed.store.state.playback.seconds == 2.0
    run(keyed, "scrub", seconds=-1.0)
    assert keyed.store.state.playback.seconds == 0.0


def test_it_plays_at_its_speed_and_stops_at_its_end(keyed):
    run(keyed, "set_playback", loop=False, speed=2.0)
    run(keyed, "play")
    keyed.tick(10.0)
    keyed.tick(10.25)
    assert keyed.store.state.playback.seconds == pytest.approx(0.5)
    assert angle(keyed) == pytest.approx(-0.25)
    keyed.tick(11.2)
    keyed.tick(12.0)
    assert keyed.store.state.playback.seconds == 2.0
    assert not keyed.store.state.playback.playing
    run(keyed, "play")
    assert keyed.store.state.playback.seconds == 0.0


def test_it_starts_over_where_it_loops(keyed):
    run(keyed, "play")
    for tick in range(6):
        keyed.tick(10.0 + 0.5 * tick)
    assert keyed.store.state.playback.playing
    assert keyed.store.state.playback.seconds == pytest.approx(0.5)


def test_touching_the_pose_while_it_plays_holds_it(keyed):
    run(keyed, "play")
    keyed.tick(10.0)
    keyed.tick(10.5)
    bend(keyed, 0.9)
    keyed.tick(11.0)
    assert not keyed.store.state.playback.playing
    assert angle(keyed) == 0.9
    assert keyed.store.state.playback.seconds == pytest.approx(0.5)


def test_what_is_not_keyed_is_pointed_out_and_lost_when_the_playhead_moves(keyed):
    run(keyed, "scrub", seconds=1.0)
    assert not keyed.playhead.is_touched(keyed.store.state)
    bend(keyed, 0.9)
    assert keyed.playhead.is_touched(keyed.store.state)
    run(keyed, "add_keyframe", what="pose")
    assert not keyed.playhead.is_touched(keyed.store.state)
    run(keyed, "scrub", seconds=0.0)
    run(keyed, "scrub", seconds=1.0)
    assert angle(keyed) == pytest.approx(0.9)
    bend(keyed, 0.1)
    run(keyed, "scrub", seconds=0.0)
    run(keyed, "scrub", seconds=1.0)
    assert angle(keyed) == pytest.approx(0.9)


def test_moving_a_key_shows_at_once_what_it_does(keyed):
    run(keyed, "scrub", seconds=1.0)
    run(keyed, "move_keyframe", what="pose", seconds=2.0, to=1.0)
    assert angle(keyed) == pytest.approx(-1.0)
    run(keyed, "undo")
    assert angle(keyed) == pytest.approx(-0.5)


def test_dragging_a_key_is_one_step_of_undo(keyed):
    before = keyed.store.state.document
    keyed.store.dispatch(BeginDrag())
    for step in range(5):
        moved = replace(
            before.timeline, pose=(before.timeline.pose[0], replace(before.timeline.pose[1], seconds=1.0 + 0.1 * step))
        )
        keyed.store.dispatch(SetTimeline(timeline=moved))
    keyed.store.dispatch(EndDrag())
    assert keyed.store.state.document.timeline.pose[1].seconds == 1.4
    run(keyed, "undo")
    assert keyed.store.state.document is before


def test_the_camera_goes_along_its_keys_and_is_free_without(keyed):
    run(keyed, "add_keyframe", what="camera", seconds=0.0, easing="linear")
    keyed.store.dispatch(SetView(orbit=replace(keyed.store.state.view.orbit, yaw=1.0)))
    run(keyed, "scrub", seconds=0.0)
    keyed.store.dispatch(SetView(orbit=replace(keyed.store.state.view.orbit, yaw=1.0)))
    run(keyed, "add_keyframe", what="camera", seconds=2.0)
    run(keyed, "scrub", seconds=1.0)
    assert keyed.store.state.view.orbit.yaw == pytest.approx(0.5)


def test_a_key_of_everything_is_one_step(services):
    run(services, "add_keyframe", seconds=0.5)
    timeline = services.store.state.document.timeline
    assert [len(timeline.keys(row)) for row in ("pose", "expression", "camera")] == [1, 1, 1]
    run(services, "undo")
    assert services.store.state.document.timeline is EMPTY


def test_a_key_of_the_body_leaves_the_camera_alone(services):
    run(services, "add_keyframe", what="body")
    timeline = services.store.state.document.timeline
    assert (len(timeline.pose), len(timeline.expression), len(timeline.camera)) == (1, 1, 0)


def test_while_a_motion_is_shown_a_key_keeps_its_pose(services, folder):
    run(services, "open_motion", path=folder / "motion.npz", playing=False)
    services.wait()
    run(services, "scrub", seconds=0.25)
    shown = services.current_pose(services.store.state)
    run(services, "add_keyframe", what="pose", seconds=1.0)
    key = services.store.state.document.timeline.pose[0]
    torch.testing.assert_close(torch.tensor(key.value.rotations), shown.rotations)


def test_the_shown_motion_is_placed_and_the_timeline_shown(services, folder):
    run(services, "open_motion", path=folder / "motion.npz")
    services.wait()
    run(services, "scrub", seconds=0.25)
    shown = services.current_pose(services.store.state)
    run(services, "place_clip", start=1.0)
    state = services.store.state
    assert state.playback.motion is None
    timeline = state.document.timeline
    assert [(clip.start, clip.duration) for clip in timeline.clips] == [(1.0, 0.5)]
    assert timeline.duration == 1.5, "an empty timeline lasts until the clip's end"
    run(services, "scrub", seconds=1.25)
    torch.testing.assert_close(services.current_pose(services.store.state).rotations, shown.rotations)
    torch.testing.assert_close(services.current_pose(services.store.state).translation, shown.translation)


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        ("remove_keyframe", {"seconds": 1.23}),
        ("move_keyframe", {"seconds": 1.23, "to": 0.0}),
        ("set_easing", {"seconds": 0.0, "easing": "bouncy"}),
        ("add_keyframe", {"what": "mood"}),
        ("add_keyframe", {"seconds": -1.0}),
        ("add_keyframe", {"seconds": math.nan}),
        ("remove_clip", {"index": 0}),
        ("change_clip", {"index": -1, "start": 0.0}),
        ("set_duration", {"seconds": math.inf}),
        ("place_clip", {}),
        ("stop_recording", {}),
        ("export_motion", {"path": "motion.mp4"}),
        ("export_motion", {"path": "m.npz", "fps": 0.0}),
        ("set_pose_preset", {"name": "Handstand"}),
        ("set_hand_shape", {"shape": "Claw"}),
        ("set_hand_shape", {"shape": "Fist", "side": "upper"}),
        ("set_expression_preset", {"name": "Happy"}),
    ],
)
def test_what_cannot_be_done_is_said_with_a_way_on(keyed, command, arguments):
    before = keyed.store.state.document
    with pytest.raises(StudioError) as refused:
        run(keyed, command, **arguments)
    assert refused.value.hint or command in {"add_keyframe", "set_duration", "export_motion"}
    assert keyed.store.state.document is before


def test_a_key_that_no_body_can_take_is_refused(services):
    rotations = ((math.nan, 0.0, 0.0), *REST_ROTATIONS[1:])
    for broken in (rotations, REST_ROTATIONS[:3]):
        timeline = Timeline(pose=(PoseKey(seconds=0.0, value=PoseValue(rotations=broken)),))
        with pytest.raises(ValueError, match=r"rotation|joints"):
            services.store.dispatch(SetTimeline(timeline=timeline))


def test_presets_pose_the_body_with_its_feet_on_the_floor_where_it_stands(services):
    run(services, "set_translation", translation=(0.4, 0.2, -0.3))
    run(services, "set_pose_preset", name="arms_crossed")
    x, y, z = services.store.state.document.translation
    assert (x, z) == (0.4, -0.3)
    assert abs(y) < 0.01
    run(services, "set_pose_preset", name="Seated")
    assert services.store.state.document.translation[1] < -0.2
    run(services, "set_hand_shape", shape="fist", side="right")
    assert services.store.state.document.rotations[40] != services.store.state.document.rotations[25]


def test_recording_keeps_what_the_sliders_do(services):
    run(services, "start_recording")
    for step in range(31):
        bend(services, -step / 30.0)
        services.tick(5.0 + step / 30.0)
    assert services.store.state.playback.seconds == pytest.approx(1.0)
    run(services, "stop_recording")
    state = services.store.state
    (clip,) = state.document.timeline.clips
    assert clip.start == 0.0
    assert clip.duration == pytest.approx(1.0, abs=0.05)
    assert clip.motion.expression is None
    assert not state.recording
    for seconds in (0.25, 0.5, 0.9):
        run(services, "scrub", seconds=seconds)
        assert angle(services) == pytest.approx(-seconds, abs=0.05)
    run(services, "undo")
    assert services.store.state.document.timeline is EMPTY


def test_a_recorded_face_is_part_of_the_clip(services):
    run(services, "start_recording")
    for step in range(11):
        run(services, "set_expression", action=2, value=step / 10.0)
        services.tick(5.0 + step / 10.0)
    run(services, "stop_recording")
    run(services, "scrub", seconds=0.5)
    assert services.store.state.document.expression[2] == pytest.approx(0.5, abs=0.11)


def test_an_exported_motion_shows_what_the_timeline_showed(keyed, folder):
    run(keyed, "export_motion", path=folder / "performance", fps=20.0)
    keyed.wait()
    motion = read_motion(folder / "performance.npz")
    assert (motion.num_frames, motion.fps) == (40, 20.0)
    run(keyed, "open_motion", path=folder / "performance.npz")
    keyed.wait()
    for seconds in (0.0, 0.5, 1.25):
        run(keyed, "close_motion")
        run(keyed, "scrub", seconds=seconds)
        expected = keyed.current_pose(keyed.store.state)
        shown = motion.pose_at(
            seconds, keyed.store.state.document.body, pelvis=keyed.scene.pelvis(keyed.store.state.document)
        )
        torch.testing.assert_close(shown.rotations, expected.rotations, atol=1e-4, rtol=0.0)
        torch.testing.assert_close(shown.translation, expected.translation)


def test_baking_can_be_stopped(keyed):
    def report(done: float) -> None:
        if done > 0.5:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        baked(keyed.store.state, fps=30.0, report=report)


def test_a_film_of_a_timeline_shows_it_moment_by_moment_through_its_camera(keyed):
    state = keyed.store.state
    film = film_of(state, fps=10.0)
    assert (film.seconds, film.turning) == (2.0, False)
    elbows = [moment.document.rotations[ELBOW][1] for moment in moments(state, film)]
    assert elbows == pytest.approx([-0.05 * index for index in range(20)])
    assert film_of(state, turning=True).turning
    run(keyed, "add_keyframe", what="camera", seconds=0.0, easing="linear")
    keyed.store.dispatch(SetView(orbit=OrbitCamera(yaw=1.5)))
    run(keyed, "add_keyframe", what="camera", seconds=2.0)
    cameras = [camera for _, camera in shots_of(keyed.store.state, film, (64, 48))]
    sides = [float(camera.center[0]) for camera in cameras]
    assert sides == sorted(sides)
    assert sides[-1] > sides[0] + 0.5


def test_a_film_of_the_timeline_is_written(keyed, folder):
    run(keyed, "save_film", path=folder / "film.mp4", size=(64, 48), fps=5.0)
    keyed.wait()
    assert (folder / "film.mp4").stat().st_size > 500


def test_a_timeline_is_saved_with_the_project_and_comes_back(keyed, folder):
    run(keyed, "place_clip", path=folder / "motion.npz", start=2.5)
    keyed.wait()
    run(keyed, "add_keyframe", what="all", seconds=1.0)
    timeline = keyed.store.state.document.timeline
    run(keyed, "save_as", path=folder / "work.nlfgs")
    keyed.wait()
    run(keyed, "open", source=folder / "work.nlfgs")
    keyed.wait()
    again = keyed.store.state.document.timeline
    assert replace(again, clips=()) == replace(timeline, clips=())
    assert again.clips[0].motion.rotations.equal(timeline.clips[0].motion.rotations)
    assert (again.clips[0].start, again.clips[0].duration) == (2.5, 0.5)
