"""The thread that drives: opens the source, gets the tracker ready, and turns each newest picture into a pose.

It sees neither the store nor the window. What it is asked for comes as wishes, what it has comes as the newest sight
and as events; the source's own troubles do not end it, so that it can be told to try again.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, Protocol

import torch

from ..core.channels import LatestSlot
from ..core.errors import StudioError
from ..core.jobs import JobContext
from ..core.tracking.frame_reader import SourceEnded, SourceOpened
from .actions.values import MAX_MAGNITUDE
from .driven import DrivenPose, Sight
from .sight import sight_picture
from .watched_source import Ready, SourceWires, WatchedSource

if TYPE_CHECKING:
    from jaxtyping import Float

    from ..core.body.model import BodyModel
    from ..core.tracking.detection import Frame
    from ..core.tracking.frame_source import FrameSource
    from ..core.tracking.motion_solver import CalibrationState
    from ..core.tracking.solution import TrackedFrame
    from ..core.tracking.tracker_settings import TrackerSettings
    from .settings import DriveSettings

WAIT_SECONDS = 0.1
"""For a picture, before wishes are looked at again."""
PICTURE_SECONDS = 0.06
"""Between two small pictures for the person: more cost time and show nothing."""

Wish = Literal["calibrate", "forget calibration"]


class DrivingTracker(Protocol):
    """What is used of `core.tracking.tracker.Tracker`."""

    settings: TrackerSettings

    @property
    def calibration(self) -> CalibrationState: ...

    def track(self, frame: Frame) -> TrackedFrame: ...

    def calibrate(self) -> None: ...

    def forget_calibration(self) -> None: ...

    def close(self) -> None: ...


class Equipment(Protocol):
    """Where sources and trackers come from; tests bring their own."""

    def open_source(self, source: str) -> FrameSource: ...

    def prepare(self, body: BodyModel, report: Callable[[float, str], None]) -> None: ...

    def tracker(
        self,
        body: BodyModel,
        betas: Float[torch.Tensor, " S"],
        *,
        width: int,
        height: int,
        settings: TrackerSettings,
    ) -> DrivingTracker: ...


class TrackingEquipment:
    """The real ones."""

    def open_source(self, source: str) -> FrameSource:
        from ..core.tracking.sources import open_source

        return open_source(source)

    def prepare(self, body: BodyModel, report: Callable[[float, str], None]) -> None:
        from ..core.tracking.tracker import prepare

        prepare(body, report)

    def tracker(
        self,
        body: BodyModel,
        betas: Float[torch.Tensor, " S"],
        *,
        width: int,
        height: int,
        settings: TrackerSettings,
    ) -> DrivingTracker:
        from ..core.tracking.tracker import Tracker

        return Tracker(body, betas, width=width, height=height, settings=settings)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Calibrated:
    """A calibration came to its end."""

    succeeded: bool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Request:
    """What is driven by what."""

    source: str
    body: BodyModel
    betas: Float[torch.Tensor, " S"]
    settings: DriveSettings


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DriveWires(SourceWires[Calibrated, Wish]):
    """Beside what every source has: poses, and how they are to be found."""

    sights: LatestSlot[Sight] = field(default_factory=LatestSlot)
    settings: LatestSlot[DriveSettings] = field(default_factory=LatestSlot)


def drive(context: JobContext, request: Request, wires: DriveWires, equipment: Equipment) -> None:
    """Until the source ends or the job is cancelled.

    Raises:
        StudioError: the tracker cannot work on this machine, or on this body.
        Cancelled: the person wants it to stop.
    """
    run = _Run(context, request, wires, equipment)
    try:
        while not run.is_over:
            run.step()
    finally:
        run.close()


class _Run:
    def __init__(self, context: JobContext, request: Request, wires: DriveWires, equipment: Equipment) -> None:
        self.is_over = False
        self._context = context
        self._request = request
        self._wires = wires
        self._equipment = equipment
        self._settings = request.settings
        self._began = time.monotonic()
        self._tracker: DrivingTracker | None = None
        self._size = (0, 0)
        self._pictured_at = 0.0
        # The source is opened first: that it is missing is said at once, not after another body's face is learned.
        self._source = WatchedSource(
            request.source,
            equipment.open_source,
            wires.events.put,
            loop=self._settings.loop,
            mirror=self._settings.mirror,
        )

    def step(self) -> None:
        self._context.check()
        self._take_settings()
        for wish in self._wires.wishes.drain():
            self._grant(wish)
        for event in self._source.drain():
            self._wires.events.put(event)
            self.is_over |= isinstance(event, SourceEnded)
            if isinstance(event, SourceOpened) and self._begins_anew(event):
                break  # what followed was told of the first opening
        if self._tracker is None:
            time.sleep(WAIT_SECONDS)
            return
        frame = self._source.next(WAIT_SECONDS)
        if frame is not None:
            self._wires.sights.put(self._seen(frame, self._tracker))

    def _grant(self, wish: Wish | Literal["retry"]) -> None:
        if wish == "retry":
            self._source.retry()
        elif self._tracker is not None:
            self._tracker.calibrate() if wish == "calibrate" else self._tracker.forget_calibration()

    def _take_settings(self) -> None:
        settings = self._wires.settings.take()
        if settings is not None:
            self._settings = settings
            self._source.show_mirrored(settings.mirror)
            if self._tracker is not None:
                self._tracker.settings = settings.tracker

    def _begins_anew(self, opened: SourceOpened) -> bool:
        """Have a tracker for pictures of that size, and say whether the source was opened once more for it.

        With a body that is not the built-in one the first time on a machine takes long.
        """
        size = (opened.width, opened.height)
        if self._tracker is not None and size == self._size:
            return False
        request, is_first = self._request, self._tracker is None
        if is_first:
            self._equipment.prepare(request.body, self._context.report)
        self._put_tracker_away()
        self._context.report(1.0, "starting to track")
        self._tracker = self._equipment.tracker(
            request.body, request.betas, width=size[0], height=size[1], settings=self._settings.tracker
        )
        self._size = size
        self._wires.events.put(Ready())
        if not is_first or opened.live:
            return False
        self._source.begin_anew()
        return True

    def _seen(self, frame: Frame, tracker: DrivingTracker) -> Sight:
        now = time.monotonic()
        taken_at = now - self._source.age(frame)
        # The reader counts anew when it tries again; for the tracker time goes on.
        was_measuring = tracker.calibration == "measuring"
        tracked = tracker.track(replace(frame, seconds=taken_at - self._began))
        if was_measuring and (result := tracker.calibration) != "measuring":
            self._wires.events.put(Calibrated(succeeded=result == "done"))
        took = 1e3 * (time.monotonic() - now)
        picture = None
        if now - self._pictured_at >= PICTURE_SECONDS:
            self._pictured_at = now
            picture = sight_picture(frame, tracked.detection)
        return Sight(
            pose=_plain(tracked),
            confidence=tracked.confidence,
            milliseconds={**tracked.milliseconds, "all": took},
            taken_at=taken_at,
            picture=picture,
            whole=frame.image[:, ::-1] if self._settings.mirror else frame.image,
        )

    def close(self) -> None:
        """Ends only when the source is closed: what follows may count on it."""
        self._source.close()
        self._put_tracker_away()

    def _put_tracker_away(self) -> None:
        # A tracker is closed once only, even when closing it fails.
        tracker, self._tracker = self._tracker, None
        if tracker is not None:
            tracker.close()


def _plain(tracked: TrackedFrame) -> DrivenPose:
    """
    Raises:
        StudioError: the tracker gave what no avatar can take.
    """
    pose = tracked.pose
    values = torch.cat([pose.rotations.flatten(), pose.translation, pose.expression])
    if not bool((values.abs() <= MAX_MAGNITUDE).all()):  # NaN is not
        raise StudioError("the tracker lost the person: its pose is not a number of sensible size", hint="try again")
    x, y, z = tracked.pose.translation.tolist()
    return DrivenPose(
        rotations=tuple((a, b, c) for a, b, c in tracked.pose.rotations.tolist()),
        translation=(x, y, z),
        expression=tuple(tracked.pose.expression.tolist()),
    )
