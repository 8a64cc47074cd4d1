"""Pose to mesh to Gaussians, remembered stage by stage.

A stage runs again only when one of its inputs is another object than last time: values are frozen, so the same object
is the same value.

    betas                            → rest mesh         "shape"
    template, rest mesh              → the fast rig      "bind"
    template, parameters, rest mesh  → rest Gaussians    "place"
    rest mesh, pose                  → posed mesh        "body"
    all of them                      → Gaussians         "rig"
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar

from jaxtyping import Float
from torch import Tensor

from .avatar.avatar import Avatar
from .avatar.fast_rig import FastRig
from .avatar.rig import RestGaussians, place
from .body.fast_forward import FastPoser
from .body.model import BodyModel, PosedBody, ShapedBody, shape_body
from .body.parameters import BodyPose
from .gaussians import Gaussians

T = TypeVar("T")


class Pipeline:
    """Makes the Gaussians of one body's avatars, one at a time; belongs to one thread."""

    def __init__(self, body: BodyModel) -> None:
        self.body = body
        self.timings: dict[str, float] = {}
        """Milliseconds of each stage's last run."""
        self.last_run: tuple[str, ...] = ()
        """The stages that the last call had to run, in order."""
        self._poser = FastPoser(body)
        self._remembered: dict[str, tuple[tuple[Any, ...], Any]] = {}

    @property
    def posed(self) -> PosedBody | None:
        """The body of the last call."""
        return self._remembered["body"][1] if "body" in self._remembered else None

    @property
    def shaped(self) -> ShapedBody | None:
        """The rest mesh of the last call."""
        return self._remembered["shape"][1] if "shape" in self._remembered else None

    def gaussians(self, avatar: Avatar, betas: Float[Tensor, " S"], pose: BodyPose) -> Gaussians:
        """The avatar on the body of these betas in this pose; the same inputs give the same object again.

        Raises:
            ValueError: the avatar was made for another body.
        """
        if avatar.body.fingerprint != self.body.identity.fingerprint:
            raise ValueError(f"{avatar.name} wants the body {avatar.body.name}, not {self.body.identity.name}")
        self.last_run = ()
        shaped: ShapedBody = self._stage("shape", lambda: shape_body(self.body, betas), betas)
        fast_rig: FastRig = self._stage(
            "bind", lambda: FastRig(avatar.template, shaped.vertices), avatar.template, shaped
        )
        rest: RestGaussians = self._stage(
            "place",
            lambda: place(avatar.template, avatar.parameters, shaped.vertices),
            avatar.template,
            avatar.parameters,
            shaped,
        )
        posed: PosedBody = self._stage("body", lambda: self._poser.pose(shaped, pose), shaped, pose)
        return self._stage("rig", lambda: fast_rig.rig(rest, posed.vertices), fast_rig, rest, posed)

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
