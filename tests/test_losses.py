"""Losses between pictures: as scikit-image has them, and with gradients where they matter."""

from __future__ import annotations

import pytest
import torch
from nlfgs_studio.core.losses import dissimilarity, l1, psnr_inside, silhouette, ssim_inside, ssim_map


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


def test_only_what_the_mask_covers_counts() -> None:
    """A difference of 0.1 everywhere inside is 20 dB, whatever lies outside."""
    truth = torch.rand(40, 40, 3, generator=torch.Generator().manual_seed(2)) * 0.5
    mask = torch.zeros(40, 40, dtype=torch.bool)
    mask[8:30, 5:20] = True
    picture = torch.where(mask[..., None], truth + 0.1, 1.0 - truth)
    assert psnr_inside(picture, truth, mask) == pytest.approx(20.0, abs=1e-4)
    assert psnr_inside(truth, truth, mask) == pytest.approx(100.0)


def test_pictures_are_compared_as_scikit_image_compares_them() -> None:
    generator = torch.Generator().manual_seed(3)
    truth = torch.nn.functional.interpolate(
        torch.rand(1, 3, 8, 8, generator=generator), size=(48, 48), mode="bilinear"
    )[0].permute(1, 2, 0)
    picture = (truth + 0.05 * torch.randn(48, 48, 3, generator=generator)).clamp(0.0, 1.0)
    mask = torch.zeros(48, 48, dtype=torch.bool)
    mask[10:40, 12:30] = True
    judge = pytest.importorskip("skimage.metrics")
    _, judged = judge.structural_similarity(
        truth.numpy(), picture.numpy(), channel_axis=-1, data_range=1.0, gaussian_weights=True, sigma=1.5,
        use_sample_covariance=False, full=True,
    )  # fmt: skip
    assert ssim_inside(picture, truth, mask) == pytest.approx(judged[mask.numpy()].mean(), abs=1e-4)
    everywhere = torch.ones_like(mask)
    expected = judge.peak_signal_noise_ratio(truth.numpy(), picture.numpy(), data_range=1.0)
    assert psnr_inside(picture, truth, everywhere) == pytest.approx(expected, abs=1e-4)
