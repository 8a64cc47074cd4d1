"""What decoded Gaussians look like, beside what they should: from the photo's own view, and from elsewhere posed anew.

The truth is drawn as the answer is, on the same body: what is compared is the Gaussians, not the camera's faults.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from ..avatar.rig import place, rig
from ..avatar.template import Template
from ..body.model import BodyModel, ShapedBody, moved, pose_body, shape_body
from ..body.parameters import BodyPose
from ..cameras import Camera, look_at
from ..gaussians import GaussianParameters
from ..losses import dissimilarity, l1, silhouette
from ..rendering.differentiable import differentiable_renderer
from ..rendering.renderer import RenderSettings
from ..synthetic.poses import drawn_pose
from .photos import WholePhoto
from .settings import LossWeights


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _View:
    pose: BodyPose
    camera: Camera


class Pictures:
    """Draws Gaussians of a body, some of a template's, with gradients."""

    def __init__(self, body: BodyModel, template: Template, *, side: int, device: torch.device) -> None:
        self._body, self._template, self._side, self._device = moved(body, device=device), template, side, device
        self._renderer = differentiable_renderer(device)

    def terms(self, made: GaussianParameters, whole: WholePhoto, weights: LossWeights) -> dict[str, Float[Tensor, ""]]:
        """By their names in `LossWeights`; means over the views."""
        random = np.random.default_rng((whole.number, 11))
        shaped = shape_body(self._body, whole.betas.to(self._device))
        behind = torch.from_numpy(random.random(3)).float().to(self._device)
        pictures, silhouettes = [], []
        for view in (_View(pose=whole.pose, camera=whole.camera), _elsewhere(shaped, random, whole.pose)):
            with torch.no_grad():
                true_rgb, true_alpha = self._drawn(whole.batch.truth, whole, shaped, view, behind)
            rgb, alpha = self._drawn(made, whole, shaped, view, behind)
            share = weights.dissimilarity
            pictures.append((1.0 - share) * l1(rgb, true_rgb) + share * dissimilarity(rgb, true_rgb))
            silhouettes.append(silhouette(alpha, true_alpha))
        return {"pictures": torch.stack(pictures).mean(), "silhouettes": torch.stack(silhouettes).mean()}

    def _drawn(
        self,
        parameters: GaussianParameters,
        whole: WholePhoto,
        shaped: ShapedBody,
        view: _View,
        behind: Float[Tensor, "3"],
    ) -> tuple[Float[Tensor, "H W 3"], Float[Tensor, "H W"]]:
        template = _part_of(self._template, whole.batch.which[0])
        # Those that are left stand for those that are not.
        wider = replace(parameters, log_scales=parameters.log_scales + 0.5 * math.log(self._template.k))
        posed = pose_body(self._body, shaped, _on(view.pose, self._device))
        gaussians = rig(template, place(template, wider, shaped.vertices), shaped.vertices, posed.vertices)
        camera = view.camera.resized(self._side, self._side)
        image = self._renderer.render_differentiable(gaussians, camera, RenderSettings(), behind)
        return image.rgb, image.alpha


def _part_of(template: Template, which: Tensor) -> Template:
    """With these Gaussians only."""
    device = which.device
    return replace(
        template,
        faces=template.faces.to(device),
        face_indices=template.face_indices.to(device)[which],
        barycentrics=template.barycentrics.to(device)[which],
    )


def _on(pose: BodyPose, device: torch.device) -> BodyPose:
    return BodyPose(
        rotations=pose.rotations.to(device),
        expression=pose.expression.to(device),
        translation=pose.translation.to(device),
    )


def _elsewhere(shaped: ShapedBody, random: np.random.Generator, pose: BodyPose) -> _View:
    """Another pose, from another side: the whole body, or its upper half from nearer."""
    joints = shaped.joints.double().cpu()
    drawn = drawn_pose(random, joints.numpy())
    rotations = torch.from_numpy(drawn.rotations).to(pose.rotations)
    middle = joints[0] if random.random() < 0.5 else joints[12]
    x, y, z = (middle + pose.translation.cpu()).tolist()
    yaw, distance = random.uniform(-math.pi, math.pi), random.uniform(1.2, 3.5)
    eye = (x + distance * math.sin(yaw), y + 0.2 * distance * random.normal(), z + distance * math.cos(yaw))
    camera = look_at(eye, (x, y, z), fx=600.0, fy=600.0, width=512, height=512)
    return _View(pose=replace(pose, rotations=rotations), camera=camera)
