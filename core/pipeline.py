"""Pose to mesh to Gaussians, remembered stage by stage.

A stage runs again only when one of its inputs is another object than last time: values are frozen, so the same object
is the same value.

    betas                            → rest mesh         "shape"
    template, rest mesh              → the fast rig      "bind"
    the fast rig, parameters         → rest Gaussians    "place"
    rest mesh, pose                  → posed mesh        "body"
    all of them                      → Gaussians         "rig"
"""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor

from .avatar.avatar import Avatar
from .avatar.fast_rig import FastRig
from .avatar.rig import RestGaussians
from .body.fast_forward import FastPoser
from .body.model import BodyModel, PosedBody, ShapedBody, shape_body
from .body.parameters import BodyPose
from .gaussians import Gaussians
from .stages import Stages


class Pipeline(Stages):
    """Makes the Gaussians of one body's avatars, one at a time; belongs to one thread."""

    def __init__(self, body: BodyModel) -> None:
        super().__init__(body)
        self._poser = FastPoser(body)

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
        self._begin(avatar)
        shaped: ShapedBody = self._stage("shape", lambda: shape_body(self.body, betas), betas)
        fast_rig: FastRig = self._stage(
            "bind", lambda: FastRig(avatar.template, shaped.vertices), avatar.template, shaped
        )
        rest: RestGaussians = self._stage(
            "place", lambda: fast_rig.place(avatar.parameters), fast_rig, avatar.parameters
        )
        posed: PosedBody = self._stage("body", lambda: self._poser.pose(shaped, pose), shaped, pose)
        return self._stage("rig", lambda: fast_rig.rig(rest, posed.vertices), fast_rig, rest, posed)
