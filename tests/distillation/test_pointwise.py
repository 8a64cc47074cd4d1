"""Errors of points and bodies, planted and found again."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from nlfgs_studio.core.body.model import BodyModel, pose_body, shape_body
from nlfgs_studio.core.body.parameters import BodyPose
from nlfgs_studio.core.distillation.pointwise import (
    Estimate,
    body_errors,
    by_error_of,
    point_errors,
    summarized_bodies,
    summarized_points,
)

NUM_POINTS = 4000


def _photo(framing: str, seed: int, scale: float):
    """A photo whose estimate errs by exactly `scale` pixels where visible, three times as much where hidden."""
    generator = torch.Generator().manual_seed(seed)
    visible = torch.rand(NUM_POINTS, generator=generator) < 0.6
    inside = torch.rand(NUM_POINTS, generator=generator) < 0.8
    truth = Estimate(
        pixels=256.0 * torch.rand(NUM_POINTS, 2, generator=generator),
        points=torch.randn(NUM_POINTS, 3, generator=generator),
    )
    size = torch.where(visible, scale, 3.0 * scale)
    direction = torch.nn.functional.normalize(torch.randn(NUM_POINTS, 2, generator=generator), dim=-1)
    wild = torch.where(inside, 1.0, 1e6)[:, None]
    estimate = Estimate(
        pixels=truth.pixels + size[:, None] * direction * wild,
        points=truth.points + torch.tensor([0.3, -0.2, 4.0]) * wild,
        sigma=1e-3 * size,
    )
    return point_errors(seed, framing, visible, inside, truth, {"it": estimate})


@pytest.fixture(scope="module")
def summary() -> dict:
    return summarized_points([_photo("face", 0, 2.0), _photo("whole body", 1, 8.0)])


def test_planted_errors_are_found_in_their_group(summary: dict) -> None:
    pixels = summary["pixels"]["it"]
    for kind, factor in (("visible", 1.0), ("hidden", 3.0)):
        assert pixels[kind]["face"]["median"] == pytest.approx(2.0 * factor, rel=1e-3)
        assert pixels[kind]["whole body"]["p90"] == pytest.approx(8.0 * factor, rel=1e-3)
        assert pixels[kind]["half body"] is None
        assert pixels[kind]["all"]["count"] == pixels[kind]["face"]["count"] + pixels[kind]["whole body"]["count"]
    counts = sum(pixels[kind]["all"]["count"] for kind in ("visible", "hidden"))
    assert counts == pytest.approx(2 * 0.8 * NUM_POINTS, rel=0.05)  # what is not in the frame is left out


def test_a_shift_is_no_error_about_the_middle(summary: dict) -> None:
    assert summary["about_middle_mm"]["it"]["visible"]["all"]["p90"] == pytest.approx(0.0, abs=0.05)
    length = 1e3 * float(np.linalg.norm([0.3, -0.2, 4.0]))
    assert summary["absolute_mm"]["it"]["hidden"]["all"]["median"] == pytest.approx(length, rel=1e-3)


def test_a_sigma_that_is_the_error_correlates_fully(summary: dict) -> None:
    assert summary["sigma"]["it"]["pixels"]["pearson"] == pytest.approx(1.0, abs=1e-3)
    assert summary["sigma"]["it"]["pixels"]["spearman"] > 0.9


def test_photos_are_sorted_by_how_bad_a_fit_was() -> None:
    bands = by_error_of([_photo("face", 2, 2.0), _photo("face", 3, 9.0), _photo("face", 4, 12.0)], "it")
    assert [band["photos"] for band in bands] == [1, 0, 2, 0]
    assert bands[0]["visible_pixels"]["it"]["p90"] == pytest.approx(2.0, rel=1e-3)
    assert bands[1]["visible_pixels"]["it"] is None
    assert 9.0 <= bands[2]["visible_pixels"]["it"]["median"] <= 12.0


def test_a_photo_with_nothing_inside_is_no_obstacle() -> None:
    nothing = torch.zeros(3, dtype=torch.bool)
    estimate = Estimate(pixels=torch.ones(3, 2), points=torch.ones(3, 3))
    empty = point_errors(0, "half body", nothing, nothing, estimate, {"it": estimate})
    summary = summarized_points([empty])
    assert summary["pixels"]["it"]["visible"]["all"] is None
    assert summary["visible_pixels_interval"]["it"] is None
    assert all(band["photos"] == 0 for band in by_error_of([empty], "it"))


def test_a_moved_body_has_no_error_and_a_bent_knee_has_its_own(plain_body: BodyModel) -> None:
    shaped = shape_body(plain_body, torch.zeros(plain_body.num_betas))
    pose = BodyPose.rest(plain_body)
    truth = pose_body(plain_body, shaped, pose).vertices
    pose.rotations[4, 0] = 0.5  # the left knee
    bent = pose_body(plain_body, shaped, pose).vertices
    errors = [
        body_errors(plain_body, framing, truth, {"moved": truth + torch.tensor([1.0, 2.0, 3.0]), "bent": bent})
        for framing in ("whole body", "face")
    ]
    summary = summarized_bodies(errors)
    assert summary["vertices_mm"]["moved"]["all"]["p90"] == pytest.approx(0.0, abs=1e-2)
    assert summary["vertices_mm"]["bent"]["face"]["median"] > 1.0
    joints = summary["joints_mm"]["bent"]
    assert joints["ankle"]["count"] == 2  # left and right, of the one photo that shows the whole body
    assert joints["ankle"]["p90"] > 50.0
    assert joints["elbow"]["p90"] < 5.0
    assert joints["fingers"]["count"] == 30
    assert "pelvis" not in joints


def test_bodies_without_a_whole_one_have_no_joints(plain_body: BodyModel) -> None:
    vertices = plain_body.template_vertices
    summary = summarized_bodies([body_errors(plain_body, "face", vertices, {"it": vertices})])
    assert summary["joints_mm"]["it"]["knee"] is None
    assert summary["vertices_mm"]["it"]["whole body"] is None
