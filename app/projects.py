"""Between what is open and project files: the document, how it is looked at, and the motion that is shown.

Every field of `Document`, `View` and `Playback` is stored by its annotation (`storage.plain_values`), so a new one
needs nothing here. Runs in jobs, so it sees neither the store nor the window.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..core.errors import StudioError
from ..core.storage.plain_values import Json, PlainReader, to_plain
from ..core.storage.project import SUFFIX, Project, read_project, read_values, write_project
from .actions import OpenDocument, RestoreSession, StateAction
from .documents import ReportProgress, document_of, with_body
from .state import Document, Playback, State, View

_IN_ARRAYS = frozenset({"body", "avatar", "static"})
_OF_THE_SESSION = frozenset({"origin"})
_OF_THE_MACHINE = frozenset({"renderer"})
"""What draws is chosen for the machine that a project is opened on."""
_OF_THE_MOMENT = frozenset({"playing"})

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What a file brings into the program."""

    document: Document
    view: View | None = None
    """None where the file does not say how it is looked at."""
    playback: Playback | None = None
    former_path: Path | None = None
    """Of a recovered document: the file that it belonged to."""
    pictures: Path | None = None
    """Of a recovered document: the folder of the pictures that it was made of, where they lie beside no project."""


def is_project(path: Path | str) -> bool:
    return Path(path).suffix.lower() == SUFFIX


def save_project(path: Path, state: State, *, belongs_to: Path | None = None, pictures: Path | None = None) -> None:
    """Write what is open; a recovery file says which file it `belongs_to`, and the folder of its `pictures`.

    Raises:
        StudioError: nothing is open, or the place cannot be written to.
    """
    document = state.document
    if document.avatar is None and document.static is None:
        raise StudioError("there is nothing to save", hint="open an avatar first")
    shelf = _Shelf()
    values: dict[str, Json] = {
        "document": to_plain(document, shelf.leaves, without=_IN_ARRAYS | _OF_THE_SESSION),
        "view": _view_to_plain(state.view, shelf),
        "playback": to_plain(state.playback, shelf.leaves, without=_OF_THE_MOMENT),
    }
    if document.body is not None:
        values["expression_names"] = list(document.body.expression_names)
    if belongs_to is not None:
        values["belongs_to"] = str(belongs_to)
    if pictures is not None:
        values["pictures"] = str(pictures)
    write_project(
        path, Project(avatar=document.avatar, static=document.static, motions=tuple(shelf.motions), values=values)
    )


def open_project(path: Path, report: ReportProgress, *, stand_in: bool = False) -> Opened:
    """What a project file holds; see `documents.read_document`.

    Raises:
        BodyMissingError: the body that it wants is missing, and `stand_in` would help.
        StudioError: the file cannot be read, or the body is missing.
    """
    path = Path(path)
    report(0.0, f"reading {path.name}")
    project = read_project(path)
    given: dict[str, Any] = {"avatar": None, "body": None, "static": project.static}
    if project.avatar is not None:
        beside = _path_in(project.values, "belongs_to") or path
        given["avatar"], given["body"] = with_body(project.avatar, beside, report, stand_in)
    try:
        opened = _Reading(project).opened(given)
        for action in arriving(opened, path):
            action.reduced(State())  # refuses what no state can hold
    except ValueError as error:
        raise StudioError(f"{path.name} is damaged: {error}", hint="open a project that this program saved") from error
    return opened


def arriving(opened: Opened, path: Path | None, *, is_recovered: bool = False) -> tuple[StateAction, ...]:
    """What it does to the state that a file was read; `path` is the file that the document belongs to from now on."""
    opening = OpenDocument(
        document=opened.document,
        path=path,
        is_saved=not is_recovered,
        has_view=opened.view is not None,
        pictures=opened.pictures if is_recovered else None,
    )
    if opened.view is None and opened.playback is None:
        return (opening,)
    return (opening, RestoreSession(view=opened.view, playback=opened.playback))


def former_path(path: Path) -> Path | None:
    """Which file the document in a recovery file belonged to; None where it had none.

    Raises:
        StudioError: the recovery file cannot be read.
    """
    return _path_in(read_values(path), "belongs_to")


def _path_in(values: Mapping[str, Json], name: str) -> Path | None:
    said = values.get(name)
    return Path(said) if isinstance(said, str) and "\0" not in said else None


def _view_to_plain(view: View, shelf: _Shelf) -> Json:
    try:
        return to_plain(view, shelf.leaves, without=_OF_THE_MACHINE)
    except (TypeError, ValueError) as error:  # the work is worth more than how it is looked at
        logger.warning("the project does not keep the view: %s", error)
        return {}


class _Shelf:
    """Motions that plain values refer to by their number; one that is met twice is stored once."""

    def __init__(self) -> None:
        from ..core.body.motion import Motion

        self.motions: list[Motion] = []
        self.leaves = {Motion: self._number}

    def _number(self, motion: Any) -> int:
        for number, known in enumerate(self.motions):
            if known is motion:
                return number
        self.motions.append(motion)
        return len(self.motions) - 1


class _Reading:
    """One project's plain values, read back."""

    def __init__(self, project: Project) -> None:
        from ..core.avatar.avatar import Avatar
        from ..core.body.model import BodyModel
        from ..core.body.motion import Motion
        from ..core.gaussians import Gaussians
        from ..core.jobs import Progress

        types = (Avatar, BodyModel, Gaussians, Motion, Progress)
        self._project = project
        self._names: tuple[str, ...] = ()
        """Of the actions of the face that the strengths in the project belong to."""
        self._reader = PlainReader({Motion: self._motion}, {each.__name__: each for each in types})

    def _motion(self, number: Json) -> Any:
        motions = self._project.motions
        if type(number) is not int or not 0 <= number < len(motions):
            raise ValueError(f"there is no motion {number!r:.20}")
        return motions[number]

    def opened(self, given: dict[str, Any]) -> Opened:
        values = self._project.values
        if given["avatar"] is not None:
            given |= self._on_body(given, values)
        document = self._reader.read_dataclass(Document, values.get("document"), "document", given=given)
        document = self._with_faces_of(document)
        view = self._reader.read(View, values["view"], "view") if values.get("view") else None
        playback = self._reader.read(Playback, values.get("playback", {}), "playback")
        if self._reader.unknown:
            logger.warning("this program does not know, and leaves out: %s", ", ".join(sorted(self._reader.unknown)))
        return Opened(
            document=document,
            view=view,
            playback=playback if playback.motion is not None else None,
            former_path=_path_in(values, "belongs_to"),
            pictures=_path_in(values, "pictures"),
        )

    def _on_body(self, given: Mapping[str, Any], values: Mapping[str, Json]) -> dict[str, Any]:
        """Betas and expression for the body at hand, which may be another edition of the one that was saved on."""
        body, plain = given["body"], values.get("document")
        fresh = document_of(given["avatar"], body)
        plain = plain if isinstance(plain, dict) else {}
        read = self._reader.read
        betas = read(tuple[float, ...], plain.get("betas", []), "betas")
        if any(betas[body.num_betas :]):
            raise ValueError(f"it has {len(betas)} betas, {body.identity.name} {body.num_betas}")
        betas = (*betas[: body.num_betas], *(0.0,) * (body.num_betas - len(betas)))
        strengths = read(tuple[float, ...], plain.get("expression", []), "expression")
        names = read(tuple[str, ...], values.get("expression_names", []), "expression_names")
        if len(names) != len(strengths):
            raise ValueError(f"{len(strengths)} strengths of expression with {len(names)} names")
        self._names = names
        expression = _renamed(strengths, names, body.expression_names)
        return {"body": body, "avatar": fresh.avatar, "betas": betas, "expression": expression}

    def _with_faces_of(self, document: Document) -> Document:
        """The keys of the timeline on the actions of the body at hand."""
        if document.body is None or self._names == document.body.expression_names:
            return document
        wanted, timeline = document.body.expression_names, document.timeline
        keys = tuple(replace(key, value=_renamed(key.value, self._names, wanted)) for key in timeline.expression)
        return replace(document, timeline=replace(timeline, expression=keys))


def _renamed(strengths: tuple[float, ...], names: tuple[str, ...], wanted: tuple[str, ...]) -> tuple[float, ...]:
    """Strengths of actions in another order, those without a counterpart at rest."""
    if names == wanted or len(strengths) != len(names):
        return strengths
    by_name = dict(zip(names, strengths, strict=True))
    return tuple(by_name.get(name, 0.0) for name in wanted)
