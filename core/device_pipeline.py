"""Pose to Gaussians on a graphics card: the same stages as `pipeline`, all of them torch, nothing copied to the host.

What a frame changes is a pose of a few hundred numbers. It is queued from pinned memory; body and rig then run as one
CUDA graph, recorded once for each rest mesh and template, because hundreds of small operations would each cost the host
more time than the device. Where recording fails they run one by one, and `graph_problem` says why. Gaussians that
change on the same template, as while they are refined, are copied into what the graph reads.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from .avatar.avatar import Avatar
from .avatar.rig import RestGaussians, place, rig
from .avatar.template import Template
from .body.model import BodyModel, ShapedBody, moved, pose_body, shape_body
from .body.parameters import BodyPose
from .gaussians import Gaussians
from .stages import Stages

NUM_WARM_UP = 3
"""Runs before a recording: the first ones reserve memory and choose algorithms, which a recording must not."""


class DevicePipeline(Stages):
    """Makes the Gaussians of one body's avatars on one device; belongs to one thread and one stream.

    `timings` are the host's: the device may be busy for longer.
    """

    def __init__(self, body: BodyModel, device: torch.device | str) -> None:
        super().__init__(body)
        self.device = torch.device(device)
        self.graph_problem = ""
        self._body = moved(body, device=self.device)

    @torch.no_grad()
    def gaussians(self, avatar: Avatar, betas: Float[Tensor, " S"], pose: BodyPose) -> Gaussians:
        """The avatar on the body of these betas in this pose; the same inputs give the same object again.

        Raises:
            ValueError: the avatar was made for another body.
        """
        self._begin(avatar)
        shaped: ShapedBody = self._stage("shape", lambda: shape_body(self._body, self._brought(betas)), betas)
        template: Template = self._stage("template", lambda: avatar.template.to(self.device), avatar.template)
        driver: _Driver = self._stage("bind", lambda: self._driver(shaped, template), shaped, template)
        rest: RestGaussians = self._stage(
            "place",
            lambda: place(template, avatar.parameters.to(self.device), shaped.vertices),
            template,
            avatar.parameters,
            shaped,
        )
        return self._stage("rig", lambda: driver.gaussians(rest, pose), driver, rest, pose)

    def _driver(self, shaped: ShapedBody, template: Template) -> _Driver:
        driver = _Driver(self._body, shaped, template)
        self.graph_problem = driver.record() if self.device.type == "cuda" else "the device is no CUDA device"
        return driver

    def _brought(self, tensor: Tensor) -> Tensor:
        # The host waits here, once for each change of the shape.
        return tensor.to(self.device)


class _Driver:
    """Body and rig for one rest mesh and template: rest Gaussians and a pose in, Gaussians out."""

    def __init__(self, body: BodyModel, shaped: ShapedBody, template: Template) -> None:
        self._body, self._shaped, self._template = body, shaped, template
        self._pose = BodyPose.rest(body)
        # What the rig moves; opacities and colours only pass through it.
        self._rest = _nothing_at_rest(template.num_gaussians, shaped.vertices)
        self._worn: RestGaussians | None = None
        self._graph: Any = None
        self._recorded: Gaussians | None = None

    def gaussians(self, rest: RestGaussians, pose: BodyPose) -> Gaussians:
        if rest is not self._worn:
            self._rest.offsets_world.copy_(rest.offsets_world)
            self._rest.covariances.copy_(rest.covariances)
            self._worn = rest
        for mine, given in zip(_tensors(self._pose), _tensors(pose), strict=True):
            _queue_copy(mine, given)
        if self._graph is None or self._recorded is None:
            return replace(self._drive(), opacities=rest.opacities, sh=rest.sh)
        self._graph.replay()
        # The graph writes to the same memory each time; what is given away must stay as it is.
        return replace(
            self._recorded,
            means=self._recorded.means.clone(),
            covariances=self._recorded.covariances.clone(),
            opacities=rest.opacities,
            sh=rest.sh,
            sh_rotations_wxyz=_clone(self._recorded.sh_rotations_wxyz),
        )

    def record(self) -> str:
        """Make a CUDA graph of one frame; why that failed, or nothing."""
        device = self._body.device
        try:
            stream = torch.cuda.Stream(device)
            stream.wait_stream(torch.cuda.current_stream(device))
            with torch.cuda.stream(stream):
                for _ in range(NUM_WARM_UP):
                    self._drive()
            torch.cuda.current_stream(device).wait_stream(stream)
            graph = torch.cuda.CUDAGraph()
            # Other threads may use the device meanwhile: only what this one does is recorded.
            with torch.cuda.graph(graph, capture_error_mode="thread_local"):
                recorded = self._drive()
        except RuntimeError as error:
            self._graph = None
            return str(error).splitlines()[0]
        self._graph, self._recorded = graph, recorded
        return ""

    def _drive(self) -> Gaussians:
        posed = pose_body(self._body, self._shaped, self._pose)
        return rig(self._template, self._rest, self._shaped.vertices, posed.vertices)


def _nothing_at_rest(count: int, like: Tensor) -> RestGaussians:
    """Room for so many, of the type and on the device of `like`."""
    return RestGaussians(
        offsets_world=like.new_zeros(count, 3),
        covariances=like.new_zeros(count, 6),
        opacities=like.new_zeros(count),
        sh=like.new_zeros(count, 1, 3),
    )


def _tensors(pose: BodyPose) -> tuple[Tensor, Tensor, Tensor]:
    return pose.rotations, pose.expression, pose.translation


def _queue_copy(target: Tensor, source: Tensor) -> None:
    """Copy without a wait for what the device still does: for that the host's memory must be pinned."""
    if target.device.type == "cuda" and source.device.type == "cpu":
        source = source.pin_memory()
    target.copy_(source, non_blocking=True)


def _clone(tensor: Tensor | None) -> Tensor | None:
    return None if tensor is None else tensor.clone()
