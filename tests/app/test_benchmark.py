"""The benchmark's layout, and that its clip moves all there is."""

from __future__ import annotations

import json

import torch
from nlfgs_studio.core.benchmark import lively_clip, run_benchmark, table
from nlfgs_studio.core.body.joints import JOINT_LIMITS_DEGREES


def test_the_clip_moves_every_joint_and_every_action_within_its_limits(plain_body):
    clip = lively_clip(plain_body, 90)
    rotations = torch.stack([pose.rotations for pose in clip])
    expressions = torch.stack([pose.expression for pose in clip])
    assert (rotations.std(0).norm(dim=-1) > 0.01).all()
    assert (expressions.std(0) > 0.01).all()
    limits = torch.deg2rad(JOINT_LIMITS_DEGREES)[1:]
    assert (rotations[:, 1:] >= limits[..., 0] - 1e-6).all()
    assert (rotations[:, 1:] <= limits[..., 1] + 1e-6).all()
    assert (expressions >= plain_body.expression_ranges[:, 0]).all()
    assert (expressions <= plain_body.expression_ranges[:, 1]).all()


def test_the_figures_are_laid_out_as_agreed(avatar, plain_body):
    progress = []
    result = run_benchmark(
        avatar, plain_body, sizes=(32, 64), num_frames=6, report=lambda fraction, _: progress.append(fraction)
    )
    assert json.loads(json.dumps(result)) == result
    assert result["gaussians"] == avatar.template.num_gaussians
    assert result["machine"]["cores"] >= 1
    for kind in ("driven", "camera"):
        assert set(result[kind]["cpu"]) == {"32", "64"}
        for figures in result[kind]["cpu"].values():
            stages = figures["ms"]
            assert 0.0 < 1e3 / figures["fps"] == 1e3 / figures["fps"]
            assert abs(figures["fps"] * stages["frame"] - 1e3) < 10.0
            assert ("rig" in stages) == (kind == "driven")
            assert "raster" in stages
            for name, (low, high) in figures["spread_ms"].items():
                assert low <= stages[name] <= high
    assert progress == sorted(progress)
    assert progress[-1] == 1.0
    text = table(result)
    assert text.count("driven ") == text.count("camera ") == 2
