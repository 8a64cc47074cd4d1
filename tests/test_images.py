"""Pictures come in as what a person sees: upright, opaque, in colour; and what cannot be read is said in words."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
import torch
from nlfgs_studio.core import images
from nlfgs_studio.core.errors import StudioError
from nlfgs_studio.core.images import read_image, to_uint8, write_png
from PIL import Image

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


def scene() -> np.ndarray:
    """A picture without any symmetry."""
    picture = np.random.default_rng(0).integers(0, 256, (6, 9, 3)).astype(np.uint8)
    picture[:3, :4] = RED
    return picture


def as_bytes(image: torch.Tensor) -> np.ndarray:
    return (image * 255).round().to(torch.uint8).numpy()


def test_png_round_trip_is_exact(tmp_path):
    write_png(tmp_path / "a.png", torch.from_numpy(scene()).float() / 255)
    image = read_image(tmp_path / "a.png")
    assert image.dtype == torch.float32
    assert np.array_equal(as_bytes(image), scene())


def test_alpha_is_written_straight_and_read_over_a_background(tmp_path):
    rgb, alpha = torch.from_numpy(scene()).float() / 255, torch.linspace(0, 1, 54).reshape(6, 9)
    write_png(tmp_path / "a.png", rgb, alpha)
    with Image.open(tmp_path / "a.png") as stored:
        assert stored.mode == "RGBA"
        assert np.array_equal(np.array(stored)[..., :3], scene())
        assert np.array_equal(np.array(stored)[..., 3], to_uint8(alpha))
    background = torch.tensor([0.2, 0.4, 0.6])
    expected = rgb * alpha[..., None] + background * (1 - alpha[..., None])
    assert torch.allclose(read_image(tmp_path / "a.png", background=(0.2, 0.4, 0.6)), expected, atol=1 / 255)


ORIENTATIONS = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.swapaxes(0, 1),
    6: lambda a: np.rot90(a, 1),
    7: lambda a: a[::-1, ::-1].swapaxes(0, 1),
    8: lambda a: np.rot90(a, -1),
}
"""How the camera stored what was upright: EXIF's number and the change."""


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_exif_turns_upright(tmp_path, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = np.ascontiguousarray(ORIENTATIONS[orientation](scene()))
    Image.fromarray(stored).save(tmp_path / "a.png", exif=exif)
    assert np.array_equal(as_bytes(read_image(tmp_path / "a.png")), scene())


def test_exif_of_jpeg_turns_upright(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    picture = np.zeros((32, 64, 3), np.uint8)
    picture[:, :32] = RED
    Image.fromarray(picture).save(tmp_path / "a.jpg", exif=exif, quality=95)
    image = read_image(tmp_path / "a.jpg")
    assert image.shape == (64, 32, 3)
    assert torch.allclose(image[8, 16], torch.tensor([1.0, 0.0, 0.0]), atol=0.03)


def test_damaged_exif_does_not_lose_the_picture(tmp_path):
    Image.fromarray(scene()).save(tmp_path / "a.png", exif=b"Exif\x00\x00II*\x00\x08\x00\x00\x00\xff\xff\x12\x01")
    assert np.array_equal(as_bytes(read_image(tmp_path / "a.png")), scene())


def one_colour(mode: str, colour) -> Image.Image:
    return Image.new(mode, (5, 4), colour)


def palette_with_hole() -> Image.Image:
    image = Image.new("P", (5, 4), 1)
    image.putpalette([0, 0, 0, *GREEN])
    image.putpixel((0, 0), 0)
    image.info["transparency"] = 0
    return image


KINDS = {
    "grey.png": (one_colour("L", 51), (51, 51, 51)),
    "bilevel.png": (one_colour("1", 1), WHITE),
    "grey16.png": (Image.fromarray(np.full((4, 5), 51 * 257, np.uint16)), (51, 51, 51)),
    "grey_alpha.png": (one_colour("LA", (0, 204)), (51, 51, 51)),
    "palette.png": (one_colour("RGB", BLUE).convert("P"), BLUE),
    "palette_hole.png": (palette_with_hole(), GREEN),
    "cmyk.jpg": (one_colour("CMYK", (0, 255, 255, 0)), RED),
    "grey.jpg": (one_colour("L", 51), (51, 51, 51)),
    "colour.webp": (one_colour("RGB", RED), RED),
    "alpha.webp": (one_colour("RGBA", (0, 0, 0, 0)), WHITE),
}


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_becomes_rgb(tmp_path, name):
    image, expected = KINDS[name]
    image.save(tmp_path / name)
    read = read_image(tmp_path / name)
    assert read.shape == (4, 5, 3)
    assert np.abs(as_bytes(read)[2, 3].astype(int) - expected).max() <= 3


def test_a_telephones_jpeg_with_a_preview_behind_it(tmp_path):
    one_colour("RGB", RED).save(
        tmp_path / "a.jpg", format="MPO", save_all=True, append_images=[one_colour("RGB", BLUE)], quality=95
    )
    assert np.abs(as_bytes(read_image(tmp_path / "a.jpg"))[2, 3].astype(int) - RED).max() <= 3


def test_transparent_palette_entry_shows_the_background(tmp_path):
    palette_with_hole().save(tmp_path / "a.png")
    assert as_bytes(read_image(tmp_path / "a.png"))[0, 0].tolist() == [255, 255, 255]


def test_sixteen_bit_colour(tmp_path):
    """Pillow cannot write it, so the PNG is put together here."""
    rows = b"".join(b"\0" + np.full((5, 3), 51 * 257, ">u2").tobytes() for _ in range(4))
    (tmp_path / "a.png").write_bytes(png(width=5, height=4, depth=16, rows=rows))
    assert as_bytes(read_image(tmp_path / "a.png"))[0, 0].tolist() == [51, 51, 51]


def png(*, width: int, height: int, depth: int = 8, rows: bytes = b"") -> bytes:
    """A colour PNG that claims a size."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, depth, 2, 0, 0, 0)
    chunks = [chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


@pytest.mark.parametrize("size", [(9_500, 9_500), (12_000, 12_000), (100_000, 100_000), (2**31 - 1, 2**31 - 1)])
def test_pictures_that_swell_are_refused(tmp_path, size):
    (tmp_path / "bomb.png").write_bytes(png(width=size[0], height=size[1]))
    with pytest.raises(StudioError, match=r"bomb\.png has more than 80 million pixels"):
        read_image(tmp_path / "bomb.png")


@pytest.mark.parametrize("longest_side", [None, 4000])
def test_photos_of_telephones_are_read_at_half_their_size(tmp_path, monkeypatch, longest_side):
    """With smaller limits: the largest take a second and a gigabyte."""
    monkeypatch.setattr(images, "MAX_PIXELS", 100 * 80)
    monkeypatch.setattr(images, "MAX_HALVED", 200 * 160)
    left, right = np.full((160, 101, 3), RED, np.uint8), np.full((160, 99, 3), BLUE, np.uint8)
    Image.fromarray(np.hstack([left, right])).save(tmp_path / "large.jpg", quality=95)
    read = read_image(tmp_path / "large.jpg", longest_side=longest_side)
    assert read.shape == (80, 100, 3)
    assert np.abs(as_bytes(read)[40, [10, 90]].astype(int) - (RED, BLUE)).max() <= 4


@pytest.mark.parametrize(("size", "options"), [((100, 81), {"progressive": True}), ((201, 160), {})])
def test_photos_that_take_too_much_memory_are_refused(tmp_path, monkeypatch, size, options):
    monkeypatch.setattr(images, "MAX_PIXELS", 100 * 80)
    monkeypatch.setattr(images, "MAX_HALVED", 200 * 160)
    Image.new("RGB", size).save(tmp_path / "large.jpg", **options)
    with pytest.raises(StudioError, match="million pixels") as caught:
        read_image(tmp_path / "large.jpg")
    assert "JPEG" in str(caught.value.hint)


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.webp"])
def test_truncated_pictures_are_refused(tmp_path, name):
    picture = np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    Image.fromarray(picture).save(tmp_path / name)
    data = (tmp_path / name).read_bytes()
    for fraction in (0.02, 0.3, 0.6, 0.9):
        (tmp_path / name).write_bytes(data[: int(len(data) * fraction)])
        with pytest.raises(StudioError, match=name) as caught:
            read_image(tmp_path / name)
        assert caught.value.hint


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("empty.png", b"", "empty"),
        ("text.jpg", b"this is no picture", "not a PNG, JPEG or WebP"),
        ("phone.heic", b"\0\0\0\x18ftypheic", "HEIC"),
        ("animation.gif", b"GIF89a\x01\0\x01\0\0\0\0;", "not a PNG, JPEG or WebP"),
    ],
)
def test_what_is_no_picture_is_refused(tmp_path, name, content, words):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(StudioError, match=words):
        read_image(tmp_path / name)


def test_absent_files_and_folders_are_refused(tmp_path):
    with pytest.raises(StudioError, match="no such file"):
        read_image(tmp_path / "absent.png")
    with pytest.raises(StudioError, match="folder"):
        read_image(tmp_path)


def test_to_uint8_rounds_and_clamps():
    values = torch.tensor([-1.0, 0.0, 0.4999 / 255, 0.5001 / 255, 1.0, 7.0, float("nan"), float("inf")])
    assert to_uint8(values).tolist() == [0, 0, 0, 1, 255, 255, 0, 255]


def test_a_failed_write_leaves_the_older_picture(tmp_path, monkeypatch):
    write_png(tmp_path / "a.png", torch.zeros(2, 2, 3))
    before = (tmp_path / "a.png").read_bytes()

    def full_disk(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Image.Image, "save", full_disk)
    with pytest.raises(StudioError, match="disk is full"):
        write_png(tmp_path / "a.png", torch.ones(2, 2, 3))
    assert (tmp_path / "a.png").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]
