"""Refining as a job: it runs on a thread of its own, and is watched and steered through wires.

What is judged and what is shown take their time from what is learned, so both wait the longer the more they cost.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from statistics import fmean
from typing import Literal

from ..avatar.avatar import Avatar, Provenance
from ..body.model import BodyModel
from ..channels import EventQueue, LatestSlot
from ..errors import StudioError
from ..jobs import JobContext
from .observation import Observation
from .refiner import Refiner, StepFigures
from .settings import RefineSettings

FIGURES_EVERY = 0.5
"""Seconds between figures, whose loss and PSNR are means over the steps since the last ones and the round before."""
SHOWING_SHARE, JUDGING_SHARE = 0.05, 0.04
"""Of the time, at most, that snapshots and the held-out pictures may take."""
MOST_JUDGED = 8
"""Held-out pictures, spread over all of them."""
MOST_ASTRAY = 50
"""Steps one after the other whose loss is no number."""
_PAUSE = 0.05
"""Seconds between looks at the wishes while nothing is done."""

Wish = Literal["pause", "resume", "stop"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RefineRequest:
    """All that refining needs, captured when it is asked for."""

    body: BodyModel
    avatar: Avatar
    observations: tuple[Observation, ...]
    held_out: tuple[Observation, ...] = ()
    seconds: float | None = None
    """Of work since the first step, pauses not counted; None: until it is stopped."""
    settings: RefineSettings = field(default_factory=RefineSettings)


@dataclass(frozen=True, slots=True, kw_only=True)
class RefineFigures:
    """How well it goes."""

    step: int
    seconds: float
    """Of work since the first step, pauses not counted."""
    loss: float
    psnr: float
    """Of the pictures learned from, inside their masks."""
    held_out_psnr: float | None
    """None where it was not judged at this moment, or nothing is held out."""
    num_gaussians: int
    sh_degree: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Snapshot:
    """The avatar as it is now, for others to keep."""

    avatar: Avatar
    figures: RefineFigures


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RefineWires:
    """Between the job and who watches it."""

    snapshots: LatestSlot[Snapshot] = field(default_factory=LatestSlot)
    figures: EventQueue[RefineFigures] = field(default_factory=EventQueue)
    wishes: EventQueue[Wish] = field(default_factory=EventQueue)
    arrivals: EventQueue[Observation] = field(default_factory=EventQueue)
    """More pictures, which join while the others are learned from."""
    snapshot_every: float = 0.1
    """Seconds, at least."""


def refine(context: JobContext, request: RefineRequest, wires: RefineWires) -> Snapshot:
    """Improve the avatar until its time is over or "stop" is wished; what there is then.

    However else it ends, by cancelling or by an error, the last snapshot lies in its slot.

    Raises:
        StudioError: there is nothing to learn from, memory does not suffice, or the numbers went astray.
    """
    if not request.observations:
        raise StudioError("there is no picture to learn from", hint="take pictures, or open some")
    context.report(0.0, "preparing to refine")
    run = _Run(context, request, wires)
    try:
        while run.goes_on():
            run.step()
        return run.finished()
    except BaseException:
        if run.last is not None:
            wires.snapshots.put(run.last)
        raise


class _Clock:
    """Seconds of work: it stands while the work does, and before it begins."""

    def __init__(self) -> None:
        self._before, self._since = 0.0, math.inf
        self.is_paused = False

    def begin(self) -> None:
        self._since = time.monotonic()

    @property
    def seconds(self) -> float:
        return self._before + (0.0 if self.is_paused else max(0.0, time.monotonic() - self._since))

    def pause(self) -> None:
        self._before, self.is_paused = self.seconds, True

    def resume(self) -> None:
        if self.is_paused:
            self._since, self.is_paused = time.monotonic(), False


class _Run:
    """One sitting of refining."""

    def __init__(self, context: JobContext, request: RefineRequest, wires: RefineWires) -> None:
        self._context, self._request, self._wires = context, request, wires
        self.last: Snapshot | None = None
        self._refiner = Refiner(
            request.body,
            request.avatar,
            request.observations,
            settings=request.settings,
            held_out=_spread(request.held_out, MOST_JUDGED),
        )
        self._pictures = {observation.picture for observation in request.observations}
        self._num_observations = len(request.observations)
        self._recent: list[StepFigures] = []
        self._is_stopped = False
        self._num_astray = 0
        self._next_figures = self._next_snapshot = self._next_judgement = 0.0
        self._clock = _Clock()

    def goes_on(self) -> bool:
        """Follow the wishes, wait through a pause; whether there is a step to do. One is always done."""
        while True:
            for wish in self._wires.wishes.drain():
                if wish == "pause":
                    self._clock.pause()
                elif wish == "resume":
                    self._clock.resume()
                else:
                    self._is_stopped = True
            if self.last is None:
                return True
            planned = self._request.seconds
            if self._is_stopped or (planned is not None and self._clock.seconds >= planned):
                return False
            if not self._clock.is_paused:
                return True
            self._report("paused")
            time.sleep(_PAUSE)

    def step(self) -> None:
        """One picture, and what is due besides."""
        for observation in self._wires.arrivals.drain():
            self._refiner.add(observation)
            self._pictures.add(observation.picture)
            self._num_observations += 1
        # Judged before the step, as its loss is: both tell of the avatar before it.
        held_out_psnr = self._judged() if self._clock.seconds >= self._next_judgement else None
        figures = self._refiner.step()
        if self.last is None:
            self._clock.begin()  # what came before was preparing: kernels are compiled, memory is found
        if not math.isfinite(figures.loss):
            self._astray(figures)
            return
        self._num_astray = 0
        self._recent.append(figures)
        if self.last is None or self._clock.seconds >= self._next_snapshot:
            self._show(held_out_psnr)
        if held_out_psnr is not None or self._clock.seconds >= self._next_figures:
            self._tell(held_out_psnr)
        self._report(f"step {figures.step:,}")

    def _astray(self, figures: StepFigures) -> None:
        """The refiner learns nothing from such a picture; others may be better."""
        self._num_astray += 1
        if self._num_astray == MOST_ASTRAY:
            raise StudioError(
                f"refining went astray at step {figures.step:,}", hint="the avatar from before is kept; refine that one"
            )
        self._report(f"step {figures.step:,}")

    def finished(self) -> Snapshot:
        """The last word, judged once more."""
        snapshot = self._show(held_out_psnr := self._judged())
        self._tell(held_out_psnr)
        return snapshot

    def _judged(self) -> float | None:
        started = time.monotonic()
        psnr = self._refiner.judge()
        self._next_judgement = self._clock.seconds + (time.monotonic() - started) / JUDGING_SHARE
        return psnr

    def _show(self, held_out_psnr: float | None) -> Snapshot:
        started = time.monotonic()
        avatar = self._refiner.avatar()
        avatar = replace(avatar, provenance=self._provenance())
        self.last = Snapshot(avatar=avatar, figures=self._figures(avatar, held_out_psnr))
        self._wires.snapshots.put(self.last)
        cost = (time.monotonic() - started) / SHOWING_SHARE
        self._next_snapshot = self._clock.seconds + max(self._wires.snapshot_every, cost)
        return self.last

    def _tell(self, held_out_psnr: float | None) -> None:
        assert self.last is not None
        self._wires.figures.put(self._figures(self.last.avatar, held_out_psnr))
        self._next_figures = self._clock.seconds + FIGURES_EVERY
        del self._recent[: -max(1, self._num_observations - 1)]  # single pictures are too different to be compared

    def _figures(self, avatar: Avatar, held_out_psnr: float | None) -> RefineFigures:
        return RefineFigures(
            step=self._recent[-1].step,
            seconds=self._clock.seconds,
            loss=fmean(each.loss for each in self._recent),
            psnr=fmean(each.psnr for each in self._recent),
            held_out_psnr=held_out_psnr,
            num_gaussians=len(avatar.parameters),
            sh_degree=avatar.parameters.sh_degree,
        )

    def _provenance(self) -> Provenance:
        """That of the avatar it began with, and one line of this sitting."""
        before = self._request.avatar.provenance
        line = f"{self._clock.seconds:.0f} s on {len(self._pictures)} pictures, {self._recent[-1].step:,} steps"
        return replace(before, details=(*before.details, ("refined", line)))

    def _report(self, message: str) -> None:
        planned, seconds = self._request.seconds, self._clock.seconds
        if planned is None:
            self._context.report(0.0, message)
        else:
            share = min(1.0, seconds / planned) if planned > 0.0 else 1.0
            self._context.report(share, message, seconds_left=max(0.0, planned - seconds))


def _spread(observations: Sequence[Observation], most: int) -> tuple[Observation, ...]:
    """At most so many, as far from one another as they can be."""
    count = min(most, len(observations))
    return tuple(observations[index * len(observations) // count] for index in range(count))
