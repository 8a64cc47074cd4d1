"""The studio: photograph number n of a seed, with the exact truth about every Gaussian; the same for ever."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int, UInt8
from torch import Tensor

from ..avatar.template import Template
from ..body.fast_forward import FastPoser
from ..body.joints import FACE_JOINTS, JOINT_NAMES
from ..body.model import BodyModel, shape_body
from ..body.parameters import BodyPose
from ..cameras import Camera, in_camera, projected
from ..gaussians import GaussianParameters, Gaussians
from ..geometry.spherical_harmonics import SH_C0
from ..rendering.cpu_renderer import CpuRenderer
from ..rendering.renderer import RenderSettings
from .backgrounds import drawn_background
from .choosing import Choice
from .evidence import evidence_map, perturbed_fit
from .expressions import drawn_face_turns, drawn_photo_face
from .found_mask import perturbed_mask
from .framing import CROP, Framing, drawn_camera, drawn_framing
from .labels import labels_of, points_of
from .lighting import Light, drawn_light
from .lit_people import coloured, lit, shown
from .occluders import drawn_occluder
from .people import MadeUpPerson, dressed_person, person_seed
from .poses import DrawnPose, drawn_pose
from .sensor import Sensor, drawn_sensor, photographed
from .transfer_kernels import NUM_SOURCES

_FEET = (JOINT_NAMES.index("left_foot"), JOINT_NAMES.index("right_foot"))
_CUT = 0.15
"""How often a crop reaches beyond its picture."""
_PEOPLE_AT_ONCE = 8
PHOTOS_AT_ONCE = 768
"""Successive photos that show the same few people."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MadeUpPhoto:
    """A photograph and the truth about it; lengths in metres, pixels of the crop."""

    number: int
    person: int
    framing: Framing
    image: UInt8[Tensor, "S S 3"]
    camera: Camera
    pose: BodyPose
    betas: Float[Tensor, " B"]
    light: Light
    sensor: Sensor
    mask: UInt8[Tensor, "S S"]
    """How much of each pixel the person covers, 0 to 255; occluders are left out."""
    which: Int[Tensor, " M"]
    """Gaussians of the template that the rest is about."""
    pixels: Float[Tensor, "M 2"]
    points: Float[Tensor, "M 3"]
    """On the skin, in the camera's axes (OpenCV)."""
    visible: Bool[Tensor, " M"]
    """In the frame, facing the camera, with nothing but clothes before it."""
    inside: Bool[Tensor, " M"]
    """In the frame."""
    truth: GaussianParameters
    """Of these Gaussians, in the light of the photo."""
    evidence: Float[Tensor, "5 side side"]
    """See `evidence_map`."""
    evidence_pixels: Float[Tensor, "M 2"]
    """Where the fit that the evidence shows has these points."""
    evidence_points: Float[Tensor, "M 3"]
    evidence_vertices: Float[Tensor, "V 3"]
    """Of that fit, metres, in the camera's axes."""


class PhotoStudio:
    """Takes photos of made-up people of one body; a photo depends on seed and number only. Any thread may ask."""

    def __init__(self, body: BodyModel, template: Template, *, seed: int, labels: int | None = 1024) -> None:
        """`labels` is how many Gaussians of the template each photo tells of; None: all."""
        self.body, self.template, self.seed, self.labels = body, template, seed, labels
        self._renderer = CpuRenderer()
        self._poser = FastPoser(body)
        self._mean = shape_body(body, torch.zeros(0))
        self._choice = Choice(body, template)
        self._people: OrderedDict[int, MadeUpPerson] = OrderedDict()
        self._lock = threading.Lock()

    def person_of(self, number: int) -> int:
        """Who is in photo `number`."""
        return number // PHOTOS_AT_ONCE * _PEOPLE_AT_ONCE + number % _PEOPLE_AT_ONCE

    def framing_of(self, number: int) -> Framing:
        """What photo `number` shows of its person."""
        return drawn_framing(_Dice(self.seed, number).of("framing"))

    def photo(self, number: int, *, whole: bool = False) -> MadeUpPhoto:
        """Photo `number`; with `whole` every Gaussian is told of.

        Raises:
            ValueError: the number is negative.
        """
        if number < 0:
            raise ValueError(f"a photo's number is 0 or more, not {number}")
        with self._lock:
            return self._photo(number, whole=whole)

    def lit_person(self, photo: MadeUpPhoto) -> Gaussians:
        """The photo's person, posed in its world, coloured as in the photo seen from its camera, as truth is."""
        with self._lock:
            person = self._dressed(photo.person)
            rigged = person.rig.rig(person.rest, self._poser.pose(person.shaped, photo.pose).vertices)
        everything = np.arange(len(rigged))
        colours = photo.sensor.toned(lit(person, rigged, everything, photo.light, photo.camera))
        return coloured(rigged, everything, colours)

    def _dressed(self, number: int) -> MadeUpPerson:
        if number not in self._people:
            self._people[number] = dressed_person(self.body, self.template, person_seed(self.seed, number))
            if len(self._people) > _PEOPLE_AT_ONCE:
                self._people.popitem(last=False)
        self._people.move_to_end(number)
        return self._people[number]

    def _photo(self, number: int, *, whole: bool) -> MadeUpPhoto:
        person = self._dressed(self.person_of(number))
        dice = _Dice(self.seed, number)
        framing = self.framing_of(number)
        pose, drawn_as = self._posed(dice, framing, person)
        posed = self._poser.pose(person.shaped, pose)
        camera = drawn_camera(
            dice.of("camera"), framing, drawn_as, posed.vertices.double().numpy(), posed.joints.double().numpy()
        )
        towards = (camera.center - posed.joints[0]).numpy()
        light = drawn_light(dice.of("light"), towards / np.linalg.norm(towards))
        sensor = drawn_sensor(dice.of("sensor"))
        rigged = person.rig.rig(person.rest, posed.vertices)
        if whole or self.labels is None:
            which = torch.arange(self.template.num_gaussians)
        else:
            which = self._choice.drawn(dice.of("labels"), self.labels, in_camera(posed.vertices, camera), camera)
        in_picture, told = shown(rigged, camera), person.sources[which].flatten().numpy()
        colours = lit(person, rigged, np.concatenate([in_picture, told]), light, camera)
        gaussians = coloured(rigged, in_picture, colours[: len(in_picture)])
        drawn = self._renderer.render(gaussians, camera, RenderSettings(background=(0.0, 0.0, 0.0)))
        alpha = drawn.alpha.numpy()[..., None]
        feet = posed.joints[list(_FEET)].double().numpy()
        ground = float(posed.vertices[:, 1].min())
        seat = posed.joints[0].double().numpy() if drawn_as.sits else None
        background = drawn_background(dice.of("background"), camera, light, ground=ground, feet=feet, seat=seat)
        picture = drawn.rgb.numpy() + (1.0 - alpha) * background
        occluder = drawn_occluder(dice.of("occluder"), drawn.alpha.numpy())
        if occluder is not None:
            cover = occluder.alpha[..., None]
            picture = picture * (1.0 - cover) + cover * occluder.rgb
        image = photographed(sensor, picture, dice.of("noise"))
        _cut(image, drawn.alpha.numpy(), dice.of("border"))

        labels = labels_of(self.template, which, posed.vertices, camera)
        visible = labels.visible
        if occluder is not None:
            column, row = labels.pixels.nan_to_num(0.0).clamp(0.0, CROP - 1.0).long().unbind(-1)
            visible = visible & (torch.from_numpy(occluder.alpha)[row, column] <= 0.5)
        fit = perturbed_fit(dice.of("fit"), self._poser, self._mean, pose, person.shaped, posed, camera)
        fit_seen = in_camera(fit, camera)
        found = points_of(self.template, which, fit_seen)
        before = None if occluder is None else occluder.alpha
        mask = perturbed_mask(dice.of("mask"), drawn.alpha.numpy(), before)
        toned = sensor.toned(colours[len(in_picture) :])
        mixed = (torch.from_numpy(toned).reshape(-1, NUM_SOURCES, 3) * person.shares[which, :, None]).sum(1)
        return MadeUpPhoto(
            number=number,
            person=self.person_of(number),
            framing=framing,
            image=torch.from_numpy(image),
            camera=camera,
            pose=pose,
            betas=person.betas,
            light=light,
            sensor=sensor,
            mask=(drawn.alpha * 255.0 + 0.5).to(torch.uint8),
            which=which,
            pixels=labels.pixels,
            points=labels.points,
            visible=visible,
            inside=labels.inside,
            truth=_chosen(person.truth, which, mixed),
            evidence=torch.from_numpy(evidence_map(self.body, fit, camera, mask)),
            evidence_pixels=projected(found, camera),
            evidence_points=found,
            evidence_vertices=fit_seen,
        )

    def _posed(self, dice: _Dice, framing: Framing, person: MadeUpPerson) -> tuple[BodyPose, DrawnPose]:
        drawn = drawn_pose(dice.of("pose"), person.shaped.joints.double().numpy(), whole=framing is Framing.WHOLE)
        face = dice.of("face")
        expression = drawn_photo_face(self.body, face)
        rotations = drawn.rotations.copy()
        rotations[FACE_JOINTS] += drawn_face_turns(self.body, face)
        pose = BodyPose(
            rotations=torch.from_numpy(rotations).float(),
            expression=torch.from_numpy(expression).float(),
            translation=torch.zeros(3),
        )
        return pose, drawn


class _Dice:
    """Every question has dice of its own, so that a new one leaves the answers to the others as they were."""

    def __init__(self, seed: int, number: int) -> None:
        self._key = (seed, number)

    def of(self, question: str) -> np.random.Generator:
        return np.random.default_rng([*self._key, *question.encode()])


def _cut(image: UInt8[np.ndarray, "S S 3"], alpha: Float[np.ndarray, "S S"], random: np.random.Generator) -> None:
    """Now and then the crop reaches beyond its picture, at the sides or above and below, and repeats its edge.

    The person is not cut.
    """
    axis = int(random.integers(2))
    covered = np.flatnonzero((alpha > 0.5).any(1 - axis))
    if random.uniform() > _CUT or len(covered) == 0:
        return
    view = image.swapaxes(0, axis)
    first, last = int(random.integers(covered[0] + 1)), int(random.integers(covered[-1], CROP))
    view[:first], view[last + 1 :] = view[first], view[last]


def _chosen(truth: GaussianParameters, which: Int[Tensor, " M"], colours: Float[Tensor, "M 3"]) -> GaussianParameters:
    return GaussianParameters(
        offsets=truth.offsets[which],
        rotations_wxyz=truth.rotations_wxyz[which],
        log_scales=truth.log_scales[which],
        opacity_logits=truth.opacity_logits[which],
        sh=((colours - 0.5) / SH_C0)[:, None],
    )
