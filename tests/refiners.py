"""A refiner that learns nothing but shows how far it is, and what it is given: pictures without anything on them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from creators import creation_of
from nlfgs_studio.core.avatar.avatar import Avatar
from nlfgs_studio.core.body.model import BodyModel
from nlfgs_studio.core.creation.creator import Creation
from nlfgs_studio.core.creation.taken import TakenPicture
from nlfgs_studio.core.training import refine
from nlfgs_studio.core.training.observation import Observation
from nlfgs_studio.core.training.refiner import StepFigures

SIDE = 8
STEP_SECONDS = 0.002
BRIGHTENING = 1e-3
"""What a step adds to the colours."""


def made_of(avatar: Avatar, body: BodyModel, num_pictures: int = 3) -> Creation:
    """As though the avatar had been made of so many pictures."""
    image = np.zeros((SIDE, SIDE, 3), np.uint8)
    return creation_of(
        avatar, body, [TakenPicture(name=f"{number}.jpg", image=image) for number in range(num_pictures)]
    )


@dataclass
class FakeRefining:
    """In place of the refiner of `core.training.refine`; what was asked of it."""

    broken: Exception | None = None
    """Raised by the step after next."""
    given: tuple[Observation, ...] = ()
    held_out: tuple[Observation, ...] = ()
    arrived: list[Observation] = field(default_factory=list)
    num_steps: int = 0

    def stand_in(self, monkeypatch) -> FakeRefining:
        monkeypatch.setattr(refine, "Refiner", self._refiner)
        return self

    def _refiner(
        self,
        _body: BodyModel,
        avatar: Avatar,
        observations: Sequence[Observation],
        *,
        held_out: Sequence[Observation],
        **_settings: object,
    ) -> _FakeRefiner:
        self.given, self.held_out, self.num_steps = tuple(observations), tuple(held_out), 0
        return _FakeRefiner(self, avatar)


class _FakeRefiner:
    def __init__(self, refining: FakeRefining, avatar: Avatar) -> None:
        self._refining = refining
        self._avatar = avatar

    def step(self) -> StepFigures:
        time.sleep(STEP_SECONDS)
        self._refining.num_steps += 1
        step = self._refining.num_steps
        if self._refining.broken is not None and step > 2:
            raise self._refining.broken
        return StepFigures(step=step, loss=1.0 / step, psnr=10.0 + 0.01 * step, picture=0, seconds=STEP_SECONDS)

    def avatar(self) -> Avatar:
        sh = self._avatar.parameters.sh + BRIGHTENING * self._refining.num_steps
        return replace(self._avatar, parameters=replace(self._avatar.parameters, sh=sh))

    def judge(self) -> float | None:
        return 9.0 + 0.01 * self._refining.num_steps if self._refining.held_out else None

    def add(self, observation: Observation) -> None:
        self._refining.arrived.append(observation)


def is_brighter(avatar: Avatar, before: Avatar) -> bool:
    """Whether it was refined by steps of ours."""
    return bool(torch.all(avatar.parameters.sh > before.parameters.sh))
