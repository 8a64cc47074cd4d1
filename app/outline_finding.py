"""Finds who of a picture is the person, for it to be painted on; called in jobs.

It is decided over the whole picture, by the body too where that is known. An avatar is made of smaller squares of the
picture and always knows the body, so that its outlines are not quite these; what was painted is the same in both, and
what follows it is found over the whole picture there, too.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float, UInt8

from ..core.capture.said import LONGEST_SIDE, Labels, read_said
from ..core.errors import StudioError
from .corrected import Outline
from .held_creator import HeldCreator
from .outline_shade import shaded

if TYPE_CHECKING:
    from ..core.creation.creator import AvatarCreator, Creation
    from ..core.tracking.mediapipe_graphs import PersonSegmenter

_PLACING = 0.8
"""Of the work of finding an outline, where the body is found first."""

Report = Callable[[float, str], None]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Found:
    """What does not change while somebody paints."""

    path: Path
    picture: UInt8[np.ndarray, "H W 3"]
    coarse: Float[np.ndarray, "H W"]
    body: Float[np.ndarray, "H W"] | None
    """The silhouette of the body, where it is known who it is."""

    def outline(self, labels: Labels) -> Outline:
        from ..core.capture.segmentation import followed, refined_mask

        told = followed(self.picture, self.coarse, labels, body_alpha=self.body)
        mask = refined_mask(self.picture, self.coarse, body_alpha=self.body, said=told)
        return Outline(labels=labels, shown=shaded(self.picture, mask, labels))

    def said(self) -> Labels:
        """What lies beside the picture."""
        height, width = self.coarse.shape
        said = read_said(self.path, height, width)
        return np.zeros((height, width), np.uint8) if said is None else said


def find(
    path: Path,
    person: Creation | None,
    held: HeldCreator,
    make_segmenter: Callable[[], PersonSegmenter],
    report: Report,
) -> Found:
    """
    Raises:
        StudioError: the picture cannot be read, or people cannot be found on this machine.
    """
    from ..core.capture.picture_files import read_photo
    from ..core.capture.segmentation import found_mask

    report(0.0, "reading the picture")
    picture = read_photo(path, longest_side=LONGEST_SIDE)
    body = None if person is None else _body(path.name, picture, person, held, report)
    report(_PLACING, "looking for the outline")
    with closing(make_segmenter()) as segmenter:
        coarse = found_mask(segmenter, picture, body_alpha=body)
    report(0.5 * (1.0 + _PLACING), "looking for the outline")
    return Found(path=path, picture=picture, coarse=coarse, body=body)


def _body(
    name: str, picture: UInt8[np.ndarray, "H W 3"], person: Creation, held: HeldCreator, report: Report
) -> Float[np.ndarray, "H W"] | None:
    """Where the person's body is found, as when an avatar is made; None where it is not."""
    from ..core.creation.silhouette import fitted_silhouette
    from ..core.creation.taken import TakenPicture

    taken = TakenPicture(name=name, image=picture)

    def place(creator: AvatarCreator, report: Report) -> Any:
        return creator.fit_more(person, [taken], first=0, report=report)

    try:
        fitted = held.use(place, lambda fraction, message: report(_PLACING * fraction, message))
    except StudioError as error:
        logger.warning("the outline of %s is looked for without the body: %s", name, error.message)
        return None
    return fitted_silhouette(person.body, person.avatar.betas, fitted[0], *picture.shape[:2]) if fitted else None
