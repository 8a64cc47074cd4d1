"""Pictures: rows from the top, columns from the left, red green blue in [0, 1] (sRGB as in the file)."""

from __future__ import annotations

import logging
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from .errors import StudioError
from .paths import atomic_write

if TYPE_CHECKING:
    from PIL.Image import Image

#: What is still read: 50 megapixel photos pass, a small file that unpacks to gigabytes does not.
MAX_PIXELS = 80_000_000
MAX_HALVED = 200_000_000
"""Pixels of a JPEG that is still read, at half its size: the largest that telephones take."""
READABLE_FORMATS = ("PNG", "JPEG", "WEBP")
"""Pillow's names; its JPEG takes in the MPO files of telephones, a JPEG with a preview behind it."""

_FULL_SCALE = {"I;16": 65535.0, "I;16B": 65535.0, "I;16L": 65535.0, "I;16N": 65535.0, "I": 65535.0}
"""The white of Pillow's modes for grey of 16 bits."""
_AVERAGED = {"L", "LA", "RGB", "RGBA", "CMYK"}
"""Pillow's modes in which pixels may be averaged as they are."""

logger = logging.getLogger(__name__)


def read_image(
    path: Path, *, background: tuple[float, float, float] = (1.0, 1.0, 1.0), longest_side: int | None = None
) -> Float[Tensor, "H W 3"]:
    """A PNG, JPEG or WebP picture, turned upright by its EXIF, transparent parts laid over `background`.

    Grey, palette, CMYK and 16-bit pictures become RGB; of an animation, the first picture. With `longest_side` (pixels)
    a picture of twice that and more is averaged by a whole factor, which takes a fraction of the memory. JPEGs of more
    than `MAX_PIXELS` are unpacked at half their size or less.

    Raises:
        StudioError: absent, no such picture, truncated, or more than `MAX_PIXELS` (as a JPEG, `MAX_HALVED`).
    """
    from PIL import Image, UnidentifiedImageError

    path = Path(path)
    Image.MAX_IMAGE_PIXELS = MAX_HALVED  # Pillow's own limit is lower
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # refused below, by our own limit
            with Image.open(path, formats=READABLE_FORMATS) as image:
                _prepare(path, image, longest_side)
                image.load()
                return _rgb(_upright(path, _reduced(image, longest_side)), background)
    except UnidentifiedImageError as error:
        raise _not_a_picture(path) from error
    except Image.DecompressionBombError as error:
        raise _too_large(path) from error
    except OSError as error:
        if error.errno is not None:
            reason = {2: "there is no such file", 13: "it may not be read", 21: "that is a folder"}
            raise StudioError(f"cannot read {path}: {reason.get(error.errno, error.strerror)}") from error
        raise _damaged(path) from error
    except (ValueError, SyntaxError, EOFError, KeyError, IndexError, TypeError, OverflowError, MemoryError) as error:
        raise _damaged(path) from error  # Pillow's decoders report damage by any of these


def _reduced(image: Image, longest_side: int | None) -> Image:
    """Averaged by the whole factor that leaves at least `longest_side`; palettes and 16 bits stay as they are."""
    factor = 1 if longest_side is None else max(image.size) // longest_side
    return image.reduce(factor) if factor > 1 and image.mode in _AVERAGED else image


def _prepare(path: Path, image: Image, longest_side: int | None) -> None:
    """To be unpacked no larger than needed, which JPEG alone can be, at half the size and less; or refused."""
    is_large = _num_pixels(image) > MAX_PIXELS
    # A progressive JPEG is held whole while it is unpacked, at whatever size.
    if is_large and (_num_pixels(image) > MAX_HALVED or "progressive" in image.info):
        raise _too_large(path)
    wanted = [max(image.size) if longest_side is None else longest_side]
    if is_large:
        wanted.append(min(image.size) // 2)
    if min(wanted) < max(image.size):
        image.draft(None, (min(wanted), min(wanted)))
    if _num_pixels(image) > MAX_PIXELS:
        raise _too_large(path)


def _num_pixels(image: Image) -> int:
    return image.width * image.height


def _too_large(path: Path) -> StudioError:
    return StudioError(
        f"{path.name} has more than {MAX_PIXELS // 1_000_000} million pixels",
        hint=f"make it smaller first; plain JPEGs are read up to {MAX_HALVED // 1_000_000} million",
    )


def _damaged(path: Path) -> StudioError:
    return StudioError(f"the picture {path.name} is truncated or damaged", hint="copy or download it again")


def _not_a_picture(path: Path) -> StudioError:
    if path.suffix.lower() in {".heic", ".heif", ".avif"}:
        return StudioError(f"{path.name} is a {path.suffix[1:].upper()} picture", hint="save it as JPEG or PNG first")
    if path.stat().st_size == 0:
        return StudioError(f"{path.name} is empty", hint="choose another picture")
    return StudioError(f"{path.name} is not a PNG, JPEG or WebP picture", hint="save it as PNG or JPEG first")


def _upright(path: Path, image: Image) -> Image:
    from PIL import ImageOps

    try:
        ImageOps.exif_transpose(image, in_place=True)
    except Exception as error:  # the picture itself is good: broken notes about it are no reason to refuse it
        logger.warning("the EXIF data of %s are damaged (%s): the picture is shown as stored", path.name, error)
    return image


def _rgb(image: Image, background: tuple[float, float, float]) -> Float[Tensor, "H W 3"]:
    if image.mode in _FULL_SCALE:
        grey = np.asarray(image).astype(np.float32) / _FULL_SCALE[image.mode]
        return torch.from_numpy(np.repeat(grey.clip(0.0, 1.0)[..., None], 3, axis=2))
    if image.mode in {"RGBA", "LA", "La", "RGBa", "PA"} or "transparency" in image.info:
        rgba = torch.from_numpy(np.array(image.convert("RGBA"))).float() / 255.0
        rgb, alpha = rgba[..., :3], rgba[..., 3:]
        return rgb * alpha + rgb.new_tensor(background) * (1.0 - alpha)
    return torch.from_numpy(np.array(image if image.mode == "RGB" else image.convert("RGB"))).float().div_(255.0)


def to_uint8(values: Float[Tensor, "*S"]) -> UInt8[np.ndarray, "*S"]:
    """Bytes for the screen and for files: [0, 1] to 0…255, rounded; what lies outside is clamped, NaN is 0."""
    return values.detach().nan_to_num(nan=0.0).clamp(0.0, 1.0).mul(255.0).round().to(torch.uint8).cpu().numpy()


def write_png(path: Path, rgb: Float[Tensor, "H W 3"], alpha: Float[Tensor, "H W"] | None = None) -> None:
    """Write a picture whole or not at all; with `alpha` it is transparent and `rgb` is not multiplied by it.

    `rendering.renderer.without_background` gives such colours.

    Raises:
        StudioError: the place cannot be written to.
    """
    from PIL import Image

    values = rgb if alpha is None else torch.cat([rgb, alpha[..., None].to(rgb)], dim=-1)
    with atomic_write(Path(path)) as temporary:
        Image.fromarray(to_uint8(values)).save(temporary, format="PNG")
