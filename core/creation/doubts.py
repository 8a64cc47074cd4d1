"""What a person should know of the pictures that an avatar was made of, in words."""

from __future__ import annotations

from collections.abc import Sequence

from ..capture.picture_files import enumerated
from ..capture.shot import TroubleKind
from .fitted import FittedPicture

_TOLD: tuple[TroubleKind, ...] = ("covered eyes", "cut head", "too dark", "too bright", "blurred")
"""Troubles that spoil an avatar; a face that is small or near only makes it less sharp."""
_FEW = 0.2
"""Part of a film's pictures that may be troubled without a word."""


def doubts(pictures: Sequence[FittedPicture]) -> tuple[str, ...]:
    """The gravest first."""
    strange = [picture.source for picture in pictures if picture.is_stranger]
    crowded = [picture.name for picture in pictures if picture.num_people > 1]
    told = []
    if strange:
        told.append(f"{enumerated(strange)} may show somebody else: leave out who is not meant")
    if crowded:
        told.append(f"several people are in {enumerated(crowded)}: the largest was taken, crop it for another")
    for kind in _TOLD:
        troubled = [picture for picture in pictures if _has(picture, kind)]
        if troubled and not (all(each.film for each in troubled) and len(troubled) <= _FEW * len(pictures)):
            trouble = next(each for each in troubled[0].shot.troubles if each.kind == kind)
            told.append(f"{trouble.message}: {enumerated([each.name for each in troubled])}; {trouble.hint}")
    return tuple(told)


def _has(picture: FittedPicture, kind: TroubleKind) -> bool:
    return any(trouble.kind == kind for trouble in picture.shot.troubles)
