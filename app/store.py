"""The program's one mutable object: holds the state and the history, and takes actions on one thread only."""

from __future__ import annotations

import threading
from dataclasses import replace

from . import history as steps
from .actions import Action, BeginDrag, DocumentAction, EndDrag, KeepRefined, OpenDocument, Redo, Undo
from .history import History
from .state import Document, DocumentFile, State


class Store:
    """`state` is replaced by every action; read it once a frame and compare parts by identity."""

    def __init__(self, state: State | None = None) -> None:
        self._state = state or State()
        self._history = History()
        self._thread = threading.get_ident()

    @property
    def state(self) -> State:
        return self._state

    @property
    def can_undo(self) -> bool:
        return bool(self._history.past) or self.dragging

    @property
    def can_redo(self) -> bool:
        return bool(self._history.future)

    @property
    def dragging(self) -> bool:
        return self._history.drag_start is not None

    def dispatch(self, action: Action) -> State:
        """Take an action; the new state.

        Raises:
            ValueError: the action holds values that the state cannot take; nothing has changed.
        """
        assert threading.get_ident() == self._thread, "the store belongs to the thread that made it"
        self._state, self._history = reduced(self._state, self._history, action)
        return self._state


def reduced(state: State, history: History, action: Action) -> tuple[State, History]:
    """What the state and the history become by an action.

    One that puts another avatar in place of the one that is being refined first keeps what was made of it.
    """
    after = _reduced(state, history, action)
    if state.refining.avatar is None or after[0].document.avatar is state.document.avatar:
        return after
    return _reduced(*_reduced(state, history, KeepRefined()), action)


def _reduced(state: State, history: History, action: Action) -> tuple[State, History]:
    present = state.document
    if isinstance(action, KeepRefined):
        history, present = steps.drag_ended(history, present)
        state = _showing(state, present).kept
        return state, steps.recorded(history, present, state.document)
    if isinstance(action, BeginDrag):
        history, document = steps.drag_ended(history, present)
        return _showing(state, document), steps.drag_begun(history, document)
    if isinstance(action, EndDrag):
        history, document = steps.drag_ended(history, present)
        return _showing(state, document), history
    if isinstance(action, Undo | Redo):
        history, document = steps.drag_ended(history, present)
        move = steps.undone if isinstance(action, Undo) else steps.redone
        history, document = move(history, document)
        return _showing(state, document), history
    if isinstance(action, DocumentAction):
        document = action.changed(present)
        if document == present:
            return state, history
        return _showing(state, document), steps.recorded(history, present, document)
    if isinstance(action, OpenDocument):
        history, present = steps.drag_ended(history, present)
        state = action.reduced(state)
        if present.avatar is not None or present.static is not None:
            history = steps.recorded(history, present, state.document)
        return _without_unreachable(state, history), history
    return action.reduced(state), history


def _showing(state: State, document: Document) -> State:
    return state if document is state.document else replace(state, document=document)


def _without_unreachable(state: State, history: History) -> State:
    """Forget what lies in the files of documents that undo can no longer reach, so that they free their memory."""
    reachable = steps.origins(history) | {state.document.origin}
    files = tuple(
        file if origin in reachable else DocumentFile(path=file.path) for origin, file in enumerate(state.files)
    )
    return replace(state, files=files)
