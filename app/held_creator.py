"""The one maker of avatars of a session: its detectors and its network are loaded once, and stay until the end."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, TypeVar

from ..core.background import give_way

if TYPE_CHECKING:
    from ..core.creation.creator import AvatarCreator

T = TypeVar("T")
Report = Callable[[float, str], None]
_WAITING_SECONDS = 0.1
"""Between two looks whether it is somebody's turn."""
LOADING = 0.3
"""Of the work of whoever comes first."""


class HeldCreator:
    """Has a thread of its own, on which it serves one job after another."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "creator", initializer=give_way)
        self._creator: AvatarCreator | None = None

    def use(self, work: Callable[[AvatarCreator, Report], T], report: Report) -> T:
        """What `work` makes with it; for jobs, which wait here. An error of `report` ends the work, and the waiting.

        Raises:
            StudioError: it cannot be loaded on this machine.
        """
        future = self._thread.submit(self._use, work, report)
        try:
            while not wait((future,), _WAITING_SECONDS).done:
                if not future.running():
                    report(0.0, "waiting until other pictures are placed")
        except BaseException:
            future.cancel()
            raise
        return future.result()

    def _use(self, work: Callable[[AvatarCreator, Report], T], report: Report) -> T:
        share = 0.0 if self._creator is not None else LOADING
        if self._creator is None:
            self._creator = _loaded(lambda fraction, message: report(share * fraction, message))
        return work(self._creator, lambda fraction, message: report(share + (1.0 - share) * fraction, message))

    def close(self) -> None:
        """After the jobs that use it have ended."""
        if self._creator is not None:
            self._thread.submit(self._put_away)
        self._thread.shutdown()

    def _put_away(self) -> None:
        creator, self._creator = self._creator, None
        if creator is not None:
            creator.close()


def _loaded(report: Report) -> AvatarCreator:
    report(0.0, "getting ready")  # what is imported here takes seconds the first time
    from ..core.body.body_registry import default_body
    from ..core.creation.creator import avatar_creator

    body = default_body(lambda fraction, message: report(0.5 * fraction, message))
    return avatar_creator(body, report=lambda fraction, message: report(0.5 + 0.5 * fraction, message))
