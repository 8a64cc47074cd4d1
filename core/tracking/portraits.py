"""Pictures of made-up people in which everything is known: what calibration looks at.

The wardrobe dresses a few people of the body; a portrait shows one of these looks on any shape, making any face.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace

import numpy as np
import torch
from jaxtyping import Float, UInt8
from scipy.spatial.transform import Rotation
from torch import Tensor

from ..avatar.avatar import Avatar
from ..avatar.look import Look
from ..avatar.people import drawn_look
from ..avatar.wardrobe import dressed_avatar
from ..body.joints import FACE_JOINTS, JOINT_NAMES
from ..body.model import BodyModel, PosedBody, ShapedBody, shape_body
from ..body.parameters import BodyPose
from ..cameras import Camera, in_camera, projected
from ..gaussians import GaussianParameters
from ..pipeline import Pipeline
from ..rendering.cpu_renderer import CpuRenderer
from ..rendering.renderer import RenderSettings
from .sitting import Sitter, Sitting
from .solution import tracking_camera

SIDE = 384
"""Pixels of a portrait; the mesh looks at 192 of them at a time."""
_K = 2
_NECK, _HEAD = JOINT_NAMES.index("neck"), JOINT_NAMES.index("head")
_BARE_HAIR = ("crop", "quiff", "buzz", "bun")
"""Hair that leaves brows and temples free."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Portrait:
    """A picture and the truth about it."""

    image: UInt8[np.ndarray, "H W 3"]
    camera: Camera
    sitting: Sitting
    pose: BodyPose
    body: PosedBody

    def project(self, points: Float[np.ndarray, "*N 3"]) -> Float[np.ndarray, "*N 2"]:
        """From the world to pixels."""
        return projected(in_camera(torch.from_numpy(points), self.camera), self.camera).numpy()


class PortraitStudio:
    """A few dressed people of one body, on whom any shape sits; quick while one sitter follows himself."""

    def __init__(
        self, body: BodyModel, *, num_looks: int, progress: Callable[[float, str], None] | None = None
    ) -> None:
        """`progress` hears how many of the people are dressed."""
        self.body = body
        self._pipeline = Pipeline(body)
        self._renderer = CpuRenderer()
        self._dressed: list[Avatar] = []
        for number in range(num_looks):
            if progress is not None:
                progress(number / num_looks, "dressing people to look at")
            self._dressed.append(_bust(body, dressed_avatar(body, _bare_faced(number), _K)))
        head = body.template_vertices[body.skin_weights[:, _HEAD] > 0.5].double().numpy()
        self._face_height = 0.8 * float(np.ptp(head[:, 1]))
        self._seated: tuple[Sitter, Tensor, ShapedBody] | None = None

    def portrait(self, sitting: Sitting, *, side: int = SIDE) -> Portrait:
        """The picture, square."""
        betas, shaped = self._seat(sitting.sitter)
        camera = tracking_camera(sitting.focal * side, side, side)
        rest = BodyPose.rest(self.body)
        rotations = rest.rotations.clone()
        rotations[0] = torch.from_numpy(sitting.head).float()
        rotations[FACE_JOINTS] = torch.from_numpy(sitting.face_rotations).float()
        pose = BodyPose(
            rotations=rotations,
            expression=torch.from_numpy(sitting.expression).float(),
            translation=self._translation(shaped, sitting),
        )
        dressed = self._dressed[sitting.sitter.look % len(self._dressed)]
        gaussians = self._pipeline.gaussians(dressed, betas, pose)
        assert self._pipeline.posed is not None
        random = np.random.default_rng(sitting.light)
        red, green, blue = random.uniform(0.1, 0.95, 3).tolist()
        rgb = self._renderer.render(gaussians, camera, RenderSettings(background=(red, green, blue))).rgb.numpy()
        return Portrait(image=_lit(rgb, random), camera=camera, sitting=sitting, pose=pose, body=self._pipeline.posed)

    def _seat(self, sitter: Sitter) -> tuple[Tensor, ShapedBody]:
        """His betas as one and the same tensor for as long as he sits: the pipeline goes by identity."""
        if self._seated is None or self._seated[0] is not sitter:
            betas = torch.from_numpy(sitter.betas).float()
            self._seated = sitter, betas, shape_body(self.body, betas)
        return self._seated[1:]

    def _translation(self, shaped: ShapedBody, sitting: Sitting) -> Float[Tensor, "3"]:
        """Brings the middle between the eyes to its place in front of the camera."""
        joints = shaped.joints.double().numpy()
        eyes = joints[FACE_JOINTS][1:].mean(0)
        turned = Rotation.from_rotvec(sitting.head).apply(eyes - joints[0])
        distance = sitting.focal * self._face_height / sitting.closeness
        x, y = sitting.offset * distance / sitting.focal
        # the eyes are above the face's middle
        target = np.array([x, 0.1 * self._face_height - y, -distance])
        return torch.from_numpy(target - turned - joints[0]).float()


def _bust(body: BodyModel, avatar: Avatar) -> Avatar:
    """The avatar down to the shoulders: a portrait shows no more."""
    template, parameters = avatar.template, avatar.parameters
    lowest = body.template_vertices[body.skin_weights[:, _NECK] > 0.5, 1].min() - 0.05
    faces = (body.template_vertices[template.faces, 1] > lowest).any(1)
    kept = faces[template.face_indices]
    return replace(
        avatar,
        template=replace(
            template,
            faces=template.faces[faces],
            face_indices=(faces.cumsum(0) - 1)[template.face_indices[kept]],
            barycentrics=template.barycentrics[kept],
        ),
        parameters=GaussianParameters(
            **{field.name: getattr(parameters, field.name)[kept] for field in fields(parameters)}
        ),
        groups=None,
    )


def _bare_faced(number: int) -> Look:
    """How person number `number` looks, with nothing over the face."""
    look = drawn_look(number)
    hair = look.hair_shape if look.hair_shape in _BARE_HAIR else _BARE_HAIR[number % len(_BARE_HAIR)]
    beard = look.beard if look.beard == "stubble" else "none"
    return replace(look, hair_shape=hair, beard=beard, glasses="none", hat="none", top="tee", bottom="trousers")


def _lit(rgb: Float[np.ndarray, "H W 3"], random: np.random.Generator) -> UInt8[np.ndarray, "H W 3"]:
    """Darker or brighter, from one side, in warmer or colder light, with a camera's noise."""
    height, width = rgb.shape[:2]
    y, x = np.mgrid[-1.0 : 1.0 : 1j * height, -1.0 : 1.0 : 1j * width]
    slope = random.uniform(-0.25, 0.25, 2)
    light = random.uniform(0.75, 1.1) * (1.0 + slope[0] * x + slope[1] * y)
    tint = 1.0 + random.uniform(-0.06, 0.06, 3)
    noisy = rgb * light[..., None] * tint + random.normal(scale=0.008, size=rgb.shape)
    return (255.0 * np.clip(noisy, 0.0, 1.0) + 0.5).astype(np.uint8)
