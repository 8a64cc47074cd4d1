"""What an avatar is refined from: observations of its person, some of them held out to judge by."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import UInt8

from ..core.errors import StudioError
from .held_creator import HeldCreator
from .picture_keeper import pictures_folder
from .state import Document, State

if TYPE_CHECKING:
    from ..core.creation.creator import AvatarCreator, Creation
    from ..core.creation.fitted import FittedPicture
    from ..core.training.observation import Observation

HOLD_OUT_ONE_IN = 8
"""Of so many pictures one is kept to judge by; of fewer, each is worth more to learn from."""

Report = Callable[[float, str], None]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Material:
    origin: int
    """Of the document that it belongs to."""
    person: Creation
    """Who it is, without the pictures: what more pictures are placed by."""
    names: frozenset[str]
    """Of all pictures that were looked at, whether they were of use or not."""
    observations: tuple[Observation, ...]
    held_out: tuple[Observation, ...]

    @property
    def num_pictures(self) -> int:
        return len({each.picture for each in (*self.observations, *self.held_out)})


def material_of(creation: Creation, origin: int) -> Material:
    """With every so manieth picture held out, the first of all never: it mostly shows the face from the front."""
    numbers = [picture.number for picture in creation.pictures]
    apart = set(numbers[HOLD_OUT_ONE_IN // 2 :: HOLD_OUT_ONE_IN]) if len(numbers) >= HOLD_OUT_ONE_IN else set()
    observations = creation.observations
    return Material(
        origin=origin,
        person=replace(creation, pictures=(), localized=None),
        names=frozenset(each.name for each in (*creation.pictures, *creation.refused)),
        observations=tuple(each for each in observations if each.picture not in apart),
        held_out=tuple(each for each in observations if each.picture in apart),
    )


def with_more(material: Material, pictures: Sequence[FittedPicture], names: frozenset[str]) -> Material:
    """More pictures to learn from, under numbers of their own; `names` of all that were looked at."""
    first = 1 + max((each.picture for each in (*material.observations, *material.held_out)), default=-1)
    more = tuple(
        replace(observation, picture=first + index)
        for index, picture in enumerate(pictures)
        for observation in picture.observations
    )
    return replace(material, names=material.names | names, observations=(*material.observations, *more))


def kept_pictures(state: State) -> Path | None:
    """Where the pictures lie of which the open avatar was made; None for one that was not made of pictures."""
    avatar = state.document.avatar
    made_of_pictures = avatar is not None and any(name == "photos" for name, _ in avatar.provenance.details)
    return pictures_folder(state.file) if made_of_pictures else None


def gathered(
    known: Material | None, document: Document, folder: Path | None, held: HeldCreator, report: Report
) -> Material:
    """What is known, and what lies in the folder besides, placed around the document's avatar as it is.

    Raises:
        StudioError: there are no pictures, or nobody is seen in them.
    """
    files = set() if folder is None else {path.name for path in folder.glob("*.jpg")}
    if known is not None and files <= known.names:
        return known
    if folder is None or not files:
        raise StudioError("there are no pictures of this avatar", hint="take some in the Capture panel")
    from ..core.creation.taken import read_inputs

    avatar = document.avatar
    assert avatar is not None
    fresh = files if known is None else files - known.names
    pictures = read_inputs([folder / name for name in sorted(fresh)]).pictures

    def place(creator: AvatarCreator, report: Report) -> Material:
        if known is None:
            return material_of(creator.fit(avatar, pictures, report=report), document.origin)
        more = creator.fit_more(known.person, pictures, report=report)
        return with_more(known, more, frozenset(fresh))

    return held.use(place, report)


def with_view(known: Material, image: UInt8[np.ndarray, "H W 3"], held: HeldCreator, report: Report) -> Material:
    """One more picture, from a camera, to learn from; the same where nobody is seen in it."""
    from ..core.creation.taken import TakenPicture

    picture = TakenPicture(name="camera", image=np.ascontiguousarray(image))
    more = held.use(lambda creator, report: creator.fit_more(known.person, [picture], report=report), report)
    return with_more(known, more, frozenset())
