"""A project holds everything that is open: saved and opened again nothing is different, and unsaved means unsaved."""

from __future__ import annotations

import json
import zipfile
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from nlfgs_studio.app import projects as projects_module
from nlfgs_studio.app import recovery
from nlfgs_studio.app.actions import OpenDocument, SetPlayback, SetPose, SetTimeline, SetView
from nlfgs_studio.app.cli import main
from nlfgs_studio.app.commands import run
from nlfgs_studio.app.services import Services
from nlfgs_studio.app.state import Document, Playback, View
from nlfgs_studio.app.store import Store
from nlfgs_studio.core.body.interpolation import PoseValue
from nlfgs_studio.core.body.timeline import CameraKey, Clip, ExpressionKey, PoseKey, Timeline
from nlfgs_studio.core.cameras import OrbitCamera
from nlfgs_studio.core.errors import StudioError
from nlfgs_studio.core.gaussians import Gaussians
from nlfgs_studio.core.images import read_image
from nlfgs_studio.core.rendering.renderer import RenderSettings
from nlfgs_studio.core.storage.gaussian_ply import read_ply

NAME = "Ünïcødé 文件.nlfgs"


@pytest.fixture
def lively(services, folder) -> Services:
    """Posed, shaped, smiling, looked at from the side, with a motion held half way through."""
    chance = np.random.default_rng(0)
    body = services.store.state.document.body
    rotations = tuple(tuple(row) for row in chance.normal(0.0, 0.3, (55, 3)).tolist())
    expression = tuple(chance.uniform(0.0, 1.0, body.num_expression).tolist())
    services.store.dispatch(SetPose(rotations=rotations, translation=(0.1, 1 / 3, -2.0), expression=expression))
    run(services, "set_beta", index=1, value=-1.7)
    orbit = OrbitCamera(target=(0.1, 0.2, 0.3), yaw=0.7, pitch=-0.2, distance=1.9, vertical_fov=0.4)
    services.store.dispatch(SetView(orbit=orbit, background=(0.1, 0.7, 0.3), splat_scale=0.4, max_sh_degree=1))
    run(services, "open_motion", path=folder / "motion.npz", playing=False)
    services.wait()
    services.store.dispatch(SetPlayback(seconds=0.21, loop=False, speed=0.5))
    return services


def reopened(path: Path | str) -> Services:
    services = Services(Store(), keeps_recent=False)
    services.open(path)
    services.wait()
    return services


def test_all_comes_back_as_it_was(lively, folder):
    run(lively, "save_as", path=NAME)
    lively.wait()
    before = lively.store.state
    assert before.file.path == folder / NAME
    assert not before.unsaved
    assert before.recent[0] == folder / NAME
    other = reopened(NAME)
    after = other.store.state
    other.close()
    held_elsewhere = {"avatar", "body", "origin"}
    for field in fields(Document):
        if field.name not in held_elsewhere:
            assert getattr(after.document, field.name) == getattr(before.document, field.name), field.name
    assert after.document.body.identity == before.document.body.identity
    for field in fields(before.document.avatar.parameters):
        ours, theirs = (getattr(state.document.avatar.parameters, field.name) for state in (before, after))
        assert ours.equal(theirs)
    assert after.view == before.view
    assert after.file.has_view
    assert after.playback.motion.rotations.equal(before.playback.motion.rotations)
    assert replace(after.playback, motion=None) == replace(before.playback, motion=None, playing=False)
    assert not after.unsaved
    assert after.file.path == folder / NAME


def test_every_field_of_the_view_and_of_playback_can_be_stored():
    """Whoever adds a field that cannot learns it here."""
    from nlfgs_studio.core.storage.plain_values import PlainReader, to_plain

    for value in (View(), Playback()):
        plain = json.loads(json.dumps(to_plain(value, {})))
        names = {"Motion": object, "Avatar": object, "BodyModel": object, "Gaussians": object, "Progress": object}
        assert PlainReader({}, names).read(type(value), plain, "it") == value


def test_a_view_that_cannot_be_stored_does_not_stop_the_saving(lively, folder, caplog):
    state = lively.store.state
    projects_module.save_project(folder / "a.nlfgs", replace(state, view=replace(state.view, background=[0.0])))
    assert "does not keep the view" in caplog.text
    other = reopened("a.nlfgs")
    assert other.store.state.document.rotations == state.document.rotations
    other.close()


def test_a_project_opens_in_one_step_of_undo(lively):
    run(lively, "save_as", path="a.nlfgs")
    lively.wait()
    before = lively.store.state.document
    run(lively, "open", source="a.nlfgs")
    lively.wait()
    assert lively.store.state.document is not before
    run(lively, "undo")
    assert lively.store.state.document is before


def test_the_renderer_stays_that_of_the_machine(lively):
    lively.store.dispatch(SetView(renderer="cpu"))
    run(lively, "save_as", path="a.nlfgs")
    lively.wait()
    other = reopened("a.nlfgs")
    assert other.store.state.view.renderer == "auto"
    other.close()


def test_gaussians_without_a_rig_can_be_a_project(folder, services):
    random = torch.Generator().manual_seed(0)
    static = Gaussians(
        means=torch.randn(5, 3, generator=random),
        covariances=torch.eye(3)[[0, 0, 0, 1, 1, 2], [0, 1, 2, 1, 2, 2]].repeat(5, 1) * 0.01,
        opacities=torch.rand(5, generator=random),
        sh=torch.randn(5, 1, 3, generator=random),
    )
    services.store.dispatch(OpenDocument(document=Document(static=static)))
    run(services, "save_as", path="splats")
    services.wait()
    other = reopened("splats.nlfgs")
    assert other.store.state.document.avatar is None
    assert other.store.state.document.static.means.equal(static.means)
    other.close()


def test_nothing_open_is_nothing_to_save(folder):
    services = Services(Store())
    run(services, "save_as", path="a.nlfgs")
    with pytest.raises(StudioError, match="nothing to save"):
        services.wait()
    services.close()
    assert not (folder / "a.nlfgs").exists()


def test_an_avatar_file_takes_the_avatar_and_the_pose_stays_unsaved(lively, folder):
    run(lively, "save_as", path="b.npz")
    lively.wait()
    state = lively.store.state
    assert state.unsaved
    assert "project" in state.status.hint
    run(lively, "save_as", path="b.nlfgs")
    lively.wait()
    assert not lively.store.state.unsaved


def test_a_copy_leaves_the_document_its_file(lively, folder):
    before = lively.store.state.file
    run(lively, "export", path=folder / "copy.nlfgs")
    lively.wait()
    assert lively.store.state.file is before
    assert (folder / "copy.nlfgs").exists()


def changed(path: Path, change) -> Path:
    """The project with other plain values."""
    result = path.with_name("changed.nlfgs")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(result, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name == "project.json":
                header = json.loads(data)
                change(header["values"])
                data = json.dumps(header).encode()
            new.writestr(name, data)
    return result


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda values: values.pop("document"), "0 strengths"),
        (lambda values: values["document"].update(rotations=[[0.0, 0.0, 0.0]] * 54), "55 joints"),
        (lambda values: values["document"]["rotations"].__setitem__(3, [0.0, 1e9, 0.0]), "sensible size"),
        (lambda values: values["document"].update(translation="here"), "translation"),
        (lambda values: values["document"].update(betas=[0.5] * 400), "400 betas"),
        (lambda values: values.update(expression_names=["smile"]), "1 names"),
        (lambda values: values["view"].update(splat_scale=1e6), "splat scale"),
        (lambda values: values["view"]["orbit"].update(distance="near"), "distance"),
        (lambda values: values["playback"].update(motion=7), "no motion 7"),
        (lambda values: values["playback"].update(speed=0.0), "speed"),
    ],
)
def test_values_that_make_no_sense_are_refused_and_nothing_changes(lively, folder, change, word):
    run(lively, "save_as", path="a.nlfgs")
    lively.wait()
    before = lively.store.state
    lively.open(changed(folder / "a.nlfgs", change))
    with pytest.raises(StudioError, match=word):
        lively.wait()
    assert lively.store.state.document is before.document
    assert lively.store.state.view is before.view


def test_strengths_of_expression_follow_their_names_to_another_edition_of_the_body(lively, folder):
    run(lively, "save_as", path="a.nlfgs")
    lively.wait()
    before = lively.store.state.document.expression

    def renamed(values: dict) -> None:
        values["expression_names"] = [*values["expression_names"][::-1], "an action of old"]
        values["document"]["expression"] = [*values["document"]["expression"][::-1], 0.5]

    other = reopened(changed(folder / "a.nlfgs", renamed))
    assert other.store.state.document.expression == before
    other.close()


def test_what_a_later_program_added_is_left_out_and_said(lively, folder, caplog):
    run(lively, "save_as", path="a.nlfgs")
    lively.wait()
    other = reopened(changed(folder / "a.nlfgs", lambda values: values["document"].update(tattoo="dragon")))
    assert "document.tattoo" in caplog.text
    other.close()


def test_a_missing_body_is_offered_a_stand_in_for_projects_too(lively, folder, monkeypatch, plain_body_path):
    run(lively, "save_as", path="a.nlfgs")
    lively.wait()
    arrays = dict(np.load(plain_body_path))
    arrays["v_template"] = arrays["v_template"] * 1.01
    np.savez(folder / "SMPLX_FEMALE.npz", **arrays)
    monkeypatch.setenv("NLFGS_SMPLX_MODEL", str(folder / "SMPLX_FEMALE.npz"))
    lively.open("a.nlfgs")
    with pytest.raises(StudioError, match="SMPLX_NEUTRAL"):
        lively.wait()
    assert lively.store.state.stand_in_offered == folder / "a.nlfgs"
    lively.open("a.nlfgs", stand_in=True)
    lively.wait()
    state = lively.store.state
    assert state.document.body.identity.name == "SMPLX_FEMALE"
    assert state.file.path is None
    assert state.view.splat_scale == 0.4


def test_the_command_line_uses_the_projects_pose(lively, folder, capsys):
    run(lively, "save_as", path=NAME)
    lively.wait()
    expected = lively.scene.gaussians(replace(lively.store.state, playback=Playback())).means
    assert main(["export", NAME, "-o", "out.ply"]) == 0
    means = read_ply(folder / "out.ply").means
    assert torch.allclose(means, expected, atol=1e-5)
    assert main(["export", NAME, "-o", "again.nlfgs"]) == 0
    other = reopened("again.nlfgs")
    assert other.store.state.document.rotations == lively.store.state.document.rotations
    other.close()
    assert main(["export", NAME, "-o", "avatar-only.npz"]) == 0
    assert capsys.readouterr().err == ""


def test_the_command_line_sees_as_the_project_was_looked_at(lively, folder):
    run(lively, "save_as", path="a.nlfgs")
    lively.wait()
    state = replace(lively.store.state, playback=Playback())
    size = ["--size", "64x48"]
    assert main(["render", "a.nlfgs", "-o", "seen.png", "--camera", "project", *size]) == 0
    settings = RenderSettings(background=state.view.background, splat_scale=0.4, max_sh_degree=1)
    expected = lively.renderer("cpu").render(lively.scene.gaussians(state), state.view.orbit.camera(64, 48), settings)
    assert (read_image(folder / "seen.png") - expected.rgb).abs().max() <= 2 / 255
    assert main(["render", "a.nlfgs", "-o", "framed.png", *size]) == 0
    assert not read_image(folder / "framed.png").equal(read_image(folder / "seen.png"))
    with pytest.raises(SystemExit):
        main(["render", "avatar.npz", "-o", "x.png", "--camera", "project"])


def test_the_command_line_says_what_can_be_recovered(lively, folder, capsys):
    (folder / "recovery").mkdir()
    slot = recovery.new_slot()
    recovery.write(slot, lively.store.state)
    slot.lock.close()  # as when its program dies
    assert main(["export", "avatar.npz", "-o", "out.ply"]) == 0
    said = capsys.readouterr().err
    assert "unsaved work on avatar.npz" in said
    assert slot.path.exists()


def test_the_timeline_comes_back_and_a_motion_that_is_shared_is_stored_once(lively, motion, folder):
    document = lively.store.state.document
    pose = PoseValue(rotations=document.rotations, translation=document.translation)
    timeline = Timeline(
        pose=(PoseKey(seconds=0.1, value=pose, easing="linear"), PoseKey(seconds=1 / 3, value=pose)),
        expression=(ExpressionKey(seconds=0.5, value=document.expression),),
        camera=(CameraKey(seconds=2.0, value=lively.store.state.view.orbit, easing="hold"),),
        clips=(
            Clip(motion=motion, start=0.0, duration=1.0),
            Clip(motion=motion, start=2.5, duration=0.7, speed=1.5),
        ),
        duration=6.5,
    )
    lively.store.dispatch(SetTimeline(timeline=timeline))
    run(lively, "save_as", path="a.nlfgs")
    lively.wait()
    other = reopened("a.nlfgs")
    back = other.store.state.document.timeline
    other.close()
    assert (back.pose, back.expression, back.camera, back.duration) == (
        timeline.pose,
        timeline.expression,
        timeline.camera,
        timeline.duration,
    )
    assert tuple(replace(clip, motion=motion) for clip in back.clips) == timeline.clips
    assert back.clips[0].motion is back.clips[1].motion
    assert back.clips[0].motion.rotations.equal(motion.rotations)
    assert back.clips[0].motion.name == motion.name
