"""Crops: what is where in them, and the way back."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from nlfgs_studio.core.cameras import in_camera, look_at, projected
from nlfgs_studio.core.nlf.crops import CropBox, cropped, cropped_camera


def _gradient(height: int, width: int) -> np.ndarray:
    """Red says the column, green the row."""
    rows, columns = np.mgrid[:height, :width]
    return np.stack([255 * columns / width, 255 * rows / height, 0 * rows + 255], axis=-1).astype(np.uint8)


def test_there_and_back() -> None:
    box = CropBox(left=-31.5, top=12.0, side=97.0)
    pixels = 300.0 * torch.rand(50, 2, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(box.in_picture(box.in_crop(pixels, 256), 256), pixels, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize(("height", "width"), [(300, 500), (900, 400), (2000, 3000)])
def test_a_crop_shows_what_its_box_says(height: int, width: int) -> None:
    box = CropBox(left=0.2 * width, top=0.1 * height, side=0.5 * min(height, width))
    crop = cropped(_gradient(height, width), box, 256)
    pixels = torch.tensor([[20.5, 40.5], [128.5, 128.5], [230.5, 200.5]])
    for (column, row), place in zip((pixels - 0.5).long().tolist(), box.in_picture(pixels, 256).tolist(), strict=True):
        red, green, blue = crop[row, column].astype(float)
        assert abs(red - 255 * place[0] / width) < 3.0
        assert abs(green - 255 * place[1] / height) < 3.0
        assert blue == 255


def test_beyond_the_picture_its_edge_goes_on() -> None:
    crop = cropped(_gradient(100, 100), CropBox(left=-50.0, top=50.0, side=100.0), 64).astype(int)
    assert np.ptp(crop[:, :33, 0]) < 8  # the left edge's red
    assert np.ptp(crop[33:, :, 1]) < 8  # the lower edge's green
    assert np.ptp(crop[:30, 0, 1]) > 100
    assert np.ptp(crop[50, 34:, 0]) > 100


@pytest.mark.parametrize("box", [CropBox(left=500.0, top=0.0, side=10.0), CropBox(left=-9.0, top=-9.0, side=9.01)])
def test_a_crop_of_nothing_is_black(box: CropBox) -> None:
    assert not cropped(np.full((100, 100, 3), 255, np.uint8), box, 64).any()


def test_one_pixel_is_a_picture() -> None:
    assert (cropped(np.full((1, 1, 3), 77, np.uint8), CropBox(left=0.0, top=0.0, side=1.0), 64) == 77).all()


@pytest.mark.parametrize("side", [0.0, -1.0, float("nan"), float("inf")])
def test_what_is_no_square_is_refused(side: float) -> None:
    with pytest.raises(ValueError, match="no square"):
        CropBox(left=0.0, top=0.0, side=side)


def test_a_box_around_somebody_holds_him() -> None:
    low, high = np.array([10.0, 40.0]), np.array([60.0, 240.0])
    box = CropBox.around(low, high, margin=1.2)
    assert box.side == pytest.approx(240.0)
    corners = box.in_crop(torch.tensor(np.stack([low, high])), 256)
    torch.testing.assert_close(corners.sum(0), torch.tensor([256.0, 256.0]).double())


def test_the_crop_s_camera_sees_the_same_at_the_crop_s_pixels() -> None:
    camera = look_at((0.4, 0.2, 3.0), (0.0, 0.0, 0.0), fx=700.0, fy=710.0, width=640, height=480)
    box = CropBox(left=130.0, top=-40.0, side=390.0)
    points = in_camera(torch.rand(40, 3, generator=torch.Generator().manual_seed(1)) - 0.5, camera)
    expected = box.in_crop(projected(points, camera), 256)
    torch.testing.assert_close(projected(points, cropped_camera(camera, box, 256)), expected, rtol=1e-4, atol=1e-3)
