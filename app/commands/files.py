"""Opening, saving and exporting; undo and redo."""

from __future__ import annotations

from pathlib import Path

from ...core.errors import StudioError
from ..actions import Redo, Undo
from ..documents import DEFAULT
from ..endings import ending_of
from ..projects import SUFFIX
from ..services import Services
from .registry import command

SAVED = (SUFFIX, ".npz")
"""Endings of the files that a document can belong to."""


@command("New", effect="document")
def new(services: Services) -> None:
    """Open a fresh default avatar."""
    services.open(DEFAULT)


@command("Open…", effect="document", source="avatar.npz")
def open_(services: Services, *, source: str | Path, stand_in: bool = False) -> None:
    """Open a project, an avatar (NPZ, rigged PLY), `stand_in`: on another body if need be, or a splat file (PLY)."""
    services.open(source, stand_in=stand_in)


@command("Save", effect="nothing")
def save(services: Services) -> None:
    """Save to the file that it came from."""
    path = services.store.state.file.path
    if path is None or path.suffix.lower() not in SAVED:
        raise StudioError("this work has no file of its own yet", hint="use Save as")
    services.save(path)


@command("Save as…", path="saved.nlfgs")
def save_as(services: Services, *, path: str | Path) -> None:
    """Save everything to a project, or the avatar alone to an NPZ file: the file that it belongs to from then on."""
    services.save(Path(path))


@command("Export…", path="exported.ply")
def export(services: Services, *, path: str | Path, rigged: bool = False, up: str = "y") -> None:
    """Write the Gaussians as they stand (PLY), the avatar with its rig (PLY, rigged), or a copy (NPZ, project)."""
    path, ending = Path(path), ending_of(path)
    if ending in SAVED:
        if rigged or up != "y":
            raise StudioError(
                "an avatar file is always rigged and stands y up", hint="`rigged` and `up` are for PLY files"
            )
        services.export_copy(path)
    elif ending in (".ply", ""):
        services.export_ply(path, rigged=rigged, up=up)
    else:
        raise StudioError(f"cannot export to {path.name}", hint=f"give a name that ends in .ply, {' or '.join(SAVED)}")


@command("Cancel", job="open")
def cancel(services: Services, *, job: str) -> None:
    """Stop what runs in the background."""
    services.cancel(job)


@command("Undo", effect="history")
def undo(services: Services) -> None:
    """Take back the last change."""
    services.store.dispatch(Undo())


@command("Redo", effect="history")
def redo(services: Services) -> None:
    """Make the change again that was taken back."""
    services.store.dispatch(Redo())
