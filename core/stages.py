"""What every pipeline from pose to Gaussians does alike: run a stage only when one of its inputs is another object."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar

from .avatar.avatar import Avatar
from .body.model import BodyModel

T = TypeVar("T")


class Stages:
    """Remembers each stage's last result by the identity of its inputs; belongs to one thread."""

    def __init__(self, body: BodyModel) -> None:
        self.body = body
        self.timings: dict[str, float] = {}
        """Milliseconds that each stage's last run held up the caller."""
        self.last_run: tuple[str, ...] = ()
        """The stages that the last call had to run, in order."""
        self._remembered: dict[str, tuple[tuple[Any, ...], Any]] = {}

    def _begin(self, avatar: Avatar) -> None:
        """Start a call.

        Raises:
            ValueError: the avatar was made for another body.
        """
        if avatar.body.fingerprint != self.body.identity.fingerprint:
            raise ValueError(f"{avatar.name} wants the body {avatar.body.name}, not {self.body.identity.name}")
        self.last_run = ()

    def _stage(self, name: str, compute: Callable[[], T], *inputs: Any) -> T:
        """What `compute` gave for these very objects, or gives now."""
        remembered = self._remembered.get(name)
        if remembered is not None and all(new is old for new, old in zip(inputs, remembered[0], strict=True)):
            return remembered[1]
        started = time.perf_counter()
        result = compute()
        self.timings[name] = 1e3 * (time.perf_counter() - started)
        self.last_run = (*self.last_run, name)
        self._remembered[name] = (inputs, result)
        return result
