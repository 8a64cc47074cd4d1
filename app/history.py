"""Undo and redo of documents, as a value: one change one step, one drag one step, bounded in steps and bytes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, is_dataclass, replace
from itertools import chain, takewhile

import torch

from .state import Document

MAX_STEPS = 200
MAX_BYTES = 1 << 30
"""Tensors that several documents share count once: a slider's step costs nothing, an edited avatar what was edited."""


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """Documents before and after the present one."""

    past: tuple[Document, ...] = ()
    """Oldest first."""
    future: tuple[Document, ...] = ()
    """The next one to redo first."""
    drag_start: Document | None = None
    """The document when the drag began that is going on."""


def recorded(history: History, before: Document, after: Document) -> History:
    """`before` became `after` by a change of the person's: one step, unless a drag goes on."""
    if history.drag_start is not None or after is before:
        return history
    return replace(history, past=_bounded((*history.past, before)), future=())


def drag_begun(history: History, present: Document) -> History:
    return replace(history, drag_start=present)


def drag_ended(history: History, present: Document) -> tuple[History, Document]:
    """All that changed since the drag began is one step; a drag that ended where it began is none."""
    start = history.drag_start
    if start is None:
        return history, present
    history = replace(history, drag_start=None)
    if present == start:
        return history, start
    return recorded(history, start, present), present


def undone(history: History, present: Document) -> tuple[History, Document]:
    if not history.past:
        return history, present
    return replace(history, past=history.past[:-1], future=(present, *history.future)), history.past[-1]


def redone(history: History, present: Document) -> tuple[History, Document]:
    if not history.future:
        return history, present
    return replace(history, past=(*history.past, present), future=history.future[1:]), history.future[0]


def origins(history: History) -> set[int]:
    """Which opened documents undo and redo can still reach."""
    return {document.origin for document in (*history.past, *history.future)}


def _bounded(past: tuple[Document, ...]) -> tuple[Document, ...]:
    """The newest documents that fit into the bounds; the newest of all is kept whatever it weighs."""
    newest_first = past[::-1][:MAX_STEPS]
    seen: set[int] = set()
    total = 0

    def fits(document: Document) -> bool:
        nonlocal total
        motions = [clip.motion for clip in document.timeline.clips]
        for tensor in (*_tensors(document.avatar), *_tensors(document.static), *chain(*map(_tensors, motions))):
            if id(tensor) not in seen:
                seen.add(id(tensor))
                total += tensor.element_size() * tensor.nelement()
        return total <= MAX_BYTES

    kept = newest_first[:1] + tuple(takewhile(fits, newest_first))[1:]
    return kept[::-1]


def _tensors(value: object) -> Iterable[torch.Tensor]:
    """The tensors inside a dataclass of dataclasses."""
    if isinstance(value, torch.Tensor):
        yield value
    elif is_dataclass(value):
        for field in fields(value):
            yield from _tensors(getattr(value, field.name))
