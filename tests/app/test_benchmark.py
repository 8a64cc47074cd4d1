"""The benchmark's layout, and that its clip moves all there is."""

from __future__ import annotations

import json

import pytest
import torch
from nlfgs_studio.app.cli import main
from nlfgs_studio.core.benchmark import judges, lively_clip, markdown, refining, run, run_benchmark, table
from nlfgs_studio.core.benchmark.scenes import as_many
from nlfgs_studio.core.body.joints import JOINT_LIMITS_DEGREES
from nlfgs_studio.core.geometry.covariances import matrix_from_symmetric6
from scenes import random_scene


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


@pytest.fixture
def short(monkeypatch):
    """The same measurements on less, and of the renderer only that every machine has."""
    monkeypatch.setattr(run, "renderer_names", lambda: ("auto", "cpu"))
    monkeypatch.setattr(run, "TRAINING_SIZE", 48)
    monkeypatch.setattr(run, "POPPING_FRAMES", 5)
    monkeypatch.setattr(run, "STEADY_FRAMES", 10)
    monkeypatch.setattr(run, "GROWTH_COUNTS", (500, 2_000))
    monkeypatch.setattr(run, "GROWTH_SIZES", (32, 48))
    monkeypatch.setattr(judges, "REFERENCE_GAUSSIANS", 200)
    monkeypatch.setattr(judges, "REFERENCE_SIZE", 24)
    monkeypatch.setattr(judges, "NUM_FRAMES", 5)
    monkeypatch.setattr(refining, "SIZE", 48)
    monkeypatch.setattr(refining, "NUM_STEPS", 5)


def test_the_figures_are_laid_out_as_agreed(avatar, plain_body, short):
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
    assert result["training"]["cpu"]["48"]["ms"]["backward"] > 0.0
    assert 0.0 <= result["popping"]["cpu"]["largest_block"] <= result["popping"]["cpu"]["largest_pixel"] <= 255.0
    assert result["memory"]["cpu"]["frames"] > 0
    assert result["ratios"]["raster to torch_reference"]["ratio"] > 1.0
    assert result["growth"] == {}
    assert {"rig", "forward", "backward", "optimise"} < set(result["refining"]["cpu"]["48"]["ms"])
    assert result["snapshot_ms"] > 0.0


def test_the_page_says_what_the_figures_say(avatar, plain_body, short):
    result = run_benchmark(avatar, plain_body, sizes=(32,), num_frames=6, growth=True)
    assert json.loads(json.dumps(result)) == result
    page = markdown(result)
    lines = page.splitlines()
    for size in ("32", "48"):
        row = next(line for line in lines if line.startswith(f"| {size}² |"))
        for count in ("500", "2000"):
            figures = result["growth"]["cpu"][size][count]
            assert f"{figures['ms']['frame']:.1f} ({figures['ns_per_gaussian']:.0f})" in row
    assert f"| cpu | 32² | {result['driven']['cpu']['32']['fps']:.1f} |" in page
    assert "500 | 2,000" in page
    assert "torch_reference" in page


def test_the_page_is_made_from_the_file_of_an_earlier_run(avatar, plain_body, short, tmp_path, capsys):
    result = run_benchmark(avatar, plain_body, sizes=(32,), num_frames=5)
    figures, page = tmp_path / "figures.json", tmp_path / "page.md"
    figures.write_text(json.dumps(result))
    assert main(["bench", "--from", str(figures), "--markdown", str(page)]) == 0
    assert page.read_text() == markdown(result)
    assert table(result) in capsys.readouterr().out


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"machine": 3}'])
def test_other_files_are_refused(tmp_path, content, capsys):
    figures = tmp_path / "figures.json"
    figures.write_text(content)
    assert main(["bench", "--from", str(figures)]) == 2
    assert "figures.json" in capsys.readouterr().err


@pytest.mark.parametrize("count", [50, 1000, 5000])
def test_more_or_fewer_gaussians_carry_the_same_surface(count):
    """The sum of all has the same mean and covariance, up to chance."""
    gaussians, _ = random_scene(0, count=1000)
    changed = as_many(gaussians, count)
    assert len(changed) == count
    torch.testing.assert_close(changed.means.mean(0), gaussians.means.mean(0), atol=0.5, rtol=0.0)
    areas = [
        torch.linalg.det(matrix_from_symmetric6(each.covariances).double()).pow(1 / 3).sum()
        for each in (gaussians, changed)
    ]
    assert float(areas[1] / areas[0]) == pytest.approx(1.0, rel=0.35)
    if count >= 1000:
        spreads = [
            each.means.T.cov() + matrix_from_symmetric6(each.covariances).mean(0) for each in (gaussians, changed)
        ]
        assert (spreads[1] - spreads[0]).norm() < 0.1 * spreads[0].norm()
