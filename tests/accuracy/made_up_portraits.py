"""Photos of made-up people who are wider than what the program knows, with the truth about them."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float
from nlfgs_studio.core.body.fast_forward import FastPoser
from nlfgs_studio.core.body.joints import FACE_JOINTS, JOINT_NAMES
from nlfgs_studio.core.body.model import BodyModel
from nlfgs_studio.core.body.parameters import BodyPose
from nlfgs_studio.core.cameras import OrbitCamera
from nlfgs_studio.core.creation.taken import TakenPicture
from nlfgs_studio.core.nlf.template import network_template
from nlfgs_studio.core.rendering.cpu_renderer import CpuRenderer
from nlfgs_studio.core.rendering.renderer import RenderSettings
from nlfgs_studio.core.synthetic.backgrounds import drawn_background
from nlfgs_studio.core.synthetic.expressions import drawn_face_turns, drawn_photo_face
from nlfgs_studio.core.synthetic.lighting import drawn_light
from nlfgs_studio.core.synthetic.lit_people import coloured, lit, shown
from nlfgs_studio.core.synthetic.people import dressed_person, person_seed
from nlfgs_studio.core.tracking.focal import assumed_focal
from wider_people import somebody

SEED, SIDE, DISTANCE = 64_007, 512, 0.75
"""Pixels, and metres from the head."""
LEARNED_FROM = ((0, 0), (32, 4), (-32, -4), (16, 10), (-16, -10), (48, 0), (-48, 0), (24, -8), (-24, 8), (0, 14))
"""Degrees that the camera has gone to the person's left, and up."""
HEAD_TURN = (6.0, 14.0, 4.0)
"""Degrees, standard deviations of nodding, turning and tilting."""
HEAD, FEET = JOINT_NAMES.index("head"), [JOINT_NAMES.index(f"{side}_foot") for side in ("left", "right")]
SHOULDERS = [JOINT_NAMES.index(f"{side}_shoulder") for side in ("left", "right")]


@dataclass(frozen=True, kw_only=True, eq=False)
class Photo:
    taken: TakenPicture
    covered: Float[np.ndarray, "H W"]
    """0..1: how much of a pixel truly is the person."""


class Photographer:
    """Of one person in one light, before the camera that the program assumes."""

    def __init__(self, body: BodyModel, number: int) -> None:
        self._number = number
        self._body = somebody(body, self._dice("who"))
        self._person = dressed_person(self._body, network_template(self._body), person_seed(SEED, number))
        self._poser, self._renderer = FastPoser(self._body), CpuRenderer()
        self._light = drawn_light(self._dice("light"), np.array([0.0, 0.0, 1.0]))

    @property
    def vertices(self) -> Float[np.ndarray, "V 3"]:
        """Of the person at rest with a neutral face."""
        return self._person.shaped.vertices.double().numpy()

    @property
    def betas(self) -> Float[torch.Tensor, " S"]:
        """Which do not tell the bumps."""
        return self._person.betas

    def photo(self, name: str, degrees: tuple[float, float], *, turned: bool = False) -> Photo:
        """From so far to the person's left, and from above; `turned` turns the head. Each has another face."""
        posed = self._poser.pose(self._person.shaped, self._pose(self._dice(name), turned))
        x, y, z = posed.joints[HEAD].tolist()
        yaw, pitch = (math.radians(each) for each in degrees)
        orbit = OrbitCamera(target=(x, y + 0.02, z + 0.03), yaw=yaw, pitch=pitch, distance=DISTANCE)
        focal = assumed_focal(SIDE, SIDE)
        camera = replace(orbit.camera(SIDE, SIDE), fx=focal, fy=focal)
        rigged = self._person.rig.rig(self._person.rest, posed.vertices)
        which = shown(rigged, camera)
        seen = coloured(rigged, which, lit(self._person, rigged, which, self._light, camera))
        drawn = self._renderer.render(seen, camera, RenderSettings(background=(0.0, 0.0, 0.0)))
        ground, feet = float(posed.vertices[:, 1].min()), posed.joints[FEET].double().numpy()
        behind = drawn_background(self._dice("room"), camera, self._light, ground=ground, feet=feet)
        alpha = drawn.alpha.numpy()
        picture = drawn.rgb.numpy() + (1.0 - alpha[..., None]) * behind
        image = (255.0 * np.clip(picture, 0.0, 1.0) + 0.5).astype(np.uint8)
        return Photo(taken=TakenPicture(name=name, image=image), covered=alpha)

    def _pose(self, random: np.random.Generator, turned: bool) -> BodyPose:
        rotations = torch.zeros(len(JOINT_NAMES), 3)
        rotations[SHOULDERS, 2] = torch.tensor([-1.1, 1.1])
        if turned:
            rotations[HEAD] = torch.from_numpy(np.radians(random.normal(size=3) * HEAD_TURN)).float()
        rotations[FACE_JOINTS] += torch.from_numpy(drawn_face_turns(self._body, random)).float()
        expression = torch.from_numpy(drawn_photo_face(self._body, random)).float()
        return BodyPose(rotations=rotations, expression=expression, translation=torch.zeros(3))

    def _dice(self, question: str) -> np.random.Generator:
        return np.random.default_rng([SEED, self._number, *question.encode()])

    def close(self) -> None:
        self._renderer.close()
