"""Changes of what taking pictures shows."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..captured import Capturing
from ..corrected import Correcting
from ..state import State
from .session import StateAction


@dataclass(frozen=True, slots=True, kw_only=True)
class SetCapturing(StateAction):
    """How capturing goes, and which pictures there are."""

    capturing: Capturing

    def reduced(self, state: State) -> State:
        return replace(state, capturing=self.capturing)


@dataclass(frozen=True, slots=True, kw_only=True)
class SetCorrecting(StateAction):
    """Which picture's outline is corrected, and how far that is; None: it is put away."""

    correcting: Correcting | None

    def reduced(self, state: State) -> State:
        return replace(state, correcting=self.correcting)
