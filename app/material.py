"""What an avatar is refined from: observations of its person, some of them held out to judge by."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import UInt8

from ..core.errors import StudioError
from .held_creator import HeldCreator
from .picture_keeper import is_made_of_pictures, pictures_of
from .state import Document, State

if TYPE_CHECKING:
    from ..core.body.model import BodyModel
    from ..core.capture.picture_folder import KeptPicture
    from ..core.creation.creator import AvatarCreator, Creation
    from ..core.creation.fitted import FittedPicture
    from ..core.creation.taken import Taken
    from ..core.training.observation import Observation

HOLD_OUT_ONE_IN = 8
"""Of so many pictures about one is kept to judge by; of fewer, each is worth more to learn from."""
MOST_HELD_OUT = 8
"""Each of them is drawn whenever the avatar is judged."""
_READING = 0.1
"""Of the work of placing pictures."""

Report = Callable[[float, str], None]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Material:
    origin: int
    """Of the document that it belongs to."""
    person: Creation
    """Who it is, without the pictures: what more pictures are placed by."""
    looked_at: Mapping[str, bytes]
    """Names of all pictures of the avatar's folder that were looked at, whether they were of use or not, each with what
    `prints` said of it then."""
    observations: tuple[Observation, ...]
    held_out: tuple[Observation, ...]
    warnings: tuple[str, ...]
    """What the person should know of the pictures that came last."""

    @property
    def num_pictures(self) -> int:
        return len({each.picture for each in (*self.observations, *self.held_out)})

    @property
    def next_number(self) -> int:
        """That no picture has."""
        return 1 + max((each.picture for each in (*self.observations, *self.held_out)), default=-1)

    def without(self, names: Collection[str]) -> Material:
        """As though these pictures of the folder had never been there; others may be called the same."""
        gone = frozenset(names).intersection(self.looked_at)
        return replace(
            self,
            looked_at={name: stamp for name, stamp in self.looked_at.items() if name not in gone},
            observations=tuple(each for each in self.observations if each.name not in gone),
            held_out=tuple(each for each in self.held_out if each.name not in gone),
        )

    def with_more(self, pictures: Sequence[FittedPicture], *, warnings: tuple[str, ...]) -> Material:
        """More pictures to learn from, under numbers of their own."""
        return replace(self, observations=(*self.observations, *_of_the_person(pictures)), warnings=warnings)


def prints(paths: Sequence[Path]) -> dict[str, bytes]:
    """Of each picture's name: what tells whether something else was painted on it since."""
    from ..core.capture.said import said_file

    found = dict.fromkeys((path.name for path in paths), b"")
    for path in paths:
        with suppress(OSError):  # nothing was painted on it, or nothing can be read
            found[path.name] = sha256(said_file(path).read_bytes()).digest()
    return found


def material_of(
    creation: Creation, judged: Sequence[FittedPicture], looked_at: Mapping[str, bytes], origin: int
) -> Material:
    """Of what an avatar was made of, and the `judged` pictures that it was not; `looked_at` as in `Material`."""
    return Material(
        origin=origin,
        person=replace(creation, pictures=(), localized=None),
        looked_at=looked_at,
        observations=_of_the_person(creation.pictures),
        held_out=_of_the_person(judged),
        warnings=creation.warnings,
    )


def set_apart(names: Collection[str]) -> frozenset[str]:
    """Names of the pictures that are held out, by the names alone: one that comes or goes changes no other's part."""
    if len(names) < HOLD_OUT_ONE_IN:
        return frozenset()
    apart = frozenset(name for name in names if sha256(name.encode()).digest()[0] % HOLD_OUT_ONE_IN == 0)
    return apart if len(apart) < len(names) else frozenset()


def taken_of(paths: Sequence[Path], apart: Collection[str], body: BodyModel, report: Report) -> Taken:
    """Pictures of files to learn from, the best where they are too many, and those held out that are set `apart`.

    Raises:
        StudioError: none can be read.
    """
    from ..core.creation.taken import Taken, read_inputs

    learned = [path for path in paths if path.name not in apart]
    judged = [path for path in paths if path.name in apart]
    taken = Taken(pictures=(), held_out=(), refused=())
    if learned:
        taken = read_inputs(learned, body=body, report=report)
    with suppress(StudioError):  # without them it can be learned all the same
        taken = replace(taken, held_out=read_inputs(judged, most=MOST_HELD_OUT).pictures)
    return taken


def kept_pictures(state: State) -> Path | None:
    """Where the pictures lie of which the open avatar was made; None for one that was not made of any there."""
    return pictures_of(state.file) if is_made_of_pictures(state.document) else None


def gathered(
    known: Material | None,
    document: Document,
    folder: Path | None,
    listed: Sequence[KeptPicture],
    held: HeldCreator,
    report: Report,
) -> Material:
    """What is known but for what was deleted, and what lies in the folder besides, placed around the avatar as it is.

    Pictures of the folder that were `listed` before are not looked into again; those whose outlines were corrected
    since are placed anew.

    Raises:
        StudioError: there are no pictures, or nobody is seen in them.
    """
    from ..core.capture.picture_folder import PictureFolder

    kept = () if folder is None else PictureFolder(folder).pictures(listed)
    looked_at = prints([each.path for each in kept])  # before they are read: what is painted meanwhile is seen later
    if known is not None:
        old = [name for name, stamp in known.looked_at.items() if looked_at.get(name) != stamp]
        known = replace(known.without(old), warnings=())
        known = known if known.observations else None
    fresh = [each.path for each in kept if known is None or each.name not in known.looked_at]
    if known is not None and not fresh:
        return known
    if not fresh:
        raise StudioError("there are no pictures of this avatar", hint="take some in the Capture panel")
    apart = set_apart(looked_at)

    def place(creator: AvatarCreator, report: Report) -> Material:
        def reading(fraction: float, message: str) -> None:
            report(_READING * fraction, message)

        def placing(fraction: float, message: str) -> None:
            report(_READING + (1.0 - _READING) * fraction, message)

        if known is not None:
            more = replace(known, looked_at=looked_at)
            return _with_fresh(more, fresh, apart, creator, reading, placing)
        avatar = document.avatar
        assert avatar is not None
        taken = taken_of(fresh, apart, creator.body, reading)
        made = creator.fit(avatar, taken.pictures, report=placing)
        judged = creator.fit_more(made, taken.held_out, first=len(made.pictures))
        return material_of(made, judged, looked_at, document.origin)

    return held.use(place, report)


def _with_fresh(
    known: Material,
    fresh: Sequence[Path],
    apart: Collection[str],
    creator: AvatarCreator,
    reading: Report,
    placing: Report,
) -> Material:
    from ..core.creation.doubts import doubts

    try:
        taken = taken_of(fresh, apart, creator.body, reading)
    except StudioError as error:  # those at hand are enough
        return replace(known, warnings=(error.message,))
    pictures = (*taken.pictures, *taken.held_out)
    placed = creator.fit_more(known.person, pictures, first=known.next_number, report=placing)
    judged = tuple(each for each in placed if each.name in apart)
    learned = [each for each in placed if each.name not in apart]
    more = known.with_more(learned, warnings=doubts(placed))
    return replace(more, held_out=(*more.held_out, *_of_the_person(judged)))


def with_view(known: Material, image: UInt8[np.ndarray, "H W 3"], held: HeldCreator, report: Report) -> Material:
    """One more picture, from a camera, to learn from; none where nobody is seen in it, or somebody else."""
    from ..core.creation.taken import TakenPicture

    picture = TakenPicture(name="camera", image=np.ascontiguousarray(image))
    first = known.next_number
    more = held.use(
        lambda creator, report: creator.fit_more(known.person, [picture], first=first, report=report), report
    )
    is_strange = any(each.is_stranger for each in more)
    warnings = ("somebody else may be before the camera: such pictures are not learned from",) if is_strange else ()
    return known.with_more(more, warnings=warnings)


def _of_the_person(pictures: Sequence[FittedPicture]) -> tuple[Observation, ...]:
    """Those of pictures that may show somebody else are left out."""
    return tuple(each for picture in pictures if not picture.is_stranger for each in picture.observations)
