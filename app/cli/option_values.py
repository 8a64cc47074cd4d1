"""What the values of options on the command line must be like, each a function that argparse calls."""

from __future__ import annotations

import argparse
import math
import re
from pathlib import Path

MAX_SIDE = 8192
"""Pixels."""
MAX_PICTURES = 200
"""That an avatar is made of, or judged by."""


def size(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d{1,5})[xX](\d{1,5})", text)
    if match is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no size such as 1024x1024")
    width, height = int(match[1]), int(match[2])
    if not (16 <= width <= MAX_SIDE and 16 <= height <= MAX_SIDE):
        raise argparse.ArgumentTypeError(f"a side has 16 to {MAX_SIDE} pixels")
    return width, height


def number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise argparse.ArgumentTypeError(f"{text!r} is no number")
    return value


def seconds(text: str) -> float:
    value = number(text)
    if value < 0.0:
        raise argparse.ArgumentTypeError("time begins at 0")
    return value


def positive_seconds(text: str) -> float:
    value = seconds(text)
    if value == 0.0:
        raise argparse.ArgumentTypeError("it has to last longer than 0 seconds")
    return value


def degrees(text: str) -> float:
    value = number(text)
    if not 5.0 <= value <= 120.0:
        raise argparse.ArgumentTypeError("a field of view has 5 to 120 degrees")
    return value


def share(text: str) -> float:
    value = number(text)
    if not 0.0 <= value <= 1.0:
        raise argparse.ArgumentTypeError("smoothing lies in 0 to 1")
    return value


def npz_path(text: str) -> Path:
    path = Path(text)
    if path.suffix.lower() != ".npz":
        raise argparse.ArgumentTypeError(f"{path.name} will not do: let it end in .npz")
    return path


def png_path(text: str) -> Path:
    path = Path(text)
    if path.suffix.lower() != ".png":
        raise argparse.ArgumentTypeError(f"{path.name} will not do: let it end in .png")
    return path


def splat_size(text: str) -> float:
    value = number(text)
    if not 0.01 <= value <= 10.0:
        raise argparse.ArgumentTypeError("the size of splats lies in 0.01 to 10")
    return value


def rate(text: str) -> float:
    value = number(text)
    if not 0.1 <= value <= 240.0:
        raise argparse.ArgumentTypeError("a film has 0.1 to 240 pictures a second")
    return value


def number_of_pictures(text: str) -> int:
    if not re.fullmatch(r"\d{1,4}", text) or not 1 <= int(text) <= MAX_PICTURES:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of pictures from 1 to {MAX_PICTURES}")
    return int(text)


def index(text: str) -> int:
    if not re.fullmatch(r"\d{1,9}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of a frame")
    return int(text)


def color(text: str) -> tuple[float, float, float]:
    match = re.fullmatch(r"#?([0-9a-fA-F]{2})([0-9a-fA-F]{2})([0-9a-fA-F]{2})", text)
    if match is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no colour such as #ffffff")
    red, green, blue = (int(part, 16) / 255.0 for part in match.groups())
    return red, green, blue


def export_path(text: str) -> Path:
    path = Path(text)
    if path.suffix.lower() not in {".ply", ".npz", ".nlfgs"}:
        raise argparse.ArgumentTypeError(f"cannot export to {path.name}: let it end in .ply, .npz or .nlfgs")
    return path


def minutes(text: str) -> float:
    value = number(text)
    if value <= 0.0:
        raise argparse.ArgumentTypeError("a training lasts longer than 0 minutes")
    return value


def setting(text: str) -> tuple[str, str]:
    return _named(text, "learning_rate=5e-4")


def _named(text: str, example: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not like {example}")
    return name, value


def joint_rotation(text: str) -> tuple[str, tuple[float, float, float]]:
    """The joint's name and its axis-angle vector in radians."""
    name, values = _named(text, "left_elbow=0,-90,0")
    angles = [number(value) for value in values.split(",")]
    if len(angles) != 3:
        raise argparse.ArgumentTypeError(f"{text!r} is not like left_elbow=0,-90,0")
    x, y, z = (math.radians(value) for value in angles)
    return name, (x, y, z)


def named_value(text: str) -> tuple[str, float]:
    name, value = _named(text, "jawOpen=0.6")
    return name, number(value)
