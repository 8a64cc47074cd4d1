"""Jobs that open and save, errors that leave the document alone, playback, and what is remembered."""

from __future__ import annotations

import logging
import threading
from dataclasses import replace

import numpy as np
import pytest
from nlfgs_studio.app import services as services_module
from nlfgs_studio.app.actions import SetBeta, SetJoint, SetPlayback, SetView, ShowMotion
from nlfgs_studio.app.commands import run
from nlfgs_studio.app.services import MAX_STEP_SECONDS, Services
from nlfgs_studio.app.state import Status
from nlfgs_studio.app.store import Store
from nlfgs_studio.core.body.presets import pose_preset
from nlfgs_studio.core.errors import StudioError
from nlfgs_studio.core.gaussians import Gaussians


def write_broken_files(folder) -> dict[str, str]:
    """Names of files that cannot be opened, and a word of what is said about each."""
    whole = (folder / "avatar.npz").read_bytes()
    (folder / "empty.npz").write_bytes(b"")
    (folder / "half.npz").write_bytes(whole[: len(whole) // 2])
    (folder / "text.ply").write_text("hello")
    (folder / "picture.jpg").write_bytes(whole)
    np.savez(folder / "foreign.npz", x=np.zeros(3))
    return {
        "absent.npz": "absent.npz",
        "empty.npz": "empty",
        "half.npz": "half.npz",
        "text.ply": "text.ply",
        "picture.jpg": "neither",
        "foreign.npz": "foreign.npz",
    }


def test_an_avatar_without_a_pose_stands_as_the_window_wishes_and_nothing_is_unsaved(folder):
    stance = pose_preset("Relaxed")
    services = Services(Store(), keeps_recent=False, stance=stance)
    services.open("avatar.npz")
    services.wait()
    state = services.store.state
    assert state.document.rotations == stance
    assert not state.unsaved
    assert not services.store.can_undo
    services.store.dispatch(SetBeta(index=0, value=1.0))
    services.save(folder / "again.npz")
    services.wait()
    assert not services.store.state.unsaved
    services.store.dispatch(SetJoint(joint=4, rotation=(0.5, 0.0, 0.0)))
    services.save(folder / "again.npz")
    services.wait()
    assert services.store.state.unsaved, "an avatar file holds no pose"
    services.close()


def test_what_cannot_be_opened_leaves_the_document_untouched(services, folder):
    services.store.dispatch(SetJoint(joint=4, rotation=(0.5, 0.0, 0.0)))
    for name, word in write_broken_files(folder).items():
        state, history = services.store.state, services.store._history
        services.open(name)
        with pytest.raises(StudioError, match=word):
            services.wait()
        after = services.store.state
        assert after.document is state.document
        assert after.files is state.files
        assert after.recent is state.recent
        assert services.store._history is history
        assert after.status.kind == "error"
        assert word in after.status.message
        assert after.log[-1].status is after.status


def test_an_avatar_without_its_body_file_says_which_one_it_wants(services, monkeypatch, tmp_path):
    before = services.store.state.document
    monkeypatch.setenv("NLFGS_SMPLX_MODEL", str(tmp_path / "nothing"))
    (tmp_path / "nothing").mkdir()
    services.open("avatar.npz")
    with pytest.raises(StudioError, match="SMPLX_NEUTRAL") as refused:
        services.wait()
    assert "NLFGS_SMPLX_MODEL" in refused.value.hint
    assert services.store.state.stand_in_offered is None
    assert services.store.state.document is before


def test_a_body_with_the_same_faces_is_offered_and_stands_in(services, monkeypatch, folder, plain_body_path):
    """SMPLX_FEMALE for SMPLX_NEUTRAL: other vertices, the same faces."""
    arrays = dict(np.load(plain_body_path))
    arrays["v_template"] = arrays["v_template"] * 1.01
    np.savez(folder / "SMPLX_FEMALE.npz", **arrays)
    monkeypatch.setenv("NLFGS_SMPLX_MODEL", str(folder / "SMPLX_FEMALE.npz"))
    before = services.store.state.document
    services.open("avatar.npz")
    with pytest.raises(StudioError, match="SMPLX_NEUTRAL") as refused:
        services.wait()
    assert "SMPLX_FEMALE" in refused.value.hint
    assert services.store.state.stand_in_offered == folder / "avatar.npz"
    assert services.store.state.document is before
    services.open("avatar.npz", stand_in=True)
    services.wait()
    state = services.store.state
    assert state.stand_in_offered is None
    assert state.document.body.identity.name == "SMPLX_FEMALE"
    assert state.document.avatar.body == state.document.body.identity
    assert state.file.path is None, "saving must not replace the avatar that was made on the other body"


def test_what_the_program_warns_of_on_any_thread_is_shown(services):
    logger = logging.getLogger("nlfgs_studio.core.storage.gaussian_ply")
    thread = threading.Thread(target=logger.warning, args=("%d Gaussians were left out", 3))
    thread.start()
    thread.join()
    state = services.tick(0.0)
    assert state.status == Status(message="3 Gaussians were left out", kind="warning")
    assert state.log[-1].status is state.status


def test_a_licensed_body_beside_the_avatar_is_found(services, monkeypatch, folder, plain_body_path):
    monkeypatch.delenv("NLFGS_SMPLX_MODEL")
    (folder / "SMPLX_NEUTRAL.npz").write_bytes(plain_body_path.read_bytes())
    services.open("avatar.npz")
    services.wait()
    assert services.store.state.status.message == "opened avatar.npz"


def test_a_mistake_of_ours_in_a_job_is_reported_and_the_program_goes_on(services, monkeypatch, caplog):
    def broken(*_, **__) -> None:
        raise ZeroDivisionError("oh")

    monkeypatch.setattr(services_module, "read_document", broken)
    before = services.store.state.document
    services.open("default")
    with pytest.raises(ZeroDivisionError):
        services.wait()
    assert "ZeroDivisionError" in services.store.state.status.message
    assert services.store.state.document is before
    assert "Traceback" in caplog.text


def test_opening_runs_beside_the_main_thread_shows_progress_and_can_be_stopped(services, monkeypatch):
    going, threads = threading.Event(), []

    def slow(_, report, **__) -> None:
        threads.append(threading.current_thread())
        report(0.5, "half way")
        going.set()
        while True:
            report(0.5, "half way")

    monkeypatch.setattr(services_module, "read_document", slow)
    before = services.store.state.document
    services.open("default")
    assert going.wait(5.0)
    state = services.tick(0.0)
    assert [(job.name, job.fraction) for job in state.jobs] == [("open", pytest.approx(0.3))]
    assert threads[0] is not threading.main_thread()
    with pytest.raises(StudioError, match="busy"):
        services.open("default")
    services.cancel("open")
    while services.tick(0.0).jobs:
        pass
    assert services.store.state.document is before
    assert "stopped" in services.store.state.status.message


def test_closing_stops_what_runs(folder, monkeypatch):
    def endless(_, report, **__) -> None:
        while True:
            report(0.5, "")

    monkeypatch.setattr(services_module, "read_document", endless)
    services = Services(Store())
    services.open("default")
    services.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "job-open"]


def test_recent_files_are_kept_newest_first(services, folder):
    services.save(folder / "b.npz")
    services.wait()
    services.open("avatar.npz")
    services.wait()
    other = Services(Store())
    assert [path.name for path in other.store.state.recent] == ["avatar.npz", "b.npz"]
    other.close()


@pytest.mark.parametrize("text", ["", "{", "3", '["a", 4]', "\x00"])
def test_a_damaged_list_of_recent_files_is_no_trouble(folder, text):
    (folder / "recent.json").write_text(text)
    services = Services(Store())
    assert all(path.name == "a" for path in services.store.state.recent)
    services.close()


def test_a_motion_shows_its_pose_and_leaves_the_document(services, motion):
    document = services.store.state.document
    own = services.current_pose(services.store.state)
    services.store.dispatch(ShowMotion(motion=motion))
    services.tick(10.0)
    state = services.tick(10.25)
    assert state.playback.seconds == pytest.approx(0.25)
    assert state.document is document
    pose = services.current_pose(state)
    assert float(pose.rotations[16, 2]) == pytest.approx(8.0 / 15.0, abs=1e-5)
    services.store.dispatch(ShowMotion(motion=None))
    assert services.current_pose(services.store.state).rotations.equal(own.rotations)


def test_playback_follows_the_clock_loops_and_stops(services, motion):
    services.store.dispatch(ShowMotion(motion=motion))
    services.tick(0.0)
    assert services.tick(0.4).playback.seconds == pytest.approx(0.4)
    assert services.tick(0.6).playback.seconds == pytest.approx(0.1)
    services.store.dispatch(SetPlayback(speed=0.5))
    assert services.tick(0.8).playback.seconds == pytest.approx(0.2)
    services.store.dispatch(SetPlayback(loop=False, speed=1.0))
    ended = services.tick(1.7).playback
    assert ended.seconds == pytest.approx(motion.seconds)
    assert not ended.playing
    assert services.tick(2.0).playback is ended


def test_a_clock_that_stands_still_jumps_or_runs_back_does_no_harm(services, motion):
    services.store.dispatch(ShowMotion(motion=replace(motion, fps=0.5)))
    services.tick(100.0)
    state = services.tick(100.0)
    assert services.tick(90.0).playback is state.playback
    assert services.tick(1e6).playback.seconds == pytest.approx(MAX_STEP_SECONDS)


def test_a_motion_without_a_face_leaves_the_face_to_the_person(services, motion):
    services.store.dispatch(ShowMotion(motion=motion, playing=False))
    run(services, "set_expression", action=2, value=0.8)
    assert float(services.current_pose(services.store.state).expression[2]) == pytest.approx(0.8)


def test_what_did_not_change_is_not_computed_again(services):
    first = services.gaussians(services.store.state)
    assert isinstance(first, Gaussians)
    services.store.dispatch(SetView(splat_scale=0.5))
    assert services.gaussians(services.store.state) is first
    assert services.scene.last_run == ()
    services.store.dispatch(SetJoint(joint=18, rotation=(0.0, -1.0, 0.0)))
    posed = services.gaussians(services.store.state)
    assert posed is not first
    assert services.scene.last_run == ("body", "rig")


def test_a_renderer_that_cannot_run_is_replaced_and_said_once(services):
    services.store.dispatch(SetView(renderer="crayons"))
    renderer = services.renderers.of_view(services.store.state)
    assert renderer is services.renderer("auto")
    state = services.store.state
    assert state.view.renderer == "auto"
    assert "crayons" in state.status.message
    log = state.log
    services.renderers.of_view(state)
    assert services.store.state.log is log


def test_static_splats_are_shown_and_cannot_be_saved(services, folder):
    services.export_ply(folder / "plain.ply", rigged=False, up="y")
    services.wait()
    services.open("plain.ply")
    services.wait()
    document = services.store.state.document
    assert document.avatar is None
    assert services.gaussians(services.store.state) is document.static
    assert services.current_pose(services.store.state) is None
    assert not services.store.state.unsaved
    with pytest.raises(StudioError, match="no avatar to save"):
        services.save(folder / "c.npz")


def test_a_rigged_ply_opens_as_an_avatar_again(services, folder, avatar):
    services.store.dispatch(SetJoint(joint=18, rotation=(0.0, -1.0, 0.0)))
    services.export_ply(folder / "rigged.ply", rigged=True, up="z")
    services.wait()
    services.open("rigged.ply")
    services.wait()
    document = services.store.state.document
    assert document.avatar.parameters.offsets.equal(avatar.parameters.offsets)
    assert document.betas == tuple(avatar.betas.tolist())


@pytest.mark.parametrize("name", ["a.jpg", "a.obj"])
def test_a_name_with_a_foreign_ending_is_refused_before_anything_is_written(services, folder, name):
    with pytest.raises(StudioError, match="does not end in"):
        services.save(folder / name)
    with pytest.raises(StudioError, match="does not end in"):
        services.export_ply(folder / name, rigged=False, up="y")
    assert not (folder / name).exists()


def test_a_dot_in_a_name_is_no_ending(services, folder):
    services.save(folder / "me.v2")
    services.wait()
    services.export_ply(folder / "me.v2", rigged=True, up="y")
    services.wait()
    assert services.store.state.file.path == folder / "me.v2.nlfgs"
    assert (folder / "me.v2.nlfgs").exists()
    assert (folder / "me.v2.ply").exists()
    run(services, "export", path=folder / "us.v3")
    run(services, "save_picture", path=folder / "us.v3", size=(32, 32))
    run(services, "save_film", path=folder / "us.v3", size=(32, 32), seconds=0.1)
    services.wait()
    assert all((folder / f"us.v3{ending}").exists() for ending in (".ply", ".png", ".mp4"))
    with pytest.raises(StudioError, match="does not end in"):
        services.save(folder / "me.v2.ply")
