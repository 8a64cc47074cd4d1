"""The training from its first step to its last, on whatever machine: what happens when, and what is kept."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor, nn

from ..errors import StudioError
from ..images import write_png
from ..nlf.network import NlfGs
from ..nlf.weights import write_weights
from .checkpoints import Checkpoint, TrainingState, restore, write_checkpoint
from .contact_sheet import NAME as SHEET
from .curve import Tally, append_to_curve, read_curve
from .learner import Canon, Learner
from .objectives import Misses
from .photos import PhotoBatch
from .plots import NAME as CURVE
from .plots import draw_curve
from .processes import Processes
from .schedule import AverageWeights, Stage, stage
from .settings import TrainingSettings

WEIGHTS = "prior.safetensors"
"""In a training's folder: what is shipped and evaluated."""

MAX_LOST = 5

ReportProgress = Callable[[float, str, float | None], None]

logger = logging.getLogger(__name__)


class Trainer:
    """A network that learns, step by step; the same settings and batches give the same network."""

    def __init__(
        self,
        settings: TrainingSettings,
        asked: Canon,
        processes: Processes | None = None,
        *,
        download: bool = False,
        pretrained: bool = True,
    ) -> None:
        """`download` and `pretrained` as in `make_encoder`.

        Raises:
            StudioError: the settings' encoder cannot be had.
        """
        self.settings = settings
        self.processes = processes or Processes()
        self.state = TrainingState()
        self._lost = 0
        torch.manual_seed(settings.seed)
        network = NlfGs(settings.network, download=download, pretrained=pretrained).to(self.processes.device)
        self.network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average = AverageWeights(self.network, settings.averaging)
        self.optimizer = torch.optim.AdamW(_groups(self.network, settings))
        learner = Learner(self.network, asked.to(self.processes.device), settings)
        self._learner: nn.Module = self.processes.shared(learner)

    def go_on_from(self, checkpoint: Checkpoint) -> None:
        """
        Raises:
            StudioError: the checkpoint is of a network of other sizes.
        """
        restore(checkpoint, self.network, self.average.network, self.optimizer)
        self.state = checkpoint.state

    def step(self, batch: PhotoBatch, progress: float) -> tuple[dict[str, Tensor], Misses]:
        """Learn from a batch; what came of it.

        A gradient that is not finite teaches nothing: the step is passed over.

        Raises:
            StudioError: that happened `MAX_LOST` times in succession.
        """
        due = stage(self.settings, self.state.step, progress)
        self._enter(due)
        loss, terms, missed = self._learner(batch.to(self.processes.device), due)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        length = nn.utils.clip_grad_norm_(self.network.parameters(), self.settings.clip)
        if torch.isfinite(length):  # a wait for the device, the only one of a step
            self._lost = 0
            self.optimizer.step()
            self.average.update(self.network, self.state.step)
        else:
            self._lost += 1
        if self._lost == MAX_LOST:
            raise StudioError(
                f"the training came apart in step {self.state.step}",
                hint="go on from the last checkpoint with a lower rate: --resume --set learning_rate=...",
            )
        self.state = replace(
            self.state, step=self.state.step + 1, photos=self.state.photos + len(batch) * self.processes.count
        )
        return {**terms, "gradient": length.detach()}, missed

    def _enter(self, due: Stage) -> None:
        for group in self.optimizer.param_groups:
            group["lr"] = due.learning_rate * group["share"]
        for network in (self.network, self.average.network):
            network.restage(sh_degree=due.sh_degree, predicts_offsets=due.offsets)

    def save(self, folder: Path, facts: dict[str, str]) -> None:
        """Write a checkpoint, and the averaged weights as they would be shipped.

        Raises:
            StudioError: the folder cannot be written to.
        """
        write_checkpoint(folder, self.settings, self.state, self.network, self.average.network, self.optimizer)
        made = {
            "seed": str(self.settings.seed),
            "steps": str(self.state.step),
            "photos": str(self.state.photos),
            "hours": f"{self.state.seconds / 3600.0:.2f}",
            "command": "; ".join(self.state.commands),
        }
        write_weights(folder / WEIGHTS, self.average.network, facts={**facts, **made})


def _groups(network: NlfGs, settings: TrainingSettings) -> list[dict[str, object]]:
    """Biases, norms and frequencies do not decay; a backbone may learn at another rate."""
    groups: list[dict[str, object]] = []
    named = list(network.named_parameters())
    for is_backbone in (False, True):
        for decays in (False, True):
            chosen = [
                weight
                for name, weight in named
                if name.startswith("encoder.backbone.") == is_backbone
                and (weight.ndim > 1 and not name.endswith("frequencies")) == decays
            ]
            share = settings.backbone_rate if is_backbone else 1.0
            groups.append({"params": chosen, "share": share, "weight_decay": settings.weight_decay if decays else 0.0})
    return [group for group in groups if group["params"]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sitting:
    """How long a training is to go on, and where its files go."""

    folder: Path
    minutes: float | None = None
    """Of this sitting; None for as many steps as the settings say."""
    command: str
    """What began it: kept with those of the sittings before."""
    facts: dict[str, str]
    """What is written beside the weights."""
    draw: Callable[[NlfGs], Tensor] | None = None
    """Makes the running contact sheet."""


def train(
    trainer: Trainer,
    batches: Iterable[PhotoBatch],
    sitting: Sitting,
    *,
    report: ReportProgress,
    stopped: Callable[[], bool],
) -> bool:
    """Until the end, or until `stopped`; whether it came to its end. Everything is saved either way.

    One that had come to its end before is left as it is.

    Raises:
        StudioError: the folder cannot be written to, or the training came apart; then too all is saved.
    """
    settings, processes = trainer.settings, trainer.processes
    clock = _Clock(trainer.state, settings, sitting.minutes)
    tally, saved, logged = Tally(), time.monotonic(), (time.monotonic(), trainer.state.step)
    ended = halted = False
    progress, _ = processes.largest(clock.progress(trainer.state.step), 0.0)
    if progress >= 1.0:
        return True
    trainer.state = replace(trainer.state, commands=(*trainer.state.commands, sitting.command))
    for batch in batches:
        try:
            terms, missed = trainer.step(batch, progress)
        except StudioError:
            if processes.leads:
                trainer.save(sitting.folder, sitting.facts)
            raise
        tally.add(terms, missed)
        trainer.state = replace(trainer.state, seconds=clock.seconds())
        progress, halt = processes.largest(clock.progress(trainer.state.step), float(stopped()))
        ended, halted = progress >= 1.0, halt > 0.0
        step = trainer.state.step
        if step % settings.log_every == 0 or ended or halted:
            now = time.monotonic()
            rate = (step - logged[1]) * settings.batch / max(1e-9, now - logged[0])
            logged = now, step
            figures = {"step": step, "photos": trainer.state.photos, "seconds": round(trainer.state.seconds, 1)}
            figures |= {"photos_per_second": round(rate, 2), "progress": round(progress, 5), **tally.taken()}
            if processes.leads:
                append_to_curve(sitting.folder, figures)
                report(progress, _in_words(figures), clock.seconds_left(step))
        late = time.monotonic() - saved > 60.0 * settings.minutes_between_checkpoints
        if processes.leads and (late or ended or halted):
            trainer.save(sitting.folder, sitting.facts)
            _draw(sitting, trainer.average.network, sheet=not halted)  # who waits for the end gets it soon
            saved = time.monotonic()
        if ended or halted:
            break
    return ended


def _draw(sitting: Sitting, network: NlfGs, *, sheet: bool) -> None:
    """What is only looked at: the hours of training are worth more, so no fault in it ends them."""
    try:
        draw_curve(sitting.folder / CURVE, read_curve(sitting.folder))
        if sitting.draw is not None and sheet:
            write_png(sitting.folder / SHEET, sitting.draw(network))
    except Exception:
        logger.exception("the training's pictures could not be drawn")


class _Clock:
    """How much of a training lies behind it: by its steps, or by time where it was given minutes."""

    def __init__(self, state: TrainingState, settings: TrainingSettings, minutes: float | None) -> None:
        self._started, self._before, self._first = time.monotonic(), state.seconds, state.step
        self._steps = settings.steps
        self._seconds = None if minutes is None else 60.0 * minutes

    def seconds(self) -> float:
        """Of training, over all sittings."""
        return self._before + time.monotonic() - self._started

    def progress(self, step: int) -> float:
        """In [0, 1]."""
        if self._seconds is None:
            return min(1.0, step / self._steps)
        return min(1.0, self.seconds() / (self._before + self._seconds))

    def seconds_left(self, step: int) -> float | None:
        gone = time.monotonic() - self._started
        if self._seconds is not None:
            return max(0.0, self._seconds - gone)
        done = step - self._first
        return gone / done * (self._steps - step) if done else None


def _in_words(figures: Mapping[str, int | float]) -> str:
    words = [f"step {figures['step']:.0f}", f"loss {figures.get('loss', float('nan')):.3f}"]
    if "pixels_informed" in figures:
        words.append(f"{figures['pixels_informed']:.1f} px (given {figures['pixels_given']:.1f})")
    if "pixels_blind" in figures:
        words.append(f"{figures['pixels_blind']:.1f} px without evidence")
    words.append(f"{figures['photos_per_second']:.0f} photos/s")
    return ", ".join(words)
