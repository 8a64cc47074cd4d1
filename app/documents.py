"""From names and files to documents and back; runs in jobs, so it sees neither the store nor the window."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from ..core.errors import StudioError
from .state import Document, Vector

if TYPE_CHECKING:
    from ..core.avatar.avatar import Avatar
    from ..core.body.model import BodyModel
    from ..core.gaussians import Gaussians

DEFAULT = "default"
"""The name, in place of a file, of the simply dressed person on the built-in body."""
SUFFIXES = (".npz", ".ply")

ReportProgress = Callable[[float, str], None]


class BodyMissingError(StudioError):
    """The body of an avatar is not at hand, but another one is that has the same faces."""


def read_document(source: str | Path, report: ReportProgress, *, stand_in: bool = False) -> Document:
    """`default`, an avatar (NPZ, rigged PLY), or a splat file to look at (PLY).

    With `stand_in` an avatar whose body is missing is put on another body at hand that has the same faces.

    Raises:
        BodyMissingError: the body that it wants is missing, and `stand_in` would help.
        StudioError: the file cannot be read, or the body is missing.
    """
    if str(source) == DEFAULT:
        return _default_document(report)
    path = Path(source)
    if not str(source) or path.is_dir():
        raise StudioError(
            f"{source} is a folder" if str(source) else "the name of the avatar is empty",
            hint=f"name a file that ends in .nlfgs, {' or '.join(SUFFIXES)}, or `{DEFAULT}`",
        )
    if path.suffix.lower() not in SUFFIXES:
        raise StudioError(
            f"{path.name} is neither a project nor an avatar nor a splat file",
            hint=f"open a file that ends in .nlfgs, {' or '.join(SUFFIXES)}, or `{DEFAULT}`",
        )
    report(0.0, f"reading {path.name}")
    content = _read(path)
    from ..core.avatar.avatar import Avatar

    if not isinstance(content, Avatar):
        return Document(static=content)
    avatar, body = with_body(content, path, report, stand_in)
    try:
        return document_of(avatar, body)
    except ValueError as error:
        raise StudioError(f"{path.name} does not fit its body: {error}", hint="export it again") from error


def with_body(avatar: Avatar, path: Path, report: ReportProgress, stand_in: bool) -> tuple[Avatar, BodyModel]:
    """The avatar with the body that it wants; with `stand_in` on another one that has the same faces.

    Raises:
        BodyMissingError: the body is missing, and `stand_in` would help.
        StudioError: the body is missing.
    """
    from ..core.body.body_registry import builtin_body, find_body, licensed_bodies
    from ..core.body.loader import load_body
    from ..core.storage.stand_in import fits, on_stand_in

    report(0.5, "loading the body")
    try:
        if avatar.body.source == "builtin":
            builtin_body(lambda fraction, message: report(0.5 + 0.4 * fraction, message))
        return avatar, find_body(avatar.body, (path.parent,))
    except StudioError as missing:
        report(0.8, "looking for a body that fits")
        candidates = [builtin_body()]
        if avatar.body.source != "builtin":
            for file in licensed_bodies((path.parent,)):
                with contextlib.suppress(StudioError):  # what is wrong with some other file is not the trouble here
                    candidates.append(load_body(file))
        fitting = next((body for body in candidates if fits(avatar, body)), None)
        if fitting is None:
            raise
        if stand_in:
            return on_stand_in(avatar, fitting), fitting
        raise BodyMissingError(
            missing.message, hint=f"{missing.hint}; or let {fitting.identity.name} stand in for it (--stand-in)"
        ) from missing


def _default_document(report: ReportProgress) -> Document:
    from ..core.avatar.wardrobe import default_avatar
    from ..core.body.body_registry import default_body

    body = default_body(lambda fraction, message: report(0.9 * fraction, message))
    report(0.9, "dressing the avatar")
    return document_of(default_avatar(body), body)


def _read(path: Path) -> Avatar | Gaussians:
    if path.suffix.lower() == ".npz":
        from ..core.storage.avatar_npz import read_avatar

        return read_avatar(path)
    from ..core.storage.gaussian_ply import read_ply

    return read_ply(path)


def document_of(avatar: Avatar, body: BodyModel) -> Document:
    """An avatar in its rest pose, on a body of the name that it wants.

    Raises:
        ValueError: the avatar's faces or betas are not this body's.
    """
    highest_vertex = int(avatar.template.faces.max())
    if highest_vertex >= body.num_vertices or len(avatar.betas) > body.num_betas:
        raise ValueError(
            f"it needs {highest_vertex + 1} vertices and {len(avatar.betas)} betas, "
            f"{body.identity.name} has {body.num_vertices} and {body.num_betas}"
        )
    # The built-in body is made on each machine; its last digits, and so its fingerprint, may differ.
    avatar = avatar if avatar.body == body.identity else replace(avatar, body=body.identity)
    betas = (*avatar.betas.tolist(), *(0.0,) * (body.num_betas - len(avatar.betas)))
    return Document(body=body, avatar=avatar, betas=betas, expression=(0.0,) * body.num_expression)


def as_avatar_file(document: Document, stance: tuple[Vector, ...]) -> Document:
    """What an avatar file holds of a document: no expression, nothing that moves, and it is opened in that `stance`.

    Raises:
        StudioError: it has no avatar.
    """
    avatar = saved_avatar(document)
    expression = (0.0,) * len(document.expression)
    bare = Document(body=document.body, avatar=avatar, betas=document.betas, rotations=stance, expression=expression)
    return replace(bare, avatar=document.avatar, part_styles=document.part_styles, origin=document.origin)


def saved_avatar(document: Document) -> Avatar:
    """The avatar as it is stored: its own betas are those of the document.

    Raises:
        StudioError: the document holds none.
    """
    if document.avatar is None:
        raise StudioError(
            "there is no avatar to save", hint="splat files without a rig can only be viewed and exported as PLY"
        )
    avatar = document.avatar
    if document.part_styles and document.body is not None:
        from ..core.avatar.styles import styled_avatar

        avatar = styled_avatar(avatar, document.body, document.part_styles)
    return replace(avatar, betas=torch.tensor(document.betas, dtype=torch.float32))
