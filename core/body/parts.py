"""Names of the body's parts: what a face of the mesh belongs to, so that a person can be dressed by label."""

from __future__ import annotations

from collections.abc import Iterator

_SINGLE_HEAD = ("face", "forehead", "scalp", "lip_upper", "lip_lower", "mouth_inside", "tongue", "teeth_upper",
                "teeth_lower", "lashes")  # fmt: skip
_PAIRED_HEAD = ("ear", "brow", "eyelid", "eye_socket", "sclera", "iris", "pupil")
_TRUNK = ("neck", "chest", "back", "abdomen", "hips")
_PAIRED_LIMBS = ("upper_arm", "forearm", "hand", "fingernails", "thigh", "shin", "foot", "toenails")

HEAD_PARTS: frozenset[str] = frozenset((*_SINGLE_HEAD, *_PAIRED_HEAD))
"""Those of both sides together, without the neck."""


def without_side(name: str) -> str:
    """The part's name, whether it is the left or the right one."""
    return name.removesuffix("_left").removesuffix("_right")


def _both_sides(names: tuple[str, ...]) -> Iterator[str]:
    for name in names:
        yield f"{name}_left"
        yield f"{name}_right"


PART_NAMES: tuple[str, ...] = (*_SINGLE_HEAD, *_both_sides(_PAIRED_HEAD), *_TRUNK, *_both_sides(_PAIRED_LIMBS))
"""Left is the person's left. A body file may name other parts, or none (`face_parts` indexes its own `part_names`)."""
