"""Dresses the avatar in the background: the window goes on, and of several wishes the last one counts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import torch

from ..core.errors import StudioError
from ..core.jobs import JobContext
from .actions import Action, SetAvatar
from .scene import Scene, prepared
from .services import Services
from .state import Document

if TYPE_CHECKING:
    from ..core.avatar.avatar import Avatar
    from ..core.avatar.look import Look

JOB = "dress"
DEFAULT_K = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """How somebody shall look, and how they shall be built (as the document is where None)."""

    look: Look
    betas: tuple[float, ...] | None = None
    name: str | None = None


@dataclass(slots=True)
class _Wishes:
    """The one that is worked on, and the one to come after it."""

    working: Wish
    waiting: Wish | None = None


_wishes: WeakKeyDictionary[Services, _Wishes] = WeakKeyDictionary()


def present_look(services: Services) -> Look | None:
    """The look that was asked for last, else the avatar's own; None for an avatar that no wardrobe made."""
    from ..core.avatar.wardrobe import look_of

    wishes = _wishes.get(services)
    if wishes is not None:
        return (wishes.waiting or wishes.working).look
    avatar = services.store.state.document.avatar
    return None if avatar is None else look_of(avatar)


def dress(services: Services, wish: Wish) -> None:
    """Start to dress the document's body; one undo step when it is done.

    Raises:
        StudioError: there is no body to dress.
    """
    document = services.store.state.document
    if document.body is None or document.avatar is None:
        raise StudioError("there is nobody to dress", hint="open an avatar first")
    wishes = _wishes.get(services)
    if wishes is not None:
        waited = wishes.waiting or wishes.working
        # A build that is not there yet stays wished for.
        wishes.waiting = (
            wish if wish.betas is not None else replace(wish, betas=waited.betas, name=wish.name or waited.name)
        )
        return
    _wishes[services] = _Wishes(working=wish)
    _start(services, wish, document)


def _start(services: Services, wish: Wish, document: Document) -> None:
    def work(context: JobContext) -> tuple[SetAvatar, Scene]:
        context.report(0.1, "dressing the avatar")
        change = SetAvatar(avatar=_dressed(document, wish), betas=wish.betas)
        context.report(0.7, "putting it on")
        return change, prepared(change.changed(document), drawing=False)

    def finish(result: tuple[SetAvatar, Scene]) -> Iterable[Action]:
        change, scene = result
        present = services.store.state.document
        waiting = _wishes.pop(services).waiting
        # Another avatar may have been opened meanwhile, or a step undone: then nobody waits for this one.
        if present.body is not document.body or present.avatar is not document.avatar:
            return
        if waiting is None:
            services.scene = scene
            yield change
        else:
            _wishes[services] = _Wishes(working=waiting)
            _start(services, waiting, present)

    def fail(_: BaseException) -> Iterable[Action]:
        _wishes.pop(services, None)
        return ()

    try:
        services.start(JOB, work, finish, fail)
    except StudioError:
        _wishes.pop(services, None)
        raise


def _dressed(document: Document, wish: Wish) -> Avatar:
    from ..core.avatar.wardrobe import dressed_avatar, look_of

    assert document.body is not None
    assert document.avatar is not None
    betas = torch.tensor(document.betas if wish.betas is None else wish.betas, dtype=torch.float32)
    k = document.avatar.template.k if look_of(document.avatar) is not None else DEFAULT_K
    name = wish.name or document.avatar.name
    return dressed_avatar(document.body, wish.look, k, betas, name=name)
