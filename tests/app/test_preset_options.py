"""`--pose-preset` and `--expression-preset` on the command line."""

from __future__ import annotations

import torch
from nlfgs_studio.app.cli import main
from nlfgs_studio.core.storage.gaussian_ply import read_ply
from nlfgs_studio.core.tracking import named_expressions
from nlfgs_studio.core.tracking.named_expressions import NamedExpressions


def exported(folder, name: str, *options: str) -> torch.Tensor:
    path = folder / f"{name}.ply"
    assert main(["export", "avatar.npz", "-o", str(path), *options]) == 0
    return read_ply(path).means


def test_a_pose_preset_poses_and_joints_come_on_top(folder):
    rest = exported(folder, "rest")
    waving = exported(folder, "waving", "--pose-preset", "wave")
    bent = exported(folder, "bent", "--pose-preset", "wave", "--pose", "right_knee=60,0,0")
    assert (waving - rest).norm(dim=1).max() > 0.3
    assert (bent - waving).norm(dim=1).max() > 0.1
    torch.testing.assert_close(exported(folder, "t", "--pose-preset", "T"), rest)


def test_blendshapes_go_by_their_names_on_any_body_and_add_up(folder, monkeypatch, plain_body):
    rows = torch.randn(16, plain_body.num_expression, generator=torch.Generator().manual_seed(6)).double().numpy()
    fitted = NamedExpressions(expression=rows, jaw=rows[:, :3] * 0.1)
    monkeypatch.setattr(named_expressions, "named_expressions", lambda *_: fitted)
    pucker, frown = "lipsPucker=0.5", "mouthFrownLeft=0.7"
    both = exported(folder, "both", "--expression", pucker, "--expression", frown)
    other_way = exported(folder, "other", "--expression", frown, "--expression", pucker)
    torch.testing.assert_close(both, other_way)
    for one in (pucker, frown):
        assert (both - exported(folder, "one", "--expression", one)).norm(dim=1).max() > 1e-4


def test_the_neutral_face_is_known_to_every_body(folder):
    torch.testing.assert_close(exported(folder, "neutral", "--expression-preset", "Neutral"), exported(folder, "rest"))


def test_presets_that_cannot_be_are_said(folder, capsys):
    for option, name, said in (
        ("--pose-preset", "handstand", "there is no pose"),
        ("--expression-preset", "happy", "cannot look happy"),
    ):
        assert main(["export", "avatar.npz", "-o", "x.ply", option, name]) == 2
        assert said in capsys.readouterr().err
    assert not (folder / "x.ply").exists()


def test_an_avatar_file_takes_no_preset(folder, capsys):
    assert main(["export", "avatar.npz", "-o", "x.npz", "--pose-preset", "wave"]) == 2
    assert "holds no pose" in capsys.readouterr().err
