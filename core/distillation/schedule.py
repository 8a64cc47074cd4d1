"""What changes while a network is trained: the learning rate, the stages, the average of the weights."""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass

import torch

from ..nlf.network import NlfGs
from .settings import TrainingSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What a step asks of the network."""

    learning_rate: float
    absolute: bool
    offsets: bool
    sh_degree: int
    own_places: float
    """Of the photos, decoded where Gaussians were found instead of where they are."""
    pictures: bool


def stage(settings: TrainingSettings, step: int, progress: float) -> Stage:
    """Of step 0, 1, ...; `progress` in [0, 1] is how much of the whole training lies behind it."""
    warm = min(1.0, (step + 1) / settings.warm_up)
    cosine = 0.5 * (1.0 + math.cos(math.pi * min(1.0, progress)))
    rate = settings.learning_rate * warm * (settings.last_rate + (1.0 - settings.last_rate) * cosine)
    late = (progress - settings.harmonics_from) / max(1e-9, 1.0 - settings.harmonics_from)
    degrees = settings.network.sh_degree
    return Stage(
        learning_rate=rate,
        absolute=progress >= settings.absolute_from,
        offsets=progress >= settings.offsets_from,
        sh_degree=min(degrees, 1 + int(late * degrees)) if late >= 0.0 else 0,
        own_places=settings.own_places * min(1.0, 2.0 * progress),
        pictures=draws_pictures(settings, step) and progress >= settings.pictures_from,
    )


def draws_pictures(settings: TrainingSettings, step: int) -> bool:
    """Whether this step's photos are made so that its result can be drawn."""
    every = settings.pictures_every
    return every > 0 and step % every == every - 1


class AverageWeights:
    """An exponential moving average of a network's weights: what is evaluated and shipped."""

    def __init__(self, network: NlfGs, decay: float) -> None:
        self.network = copy.deepcopy(network).eval().requires_grad_(False)
        self.decay = decay

    @torch.no_grad()
    def update(self, network: NlfGs, step: int) -> None:
        """Short at first, so that the weights of the beginning are soon forgotten."""
        decay = min(self.decay, (1 + step) / (10 + step))
        mine, theirs = self.network.state_dict(), network.state_dict()
        for name, value in mine.items():
            if value.is_floating_point():
                value.lerp_(theirs[name], 1.0 - decay)
            else:
                value.copy_(theirs[name])
