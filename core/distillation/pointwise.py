"""How far off points, bodies and joints were found, photo by photo, and what that amounts to."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from ..avatar.template import Template
from ..body.joints import JOINT_NAMES
from ..body.model import BodyModel
from ..synthetic.framing import Framing
from .scores import correlation, median_interval, rank_correlation, spread

FRAMINGS = (Framing.FACE.value, Framing.HALF.value, Framing.WHOLE.value)
BANDS = (4.0, 8.0, 16.0, 1e9)
"""Pixels: upper ends of what a photo's median error is sorted into."""
NUM_BODY_JOINTS = 22
"""In the order of SMPL-X the face's joints and the fingers come after these."""
_MILLIMETRES = 1e3


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Estimate:
    """Where something says that the points of one photo are."""

    pixels: Float[Tensor, "M 2"]
    points: Float[Tensor, "M 3"]
    """Metres, in the camera's axes."""
    shape: Float[Tensor, "M 3"] | None = None
    """The same about any origin, where the answer to that is another one."""
    sigma: Float[Tensor, " M"] | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Between:
    """Gaussians and the vertices around them: readings find vertices, and Gaussians between them."""

    asked: Int[Tensor, " A"]
    """The vertices, each once."""
    corners: Int[Tensor, "M 3"]
    """Of the faces that carry the Gaussians; places in `asked`."""
    weights: Float[Tensor, "M 3 1"]

    def __call__(self, values: Float[Tensor, "A C"]) -> Float[Tensor, "M C"]:
        """What the vertices carry, at the Gaussians."""
        return (values[self.corners] * self.weights).sum(-2)


def between(template: Template, which: Int[Tensor, " M"]) -> Between:
    """Those Gaussians of a template."""
    asked, corners = torch.unique(template.corners[which], return_inverse=True)
    return Between(asked=asked, corners=corners, weights=template.barycentrics[which][..., None])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PointErrors:
    """Of the points of one photo that lie inside its frame, by the estimates' names."""

    person: int
    framing: str
    visible: Bool[np.ndarray, " M"]
    pixels: Mapping[str, Float[np.ndarray, " M"]]
    about_middle: Mapping[str, Float[np.ndarray, " M"]]
    """Millimetres, once the middle of the photo's points is where it should be."""
    absolute: Mapping[str, Float[np.ndarray, " M"]]
    """Millimetres from the place before the camera."""
    sigma: Mapping[str, Float[np.ndarray, " M"]]


def point_errors(
    person: int,
    framing: str,
    visible: Bool[Tensor, " M"],
    inside: Bool[Tensor, " M"],
    truth: Estimate,
    estimates: Mapping[str, Estimate],
) -> PointErrors:
    """What is not inside the frame is left out, also from the middle."""
    true_pixels, true_points = truth.pixels[inside], truth.points[inside]

    def distances(found: Tensor, true: Tensor) -> Float[np.ndarray, " M"]:
        return (found - true).norm(dim=-1).double().numpy()

    pixels, about_middle, absolute, sigma = {}, {}, {}, {}
    for name, estimate in estimates.items():
        shape = (estimate.points if estimate.shape is None else estimate.shape)[inside]
        shift = (true_points - shape).mean(0) if len(shape) else shape.new_zeros(3)
        pixels[name] = distances(estimate.pixels[inside], true_pixels)
        about_middle[name] = _MILLIMETRES * distances(shape + shift, true_points)
        absolute[name] = _MILLIMETRES * distances(estimate.points[inside], true_points)
        if estimate.sigma is not None:
            sigma[name] = estimate.sigma[inside].double().numpy()
    return PointErrors(
        person=person,
        framing=framing,
        visible=visible[inside].numpy(),
        pixels=pixels,
        about_middle=about_middle,
        absolute=absolute,
        sigma=sigma,
    )


def summarized_points(photos: Sequence[PointErrors]) -> dict[str, Any]:
    """
    Returns:
        {"pixels" | "about_middle_mm" | "absolute_mm": {estimate: {"visible" | "hidden": {"all" | framing: spread}}},
        "visible_pixels_interval": {estimate: `median_interval`},
        "sigma": {estimate: {"pixels" | "about_middle_mm": {"pearson", "spearman"}}}}; all points of all photos count
        alike.
    """
    visible = np.concatenate([photo.visible for photo in photos])
    framings = np.concatenate([np.full(len(photo.visible), photo.framing) for photo in photos])
    result: dict[str, Any] = {"sigma": {}}
    quantities = {
        "pixels": [photo.pixels for photo in photos],
        "about_middle_mm": [photo.about_middle for photo in photos],
        "absolute_mm": [photo.absolute for photo in photos],
    }
    for quantity, errors in quantities.items():
        result[quantity] = {
            name: _split(np.concatenate([each[name] for each in errors]), visible, framings) for name in errors[0]
        }
    people = np.concatenate([np.full(int(photo.visible.sum()), photo.person) for photo in photos])
    result["visible_pixels_interval"] = {
        name: median_interval(np.concatenate([photo.pixels[name][photo.visible] for photo in photos]), people)
        for name in photos[0].pixels
    }
    for name in photos[0].sigma:
        sigma = np.concatenate([photo.sigma[name] for photo in photos])
        result["sigma"][name] = {
            quantity: {"pearson": correlation(sigma, error), "spearman": rank_correlation(sigma, error)}
            for quantity in ("pixels", "about_middle_mm")
            for error in [np.concatenate([each[name] for each in quantities[quantity]])]
        }
    return result


def by_error_of(photos: Sequence[PointErrors], given: str) -> list[dict[str, Any]]:
    """Photos sorted by how far off one estimate is on the whole: are others better where it is good, and where bad?

    Returns:
        For each of `BANDS` {"up_to": pixels, "photos", "visible_pixels": {estimate: spread}}; photos without a visible
        point are left out.
    """
    shown = [photo for photo in photos if photo.visible.any()]
    medians = np.array([np.median(photo.pixels[given][photo.visible]) for photo in shown])
    result = []
    for above, up_to in itertools.pairwise((0.0, *BANDS)):
        chosen = [photo for photo, median in zip(shown, medians, strict=True) if above <= median < up_to]
        errors = {
            name: spread(np.concatenate([np.empty(0), *(photo.pixels[name][photo.visible] for photo in chosen)]))
            for name in photos[0].pixels
        }
        result.append({"up_to": up_to, "photos": len(chosen), "visible_pixels": errors})
    return result


def _split(
    errors: Float[np.ndarray, " N"], visible: Bool[np.ndarray, " N"], framings: np.ndarray
) -> dict[str, dict[str, Any]]:
    return {
        kind: {
            "all": spread(errors[seen]),
            **{framing: spread(errors[seen & (framings == framing)]) for framing in FRAMINGS},
        }
        for kind, seen in (("visible", visible), ("hidden", ~visible))
    }


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BodyErrors:
    """Of the whole body of one photo, in the frame or not, with the pelvis where it should be; millimetres."""

    framing: str
    vertices: Mapping[str, float]
    """Mean over all vertices of the body's own faces, as the field reports it."""
    joints: Mapping[str, Float[np.ndarray, " 55"]]


def body_errors(
    body: BodyModel, framing: str, truth: Float[Tensor, "V 3"], estimates: Mapping[str, Float[Tensor, "V 3"]]
) -> BodyErrors:
    """Joints, the pelvis among them, are regressed from the vertices of all alike: no estimate brings its own."""
    own = torch.unique(body.faces)

    def aligned(vertices: Tensor) -> tuple[Tensor, Tensor]:
        joints = body.joint_regressor @ vertices
        return vertices[own] - joints[0], joints - joints[0]

    true_vertices, true_joints = aligned(truth)
    vertices, joints = {}, {}
    for name, estimate in estimates.items():
        found_vertices, found_joints = aligned(estimate)
        vertices[name] = _MILLIMETRES * float((found_vertices - true_vertices).norm(dim=-1).mean())
        joints[name] = _MILLIMETRES * (found_joints - true_joints).norm(dim=-1).double().numpy()
    return BodyErrors(framing=framing, vertices=vertices, joints=joints)


def summarized_bodies(photos: Sequence[BodyErrors]) -> dict[str, Any]:
    """
    Returns:
        {"vertices_mm": {estimate: {"all" | framing: spread over photos}}, "joints_mm": {estimate: {joint: spread}}};
        joints of photos that show the whole body only, left and right as one, the fingers as one.
    """
    names = photos[0].vertices
    whole = [photo for photo in photos if photo.framing == Framing.WHOLE.value]
    return {
        "vertices_mm": {
            name: {
                group: spread(np.array([photo.vertices[name] for photo in photos if photo.framing in framings]))
                for group, framings in (("all", FRAMINGS), *((framing, (framing,)) for framing in FRAMINGS))
            }
            for name in names
        },
        "joints_mm": {
            name: {
                joint: spread(np.array([photo.joints[name][indices] for photo in whole], np.float64).ravel())
                for joint, indices in _joints_of_both_sides().items()
            }
            for name in names
        },
    }


def _joints_of_both_sides() -> dict[str, list[int]]:
    """The pelvis has no error; it is where all are aligned."""
    joints: dict[str, list[int]] = {}
    for index in range(1, NUM_BODY_JOINTS):
        joints.setdefault(JOINT_NAMES[index].removeprefix("left_").removeprefix("right_"), []).append(index)
    first_finger = JOINT_NAMES.index("left_index1")
    return joints | {"fingers": list(range(first_finger, len(JOINT_NAMES)))}
