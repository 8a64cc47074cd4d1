"""Errors that the person at the program can mend."""


class StudioError(Exception):
    """Something the user can put right: `message` says what is wrong, `hint` what to do next.

    Shown in the window's status bar; in the terminal the program prints both and ends with exit code 2.
    """

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


class Cancelled(Exception):  # noqa: N818 - not an error: the person asked for it
    """Raised inside long work when the person cancels it."""
