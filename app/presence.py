"""Lays what is seen of a person over the document's pose, without a jump: it arrives, is held, and goes back.

Owned by the driver; knows neither the store nor the thread that looks.
"""

from __future__ import annotations

from dataclasses import replace

from ..core.body.interpolation import PoseValue, expression_between, pose_between
from .driven import DrivenPose, Sight, Vector
from .settings import DriveSettings
from .state import Document

HELD_SECONDS = 1.0
"""What was seen last stands so long when no picture comes."""
ARRIVING_SECONDS, LEAVING_SECONDS = 0.4, 1.2
"""From the document's pose to what is seen, and back."""


class Presence:
    def __init__(self) -> None:
        self._sight: Sight | None = None
        self._seen_at = 0.0
        self._home: Vector | None = None
        self._share = 0.0
        """How much of what stands is what was seen: 0 is the document's own pose."""
        self._key: tuple[object, ...] = ()
        self._pose: DrivenPose | None = None

    def begin(self) -> None:
        """Where the person is next is where the avatar stands."""
        self._home = None

    def see(self, sight: Sight, now: float) -> None:
        self._sight, self._seen_at = sight, now
        if self._home is None and max(sight.confidence.face, sight.confidence.body) > 0.0:
            self._home = sight.pose.translation

    def pose(
        self, document: Document, settings: DriveSettings, *, is_on: bool, now: float, elapsed: float
    ) -> DrivenPose | None:
        """What is to stand now, `elapsed` seconds after the last call; None for the document's own pose.

        The same object while it is the same.
        """
        if self._sight is not None and len(self._sight.pose.expression) != len(document.expression):
            self._sight = None  # of another body
        if self._sight is None:
            self._share = 0.0
            return None
        stays = is_on and now - self._seen_at <= HELD_SECONDS
        step = elapsed / ARRIVING_SECONDS if stays else -elapsed / LEAVING_SECONDS
        self._share = min(1.0, max(0.0, self._share + step))
        if self._share == 0.0 and not stays:
            self._sight = None
            return None
        key = (self._sight, self._share, settings, document.rotations, document.expression, document.translation)
        if key != self._key:
            seen = replace(self._sight.pose, translation=self._placed(self._sight.pose.translation, document, settings))
            self._key, self._pose = key, seen if self._share == 1.0 else _between(document, seen, self._share)
        return self._pose

    def _placed(self, place: Vector, document: Document, settings: DriveSettings) -> Vector:
        """Where the avatar stands: as far from the document's place as the person from where they began."""
        if self._home is None:
            return document.translation
        step = [now - before for now, before in zip(place, self._home, strict=True)]
        if not settings.follows_place:
            # Who stays in place still crouches and jumps, where the whole body is seen.
            step = [0.0, step[1] if settings.tracker.parts == "whole" else 0.0, 0.0]
        x, y, z = document.translation
        return (x + step[0], y + step[1], z + step[2])


def _between(document: Document, seen: DrivenPose, share: float) -> DrivenPose:
    share = share * share * (3.0 - 2.0 * share)
    own = PoseValue(rotations=document.rotations, translation=document.translation)
    pose = pose_between(own, PoseValue(rotations=seen.rotations, translation=seen.translation), share)
    return DrivenPose(
        rotations=pose.rotations,
        translation=pose.translation,
        expression=expression_between(document.expression, seen.expression, share),
    )
