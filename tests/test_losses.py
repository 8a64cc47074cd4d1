"""Losses between pictures: as scikit-image has them, and with gradients where they matter."""

from __future__ import annotations

import pytest
import torch
from nlfgs_studio.core.losses import dissimilarity, l1, silhouette, ssim_map


def _pictures(height: int = 40, width: int = 31) -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(0)
    first = torch.rand(height, width, 3)
    return first, (first + 0.3 * torch.rand(height, width, 3)).clamp(0.0, 1.0)


@pytest.mark.parametrize("size", [(40, 31), (11, 11), (7, 20)])
def test_similarity_is_that_of_scikit_image(size: tuple[int, int]) -> None:
    structural_similarity = pytest.importorskip("skimage.metrics").structural_similarity
    first, second = (picture.double() for picture in _pictures(*size))
    options = {"data_range": 1.0, "gaussian_weights": True, "use_sample_covariance": False, "full": True}
    if min(size) < 11:  # it refuses pictures smaller than its window, whose mirrored border it knows all the same
        large = [torch.cat([picture, picture.flip(0)]) for picture in (first, second)]
        _, expected = structural_similarity(large[0].numpy(), large[1].numpy(), channel_axis=-1, **options)
        expected = expected[:2]
        found = ssim_map(first, second)[:2]
    else:
        _, expected = structural_similarity(first.numpy(), second.numpy(), channel_axis=-1, **options)
        found = ssim_map(first, second)
    torch.testing.assert_close(found, torch.from_numpy(expected).mean(-1))


def test_the_same_picture_differs_by_nothing() -> None:
    first, second = _pictures()
    for loss in (l1, dissimilarity):
        assert float(loss(first, first)) == pytest.approx(0.0, abs=1e-6)
        assert 0.0 < float(loss(first, second)) < 1.0


def test_descending_brings_pictures_together() -> None:
    target, picture = _pictures()
    picture.requires_grad_(True)
    before = float(dissimilarity(picture.detach(), target))
    optimizer = torch.optim.Adam([picture], 0.02)
    for _ in range(20):
        optimizer.zero_grad()
        dissimilarity(picture, target).backward()
        optimizer.step()
    assert float(dissimilarity(picture.detach(), target)) < 0.5 * before


def test_a_missing_part_of_the_silhouette_is_pulled_in() -> None:
    alpha = torch.zeros(8, 8, requires_grad=True)
    mask = torch.zeros(8, 8)
    mask[2:5, 2:5] = 1.0
    silhouette(alpha, mask).backward()
    assert alpha.grad is not None
    assert torch.equal(alpha.grad < 0.0, mask > 0.0)
