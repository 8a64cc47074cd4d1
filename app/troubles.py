"""Something that goes wrong again and again is said once, and once more when it is over."""

from __future__ import annotations

from collections.abc import Callable

from ..core.errors import StudioError


class Trouble:
    """Of one thing that is tried over and over."""

    def __init__(self, say: Callable[[str, str, bool], object], *, what: str) -> None:
        """`say` is told a message, a hint, and whether it is a trouble (else its end); `what` is tried."""
        self._say = say
        self._what = what
        self.is_on = False

    def met(self, error: BaseException) -> None:
        """It failed."""
        if not self.is_on:
            message, hint = (error.message, error.hint) if isinstance(error, StudioError) else (repr(error), "")
            self._say(f"{self._what} does not work: {message}", hint, True)
        self.is_on = True

    def over(self) -> None:
        """It worked."""
        if self.is_on:
            self._say(f"{self._what} works again", "", False)
        self.is_on = False
