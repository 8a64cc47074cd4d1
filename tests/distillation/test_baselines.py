"""What is said without looking is the best that can be, and no more."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from nlfgs_studio.core.body.model import BodyModel
from nlfgs_studio.core.cameras import projected
from nlfgs_studio.core.distillation.baselines import blind, true_vertices
from nlfgs_studio.core.nlf.template import network_template
from nlfgs_studio.core.synthetic.photo import MadeUpPhoto, PhotoStudio


@pytest.fixture(scope="module")
def photos(body: BodyModel) -> list[MadeUpPhoto]:
    studio = PhotoStudio(body, network_template(body, 1), seed=5, labels=None)
    return [studio.photo(number) for number in (0, 8)]  # of one person


def test_one_photo_is_its_own_average(body: BodyModel, photos: list[MadeUpPhoto]) -> None:
    photo = photos[0]
    constant = blind(body, [photo])
    vertices = true_vertices(body, photo)
    torch.testing.assert_close(constant.points, vertices)
    torch.testing.assert_close(constant.pixels, projected(vertices, photo.camera))
    torch.testing.assert_close(body.joint_regressor[0] @ constant.about_pelvis, torch.zeros(3), atol=1e-4, rtol=0.0)
    torch.testing.assert_close(constant.avatar.sh, photo.truth.sh)
    torch.testing.assert_close(constant.avatar.offsets, photo.truth.offsets)


def test_labels_lie_where_the_true_vertices_put_them(body: BodyModel, photos: list[MadeUpPhoto]) -> None:
    """Two ways to the same truth: the photo's labels, and the body posed again."""
    template = network_template(body, 1)
    for photo in photos:
        points = template.interpolated(true_vertices(body, photo))
        torch.testing.assert_close(points[photo.which], photo.points, atol=2e-3, rtol=0.0)


def test_colours_are_averaged_and_rotations_whatever_their_sign(body: BodyModel, photos: list[MadeUpPhoto]) -> None:
    first, second = photos
    flipped = replace(second, truth=replace(second.truth, rotations_wxyz=-second.truth.rotations_wxyz))
    averages = [blind(body, pair).avatar for pair in ((first, second), (first, flipped))]
    torch.testing.assert_close(averages[0].rotations_wxyz, averages[1].rotations_wxyz)
    torch.testing.assert_close(averages[0].rotations_wxyz.norm(dim=-1), torch.ones(len(first.truth)))
    torch.testing.assert_close(averages[0].sh, 0.5 * (first.truth.sh + second.truth.sh))


def test_no_photos_have_no_average(body: BodyModel) -> None:
    with pytest.raises(ValueError, match="no photos"):
        blind(body, [])
