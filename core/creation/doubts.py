"""What a person should know of the pictures that an avatar was made of, in words."""

from __future__ import annotations

from collections.abc import Sequence

from ..capture.shot import TroubleKind
from .fitted import FittedPicture

_TOLD: tuple[TroubleKind, ...] = ("covered eyes", "cut head", "too dark", "too bright", "blurred")
"""Troubles that spoil an avatar; a face that is small or near only makes it less sharp."""
_MOST_NAMED = 3
_FEW = 0.2
"""Part of a film's pictures that may be troubled without a word."""


def doubts(pictures: Sequence[FittedPicture]) -> tuple[str, ...]:
    """The gravest first."""
    strange = list(dict.fromkeys(picture.source for picture in pictures if picture.is_stranger))
    crowded = [picture.name for picture in pictures if picture.num_people > 1]
    told = []
    if strange:
        told.append(f"{_named(strange)} may show somebody else: leave out who is not meant")
    if crowded:
        told.append(f"several people are in {_named(crowded)}: the largest was taken, crop it for another")
    for kind in _TOLD:
        troubled = [picture for picture in pictures if _has(picture, kind)]
        if troubled and not (all(each.film for each in troubled) and len(troubled) <= _FEW * len(pictures)):
            trouble = next(each for each in troubled[0].shot.troubles if each.kind == kind)
            told.append(f"{trouble.message}: {_named([each.name for each in troubled])}; {trouble.hint}")
    return tuple(told)


def _named(names: Sequence[str]) -> str:
    """Such as "a.jpg, b.jpg and 3 more"."""
    first = ", ".join(names[:_MOST_NAMED])
    return first if len(names) <= _MOST_NAMED else f"{first} and {len(names) - _MOST_NAMED} more"


def _has(picture: FittedPicture, kind: TroubleKind) -> bool:
    return any(trouble.kind == kind for trouble in picture.shot.troubles)
