"""Pictures of made-up people in which everything is known: what calibration looks at.

The wardrobe dresses a few people of the body; each portrait shows one of them with a shape, a face and a place of its
own, in the tracker's world.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float, UInt8
from scipy.spatial.transform import Rotation

from ..avatar.avatar import Avatar
from ..avatar.look import Look
from ..avatar.people import drawn_look
from ..avatar.wardrobe import dressed_avatar
from ..body.joints import JOINT_NAMES
from ..body.model import BodyModel, PosedBody
from ..body.parameters import BodyPose
from ..cameras import Camera
from ..pipeline import Pipeline
from ..rendering.cpu_renderer import CpuRenderer
from ..rendering.renderer import RenderSettings
from .solution import tracking_camera

SIDE = 384
"""Pixels of a portrait; the mesh looks at 192 of them at a time."""
_K = 2
_HEAD, _JAW, _LEFT_EYE, _RIGHT_EYE = (JOINT_NAMES.index(name) for name in ("head", "jaw", "left_eye", "right_eye"))
_BARE_HAIR = ("crop", "quiff", "buzz", "bun")
"""Hair that leaves brows and temples free."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sitting:
    """What a portrait is to show."""

    betas: Float[np.ndarray, " S"]
    expression: Float[np.ndarray, " E"]
    face_rotations: Float[np.ndarray, "3 3"]
    """Axis-angle of jaw, left eye and right eye beside what the actions turn."""
    head: Float[np.ndarray, "3"]
    """Axis-angle of the head in the world; zero looks into the camera."""
    offset: Float[np.ndarray, "2"]
    """Of the face from the picture's middle, in parts of its side."""
    focal: float
    """In sides of the picture."""
    closeness: float
    """Height of the face in parts of the picture's side, about."""


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
        matrix = self.camera.camera_from_world.double().numpy()
        seen = points @ matrix[:3, :3].T + matrix[:3, 3]
        lens, middle = (self.camera.fx, self.camera.fy), (self.camera.cx, self.camera.cy)
        return seen[..., :2] / seen[..., 2:] * lens + middle


class PortraitStudio:
    """Some people of one body, ready to sit."""

    def __init__(
        self, body: BodyModel, *, num_people: int, progress: Callable[[float, str], None] | None = None
    ) -> None:
        """`progress` hears how many of the people are dressed."""
        self.body = body
        self._pipeline = Pipeline(body)
        self._renderer = CpuRenderer()
        self._settings = RenderSettings()
        self._people: list[Avatar] = []
        for number in range(num_people):
            if progress is not None:
                progress(number / num_people, "dressing people to look at")
            self._people.append(dressed_avatar(body, _bare_faced(number), _K))
        head = body.template_vertices[body.skin_weights[:, _HEAD] > 0.5].double().numpy()
        self._face_height = 0.8 * float(np.ptp(head[:, 1]))

    def portrait(self, sitting: Sitting, *, person: int = 0, seed: int = 0, side: int = SIDE) -> Portrait:
        """The picture; `seed` draws its light and background."""
        camera = tracking_camera(sitting.focal * side, side, side)
        betas = torch.from_numpy(sitting.betas).float()
        pose = BodyPose.rest(self.body)
        rotations = pose.rotations.clone()
        rotations[0] = torch.from_numpy(sitting.head).float()
        rotations[[_JAW, _LEFT_EYE, _RIGHT_EYE]] = torch.from_numpy(sitting.face_rotations).float()
        pose = replace(pose, rotations=rotations, expression=torch.from_numpy(sitting.expression).float())
        distance = sitting.focal * self._face_height / sitting.closeness
        pose = replace(pose, translation=self._translation(betas, sitting, distance))
        gaussians = self._pipeline.gaussians(self._people[person % len(self._people)], betas, pose)
        assert self._pipeline.posed is not None
        random = np.random.default_rng([seed, 1])
        settings = replace(self._settings, background=tuple(random.uniform(0.1, 0.95, 3).tolist()))
        rgb = self._renderer.render(gaussians, camera, settings).rgb.numpy()
        return Portrait(image=_lit(rgb, random), camera=camera, sitting=sitting, pose=pose, body=self._pipeline.posed)

    def _translation(self, betas: torch.Tensor, sitting: Sitting, distance: float) -> torch.Tensor:
        """Brings the middle between the eyes to its place in front of the camera."""
        joints = self.body.joint_regressor @ (
            self.body.template_vertices + (self.body.shape_directions[..., : len(betas)] @ betas)
        )
        pelvis, eyes = joints[0], joints[[_LEFT_EYE, _RIGHT_EYE]].mean(0)
        turned = Rotation.from_rotvec(sitting.head).apply((eyes - pelvis).double().numpy())
        x, y = sitting.offset * distance / sitting.focal
        # the eyes are above the face's middle
        target = np.array([x, -y + 0.1 * self._face_height, -distance])
        return torch.from_numpy(target - turned - pelvis.double().numpy()).float()


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


def drawn_sitting(
    body: BodyModel, random: np.random.Generator, *, turn: float = 1.0, liveliness: float = 1.0
) -> Sitting:
    """A person that nobody has seen, looking somewhere and making some face.

    `turn` 1 turns the head up to 40°; `liveliness` 0 is a neutral face.
    """
    degrees = np.clip(random.normal(size=3), -2.0, 2.0) * turn * (9.0, 18.0, 7.0)
    return Sitting(
        betas=np.clip(random.normal(size=body.num_betas), -2.0, 2.0) * _beta_spread(body),
        expression=liveliness * drawn_expression(body, random),
        face_rotations=np.zeros((3, 3)),
        head=Rotation.from_euler("yxz", degrees[[1, 0, 2]], degrees=True).as_rotvec(),
        offset=random.uniform(-0.08, 0.08, 2),
        focal=float(random.uniform(0.9, 2.0)),
        closeness=float(random.uniform(0.45, 0.6)),
    )


def _beta_spread(body: BodyModel) -> Float[np.ndarray, " S"]:
    """The first betas change the build, which a portrait needs little of."""
    return np.where(np.arange(body.num_betas) < 10, 0.6, 1.0)


def drawn_expression(body: BodyModel, random: np.random.Generator) -> Float[np.ndarray, " E"]:
    """Some of the body's actions at once, within their ranges; both sides of a pair mostly alike."""
    low, high = body.expression_ranges.double().numpy().T
    strength = np.where(low < 0.0, random.normal(scale=0.35, size=len(low)), random.beta(1.1, 1.6, size=len(low)))
    strength *= random.uniform(size=len(low)) < random.uniform(0.03, 0.25)
    names = body.expression_names
    for index, name in enumerate(names):
        other = name.removesuffix("Left") + "Right"
        if name.endswith("Left") and other in names and random.uniform() < 0.6:
            strength[names.index(other)] = strength[index]
    return np.clip(strength * np.where(low < 0.0, np.maximum(-low, high), high), low, high)
