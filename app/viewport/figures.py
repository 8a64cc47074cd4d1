"""What the program measures of itself while it runs: pictures, not frames; stages; the wait from hand to eye."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

WINDOW_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What the overlay shows."""

    images_per_second: float = 0.0
    """New pictures; showing the same one again does not count."""
    stages: dict[str, float] = field(default_factory=dict)
    """Milliseconds of each stage of the last picture that ran it."""
    latency: float | None = None
    """Milliseconds from the poll that saw the last input to the moment its picture was presented."""
    num_gaussians: int = 0
    renderer: str = ""
    fallback: bool = False
    """Whether pictures reach the window by the slower way."""
    width: int = 0
    height: int = 0


class PictureClock:
    """Counts the new pictures of the last second."""

    def __init__(self) -> None:
        self._times: deque[float] = deque()

    def tick(self, now: float) -> None:
        """A new picture was presented; `now` in seconds of a steady clock."""
        self._times.append(now)

    def rate(self, now: float) -> float:
        """Pictures a second: 0 when the last second brought none."""
        while self._times and self._times[0] <= now - WINDOW_SECONDS:
            self._times.popleft()
        return len(self._times) / WINDOW_SECONDS


class LatencyClock:
    """From the poll that saw an input to the end of the present that showed its picture."""

    def __init__(self, *, frames_behind: int = 0) -> None:
        self._polled_at = 0.0
        self._waiting_since: float | None = None
        self._drawn_frames_ago: int | None = None
        self.frames_behind = frames_behind
        """How many presents after its upload a picture is seen."""
        self.milliseconds: float | None = None

    def polled(self, now: float) -> None:
        """The window system is about to be asked for input."""
        self._polled_at = now

    def input_changed_something(self) -> None:
        """What the last poll brought changed what is to be seen; the oldest unseen change counts."""
        if self._waiting_since is None:
            self._waiting_since = self._polled_at

    def drawn(self) -> None:
        """A picture of the present state was uploaded."""
        if self._waiting_since is not None and self._drawn_frames_ago is None:
            self._drawn_frames_ago = 0

    def nothing_drawn(self) -> None:
        """The input changed nothing that is to be seen: there is no picture to wait for."""
        if self._drawn_frames_ago is None:
            self._waiting_since = None

    def presented(self, now: float) -> None:
        if self._drawn_frames_ago is None or self._waiting_since is None:
            return
        if self._drawn_frames_ago < self.frames_behind:
            self._drawn_frames_ago += 1
            return
        self.milliseconds = 1000.0 * (now - self._waiting_since)
        self._waiting_since, self._drawn_frames_ago = None, None
