"""The ending of a file that is to be written: a dot in a name makes a file type only where one is known."""

from __future__ import annotations

from pathlib import Path

from ..core.errors import StudioError

KNOWN = frozenset(
    (
        *(".nlfgs", ".npz", ".ply"),
        *(".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".mp4", ".mov", ".mkv", ".avi", ".webm"),
        *(".obj", ".fbx", ".glb", ".gltf", ".stl", ".usd", ".usda", ".usdc", ".usdz", ".abc", ".bvh", ".blend"),
        *(".splat", ".ksplat", ".spz", ".sog", ".npy", ".pkl", ".pt", ".pth", ".json", ".csv", ".txt", ".zip"),
    )
)
"""Types that a person may ask for, or expect, by their ending."""


def ending_of(path: Path | str) -> str:
    """The file type that a name asks for, in small letters; "" where it asks for none, as "me.v2" does."""
    ending = Path(path).suffix.lower()
    return ending if ending in KNOWN else ""


def with_ending(path: Path | str, suffix: str, *others: str) -> Path:
    """The path as the person gave it, or with `suffix` where it asks for no file type.

    Raises:
        StudioError: it asks for a type that is neither `suffix` nor one of the others.
    """
    path, wanted = Path(path), (suffix, *others)
    ending = ending_of(path)
    if not ending:
        return path.with_name(path.name + suffix)
    if ending not in wanted:
        endings = " or ".join(wanted)
        raise StudioError(f"{path.name} does not end in {endings}", hint=f"give a name that ends in {endings}")
    return path
