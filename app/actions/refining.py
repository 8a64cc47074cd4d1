"""What refining does to the state: it never changes the document but by `KeepRefined`."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..refined import Refinement
from ..state import State
from .session import StateAction


@dataclass(frozen=True, slots=True, kw_only=True)
class SetRefining(StateAction):
    """How refining goes, and what it has made so far."""

    refining: Refinement

    def reduced(self, state: State) -> State:
        made, body = self.refining.avatar, state.document.body
        if made is not None and (self.refining.base is not state.document.avatar or body is None):
            raise ValueError("what was made of another avatar is none of this document")
        return replace(state, refining=self.refining)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepRefined:
    """What refining has made so far becomes the document's avatar: one step of undo."""
