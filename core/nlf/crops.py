"""The square around a person, cut out of a picture of any size, and the way back."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, UInt8
from torch import Tensor

from ..cameras import Camera


@dataclass(frozen=True, slots=True, kw_only=True)
class CropBox:
    """A square in pixels of the picture; it may reach beyond."""

    left: float
    top: float
    side: float

    def __post_init__(self) -> None:
        if not (np.isfinite([self.left, self.top, self.side]).all() and self.side > 0.0):
            raise ValueError(f"a crop of {self.side} pixels at {self.left}, {self.top} is no square")

    @staticmethod
    def around(low: Float[np.ndarray, "2"], high: Float[np.ndarray, "2"], *, margin: float = 1.15) -> CropBox:
        """The square with the middle of a box in its own, whose longer side it is `margin` times as long as."""
        side = margin * max(float((high - low).max()), 1.0)
        left, top = ((low + high - side) / 2.0).tolist()
        return CropBox(left=left, top=top, side=side)

    def in_picture(self, pixels: Float[Tensor, "*N 2"], size: int) -> Float[Tensor, "*N 2"]:
        """From pixels of a crop of `size` to pixels of the picture."""
        return pixels * (self.side / size) + pixels.new_tensor([self.left, self.top])

    def in_crop(self, pixels: Float[Tensor, "*N 2"], size: int) -> Float[Tensor, "*N 2"]:
        """The inverse of `in_picture`."""
        return (pixels - pixels.new_tensor([self.left, self.top])) * (size / self.side)


def cropped(picture: UInt8[np.ndarray, "H W 3"], box: CropBox, size: int) -> UInt8[np.ndarray, "size size 3"]:
    """The square, `size` pixels wide: averaged where it is reduced; beyond the picture its edge goes on."""
    from PIL import Image

    height, width = picture.shape[:2]
    right, bottom = box.left + box.side, box.top + box.side
    inside = (max(box.left, 0.0), max(box.top, 0.0), min(right, float(width)), min(bottom, float(height)))
    crop = np.zeros((size, size, 3), np.uint8)
    # Whole pixels of the crop that the picture reaches into; what they average over is cut at its edge.
    scale = size / box.side
    first_column, first_row = round((inside[0] - box.left) * scale), round((inside[1] - box.top) * scale)
    last_column, last_row = round((inside[2] - box.left) * scale), round((inside[3] - box.top) * scale)
    if first_column < last_column and first_row < last_row:
        part = Image.fromarray(picture).resize(
            (last_column - first_column, last_row - first_row), Image.Resampling.BILINEAR, box=inside, reducing_gap=3.0
        )
        beyond = ((first_row, size - last_row), (first_column, size - last_column), (0, 0))
        crop = np.pad(np.asarray(part), beyond, mode="edge")
    return crop


def cropped_camera(camera: Camera, box: CropBox, size: int) -> Camera:
    """The camera of the crop: it stands where the picture's stood."""
    scale = size / box.side
    return replace(
        camera,
        fx=camera.fx * scale,
        fy=camera.fy * scale,
        cx=(camera.cx - box.left) * scale,
        cy=(camera.cy - box.top) * scale,
        width=size,
        height=size,
    )
