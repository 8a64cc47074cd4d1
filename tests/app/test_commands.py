"""Every registered command: those that change the document can be undone and redone, the others leave it alone."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from captors import FakeCaptureEquipment, FakeSegmenter, shot
from creators import FakeCreator
from drivers import FakeEquipment
from nlfgs_studio.app import documents, filming, picture_keeper
from nlfgs_studio.app.actions import OpenDocument, SetRecording, TakeOver
from nlfgs_studio.app.commands import COMMANDS, attempt, joint_index, run
from nlfgs_studio.app.documents import document_of
from nlfgs_studio.app.services import Services
from nlfgs_studio.app.store import Store
from nlfgs_studio.core.body.joints import JOINT_NAMES
from nlfgs_studio.core.capture.picture_folder import PictureFolder
from nlfgs_studio.core.errors import StudioError
from nlfgs_studio.core.tracking import camera_source, named_expressions
from nlfgs_studio.core.tracking.camera_source import CameraDevice
from nlfgs_studio.core.tracking.named_expressions import BLENDSHAPES, NamedExpressions
from refiners import FakeRefining, made_of

CHANGING = [name for name, command in COMMANDS.items() if command.effect == "document"]
HARMLESS = [name for name, command in COMMANDS.items() if command.effect == "nothing"]


@pytest.fixture
def lively(services, folder, monkeypatch, avatar, motion, plain_body) -> Services:
    """Services whose document is posed, shaped, smiling and keyed, with a file, and a motion shown half way through."""
    # The default avatar is tested with the wardrobe; here it is small.
    monkeypatch.setattr(documents, "_default_document", lambda _: document_of(avatar, plain_body))
    monkeypatch.setattr(filming, "clipboard_tool", lambda: ("cat",))
    monkeypatch.setattr(camera_source, "list_cameras", lambda: (CameraDevice(number=0, name="front"),))
    FakeCreator(avatar, plain_body).stand_in(monkeypatch)
    services.driver.equipment = FakeEquipment(plain_body.num_expression)
    FakeRefining().stand_in(monkeypatch)
    services.refining.offer(made_of(avatar, plain_body))
    monkeypatch.setattr(picture_keeper, "pictures_directory", lambda: folder / "pictures")
    equipment = services.capturer.equipment = FakeCaptureEquipment()
    equipment.shot = shot(sharpness=0.1)
    services.corrector.make_segmenter = FakeSegmenter()
    PictureFolder(folder / "pictures").add(np.zeros((20, 30, 3), np.uint8), shot(), "a camera")
    (kept,) = (folder / "pictures").glob("*.jpg")
    for ending in (".jpg", ".json"):
        kept.with_suffix(ending).rename(kept.with_name(f"picture-1{ending}"))
    run(services, "find_pictures")
    services.wait()
    run(services, "set_joint", joint="right knee", rotation=(0.7, 0.0, 0.0))
    run(services, "set_joint", joint="left elbow", rotation=(0.0, -0.4, 0.0))
    run(services, "set_translation", translation=(0.3, 0.1, 0.0))
    run(services, "set_expression", action=0, value=0.9)
    run(services, "set_beta", index=0, value=2.0)
    for seconds in (0.0, 1.0):
        run(services, "add_keyframe", seconds=seconds)
    run(services, "place_clip", path=folder / "motion.npz", start=1.5)
    services.wait()
    run(services, "open_motion", path=folder / "motion.npz")
    services.wait()
    run(services, "scrub", seconds=0.3)
    services.store.dispatch(SetRecording(recording=False, recorded=motion))
    return services


NEEDS_A_CAPTOR = {"stop_capture", "retry_capture", "take_picture"}
NEEDS_AN_OUTLINE = {
    "paint_outline",
    "set_outline_brush",
    "resize_outline_brush",
    "step_outline_back",
    "forget_outline",
    "finish_outline",
}
NEEDS_REFINING = {"stop_refining", "pause_refining", "resume_refining", "revert_refining"}
NEEDS_A_DRIVER = {"stop_driving", "retry_driving", "calibrate_driving", "forget_calibration", "hand_back"}


def driven(services: Services) -> None:
    """Somebody drives, whose left elbow the person holds."""
    run(services, "start_driving", source="camera:0")
    end = time.monotonic() + 10.0
    while services.tick(time.monotonic()).driving.sight is None:
        assert time.monotonic() < end
    services.store.dispatch(TakeOver(joints=(joint_index("left elbow"),)))


def captured(services: Services) -> None:
    """Somebody is looked at who is no good picture, so that nothing is taken by itself."""
    run(services, "start_capture", source="camera:0")
    end = time.monotonic() + 10.0
    while services.tick(time.monotonic()).capturing.glance is None:
        assert time.monotonic() < end


def painted_on(services: Services) -> None:
    """A picture is open, with a stroke over it."""
    run(services, "correct_outline", name="picture-1.jpg")
    end = time.monotonic() + 10.0
    while services.tick(time.monotonic()).correcting.outline is None:
        assert time.monotonic() < end
    run(services, "paint_outline", points=((0.5, 0.5),))


def refined(services: Services) -> None:
    """Something was made of the avatar, and more is being made."""
    run(services, "start_refining", seconds=60.0)
    end = time.monotonic() + 10.0
    while services.tick(time.monotonic()).refining.avatar is None:
        assert time.monotonic() < end


def call(services: Services, name: str) -> None:
    if name == "stop_recording":
        run(services, "start_recording")
    if name in NEEDS_A_DRIVER:
        driven(services)
    if name in NEEDS_AN_OUTLINE:
        painted_on(services)
    if name in NEEDS_REFINING:
        refined(services)
    if name in NEEDS_A_CAPTOR:
        captured(services)
    run(services, name, **COMMANDS[name].example)
    if name in {"pause_refining", "resume_refining"}:
        run(services, "revert_refining")
    services.wait()


def test_the_effects_divide_all_commands():
    assert set(CHANGING) | set(HARMLESS) | {"undo", "redo"} == set(COMMANDS)
    assert len(CHANGING) >= 12


@pytest.mark.parametrize("name", CHANGING)
def test_a_change_is_undone_and_redone(lively, name):
    store = lively.store
    before, path = store.state.document, store.state.file.path
    call(lively, name)
    after, after_path = store.state.document, store.state.file.path
    assert after != before
    run(lively, "undo")
    assert store.state.document is before
    assert store.state.file.path == path
    run(lively, "redo")
    assert store.state.document is after
    assert store.state.file.path == after_path
    run(lively, "undo")
    assert store.state.document is before


@pytest.mark.parametrize("name", HARMLESS)
def test_the_others_leave_the_document_and_its_history_alone(lively, name):
    before, history = lively.store.state.document, lively.store._history
    call(lively, name)
    assert lively.store.state.document is before
    assert lively.store._history is history


@pytest.mark.parametrize(
    "name", [name for name in HARMLESS if name not in {"cancel", "find_pictures", "play", "pause"}]
)
def test_the_example_of_a_harmless_command_does_something(lively, name, folder):
    state = lively.store.state
    files = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    call(lively, name)
    assert lively.store.state is not state or files != {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}


@pytest.mark.parametrize("name", [name for name in CHANGING if name not in {"new", "open", "create_avatar"}])
def test_without_an_avatar_a_change_says_what_to_do(folder, name):
    services = Services(Store())
    before = services.store.state.document
    with pytest.raises(StudioError) as refused:
        run(services, name, **COMMANDS[name].example)
    assert refused.value.hint
    assert services.store.state.document is before
    services.close()


def test_attempt_tells_the_person_and_goes_on(services):
    assert not attempt(services, "set_joint", joint="third elbow", rotation=(0.0, 0.0, 0.0))
    status = services.store.state.status
    assert status.kind == "error"
    assert "third elbow" in status.message
    assert services.store.state.log[-1].status is status
    assert attempt(services, "set_joint", joint="left elbow", rotation=(0.0, 0.1, 0.0))


def test_an_unknown_command_is_a_wrong_call(services):
    with pytest.raises(ValueError, match="no command"):
        run(services, "dance")


def test_joints_are_found_by_their_names():
    assert [joint_index(name) for name in JOINT_NAMES] == list(range(55))
    assert joint_index("Left Elbow") == joint_index("left_elbow") == JOINT_NAMES.index("left_elbow")


def test_expressions_are_found_by_their_names_in_any_case(services, plain_body):
    name = plain_body.expression_names[3]
    run(services, "set_expression", action=name.upper(), value=0.5)
    assert services.store.state.document.expression[3] == 0.5
    with pytest.raises(StudioError, match="no action") as refused:
        run(services, "set_expression", action="wink of an eye", value=0.5)
    assert name in refused.value.hint
    assert "lipsPucker" in refused.value.hint


def test_blendshapes_of_named_actions_are_mixed_at_once(services, avatar, body):
    document = document_of(replace(avatar, body=body.identity), body)
    services.store.dispatch(OpenDocument(document=document))
    for name, value in {"lipspucker": 0.5, "browUpLeft": 1.0, "browUpRight": 0.4, "jawOpen": 0.3}.items():
        run(services, "set_expression", action=name, value=value)
    strengths = dict(zip(body.expression_names, services.store.state.document.expression, strict=True))
    assert {name: strength for name, strength in strengths.items() if strength} == pytest.approx(
        {"mouthPucker": 0.5, "browOuterUpLeft": 1.0, "browOuterUpRight": 0.4, "browInnerUp": 0.7, "jawOpen": 0.3}
    )


def test_blendshapes_of_components_are_added_to_the_face_in_one_step(services, plain_body, monkeypatch):
    random = np.random.default_rng(5)
    count = plain_body.num_expression
    fitted = NamedExpressions(expression=random.normal(size=(16, count)), jaw=random.normal(size=(16, 3)))
    monkeypatch.setattr(named_expressions, "named_expressions", lambda *_: fitted)
    run(services, "set_joint", joint="jaw", rotation=(0.1, 0.0, 0.0))
    run(services, "set_expression", action=0, value=0.6)
    before = services.store.state.document
    run(services, "set_expression", action="lipsPucker", value=0.5)
    services.wait()
    after, row = services.store.state.document, BLENDSHAPES.index("lipsPucker")
    assert after.expression == pytest.approx(np.eye(1, count)[0] * 0.6 + 0.5 * fitted.expression[row])
    assert after.rotations[joint_index("jaw")] == pytest.approx((0.1, 0.0, 0.0) + 0.5 * fitted.jaw[row])
    run(services, "undo")
    assert services.store.state.document is before


def test_take_pose_takes_what_is_shown(lively):
    shown = lively.current_pose(lively.store.state)
    run(lively, "take_pose")
    state = lively.store.state
    assert state.playback.motion is None
    taken = lively.current_pose(state)
    assert taken is not shown
    assert taken.rotations.equal(shown.rotations)
    assert taken.translation.equal(shown.translation)
    assert taken.expression.equal(shown.expression)


def test_reset_shape_goes_back_to_the_avatars_own_shape(lively, avatar):
    run(lively, "reset_shape")
    assert lively.store.state.document.betas == tuple(avatar.betas.tolist())


def test_save_writes_the_shape_and_opening_gives_it_back(lively):
    betas = lively.store.state.document.betas
    assert lively.store.state.unsaved
    call(lively, "save")
    assert lively.store.state.unsaved, "an avatar file does not hold the pose"
    run(lively, "reset_pose")
    run(lively, "reset_expression")
    run(lively, "clear_timeline")
    assert not lively.store.state.unsaved
    run(lively, "undo")
    assert lively.store.state.unsaved
    run(lively, "open", source="avatar.npz")
    lively.wait()
    assert lively.store.state.document.betas == betas


def test_save_as_changes_the_file_of_older_steps_too(lively):
    run(lively, "save_as", path="other")
    lively.wait()
    assert lively.store.state.file.path == Path("other.nlfgs").absolute()
    run(lively, "undo")
    assert lively.store.state.file.path == Path("other.nlfgs").absolute()


def test_a_change_while_saving_stays_unsaved(services):
    run(services, "set_beta", index=0, value=2.0)
    run(services, "save")
    run(services, "set_beta", index=0, value=3.0)
    services.wait()
    assert services.store.state.unsaved
    run(services, "undo")
    assert not services.store.state.unsaved


@pytest.mark.parametrize("name", ["head", "body", "hands", "left hand", "right hand"])
def test_framing_brings_the_part_into_the_middle(services, name):
    run(services, "frame", part=name, aspect=1.5)
    state = services.store.state
    lowest, highest = services.scene.bounds(state, name)
    camera = state.view.orbit.camera(600, 400)
    corners = [
        (x, y, z) for x in (lowest[0], highest[0]) for y in (lowest[1], highest[1]) for z in (lowest[2], highest[2])
    ]
    rotation, translation = camera.camera_from_world[:3, :3], camera.camera_from_world[:3, 3]
    for corner in corners:
        x, y, z = (rotation @ rotation.new_tensor(corner) + translation).tolist()
        assert 0.0 <= camera.fx * x / z + camera.cx <= 600.0
        assert 0.0 <= camera.fy * y / z + camera.cy <= 400.0
    assert state.view.orbit.distance < 12.0


def test_an_unknown_part_is_a_wrong_call(services):
    with pytest.raises(ValueError, match="elbow"):
        run(services, "frame", part="elbow")
