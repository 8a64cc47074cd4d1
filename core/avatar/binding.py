"""Binds what was laid out in the world to the faces that carry it, on the mean shape or on that of other betas."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from scipy.spatial import KDTree
from torch import Tensor

from ..gaussians import GaussianParameters
from ..geometry.rotations import matrix_to_quaternion, quaternion_to_matrix
from .fast_rig import FastRig
from .garments import Cover
from .ground import Ground
from .loose import HANGING, Loose
from .rig import RestGaussians
from .surfels import Surfels
from .template import Template, face_frames

_FARTHEST = 2.5
"""Face sizes that a Gaussian may lie off its face."""
_NEIGHBOURS = 24
"""How many vertices say together how loose things move with other betas."""


def anchored(ground: Ground, surfels: Surfels, covers: Int[np.ndarray, " N"]) -> Template:
    """The template with Gaussians that lie far off tiny faces bound where their steadiest neighbours are.

    An offset of many face sizes (a shoe over the clefts between toes, a shirt over a navel) would scatter as soon as
    other betas turn or scale the face a little.
    """
    template = ground.template
    sizes = ground.frames[1][template.face_indices].numpy()
    reach = np.linalg.norm(surfels.points - ground.places.points, axis=-1) / np.maximum(sizes, 1e-6)
    hosts = np.arange(len(reach))
    for cover in (Cover.SHIRT, Cover.TROUSERS, Cover.SHOE, Cover.SOLE):
        mine = covers == cover
        unsteady, steady = np.flatnonzero(mine & (reach > _FARTHEST)), np.flatnonzero(mine & (reach < 0.7 * _FARTHEST))
        if len(unsteady) and len(steady):
            hosts[unsteady] = steady[KDTree(surfels.points[steady]).query(surfels.points[unsteady])[1]]
    return replace(template, face_indices=template.face_indices[hosts], barycentrics=template.barycentrics[hosts])


def carried(
    ground: Ground,
    template: Template,
    surfels: Surfels,
    rest: Float[Tensor, "V 3"],
    sizes: Float[Tensor, " F"],
    clad: Bool[np.ndarray, " N"],
) -> Surfels:
    """From the mean shape to another rest mesh: shifted with the points of the skin, turned as a pose would turn them.

    Kept in the frames of the faces, cloth that lies well off a breast or a belly would tear when it grows.
    """
    lattice, shifts = ground.lattice, (rest - ground.rest).numpy()
    shift = lattice.at_points(shifts)
    # Cloth is stiffer than what it lies on.
    for _ in range(3):
        shifts = lattice.blurring @ shifts
    shift[clad] = lattice.at_points(shifts)[clad]
    nothing = torch.zeros(len(surfels.points))
    at_mean = RestGaussians(
        offsets_world=nothing[:, None].expand(-1, 3),
        covariances=nothing[:, None].expand(-1, 6),
        opacities=nothing,
        sh=nothing[:, None, None].expand(-1, 1, 3),
    )
    moved = FastRig(template, ground.rest.float()).rig(at_mean, rest.float())
    assert moved.sh_rotations_wxyz is not None
    turns = quaternion_to_matrix(moved.sh_rotations_wxyz).double().numpy()
    growth = (sizes / ground.frames[1].clamp(min=1e-6))[template.face_indices].numpy()
    return Surfels(
        points=surfels.points + shift,
        axes=turns @ surfels.axes,
        widths=surfels.widths * np.clip(growth, 0.9, 2.5)[:, None],
    )


def parameters_on(
    template: Template,
    face_sizes: tuple[Float[Tensor, "F 3 3"], Float[Tensor, " F"]],
    rest: Float[Tensor, "V 3"],
    surfels: Surfels,
    opacities: Float[np.ndarray, " N"],
    sh: Float[np.ndarray, "N K 3"],
) -> GaussianParameters:
    """World values of a rest mesh in the frames and sizes of its faces."""
    frames, sizes = face_sizes
    face_from_world = frames.float()[template.face_indices].transpose(-1, -2)
    sizes = sizes.float()[template.face_indices].clamp(min=1e-6)[:, None]
    offsets = (torch.from_numpy(surfels.points) - template.surface_points(rest)).float()
    return GaussianParameters(
        offsets=(face_from_world @ offsets[..., None])[..., 0] / sizes,
        rotations_wxyz=matrix_to_quaternion(face_from_world @ torch.from_numpy(surfels.axes).float()),
        log_scales=(torch.from_numpy(surfels.widths).float() / sizes).log(),
        opacity_logits=torch.logit(torch.from_numpy(opacities)).float(),
        sh=torch.from_numpy(sh).float(),
    )


def with_loose(
    ground: Ground,
    template: Template,
    parameters: GaussianParameters,
    loose: Loose,
    sh: Float[np.ndarray, "M K 3"],
    rest: Float[Tensor, "V 3"],
) -> tuple[Template, GaussianParameters]:
    """What is loose, bound to its faces as they lie in this rest mesh."""
    body = ground.body
    shells = tuple(name for name in ("skirt",) if bool((loose.hosts >= len(body.faces)).any()))
    faces = torch.cat([body.faces, *(body.shells[name] for name in shells)])
    hosts, barycentrics = np.where(loose.hosts < 0, ground.crown, loose.hosts), loose.barycentrics
    if ground.nape is not None and (hanging := loose.hosts == HANGING).any():
        barycentrics = barycentrics.copy()
        hosts[hanging], barycentrics[hanging] = ground.nape.carrying(loose.points[hanging, 1])
    own = Template(
        faces=faces,
        face_indices=torch.from_numpy(hosts),
        barycentrics=torch.from_numpy(barycentrics).float(),
        worn_shells=shells,
        k=template.k,
    )
    on_head = loose.hosts < 0
    points, grown = loose.points.copy(), np.ones(len(loose))
    if bool(on_head.any()):
        points[on_head], grown[on_head] = _moved_along(ground, loose.points[on_head], rest.numpy())
    on_body = ~on_head & (loose.hosts < len(body.faces))
    shift = own.interpolated(rest - ground.rest).numpy()
    points[on_body] += shift[on_body]
    moved = _surfels(loose, points, grown)
    added = parameters_on(own, face_frames(faces, rest), rest, moved, loose.opacities, sh)
    if shells:
        # A skirt lies on faces of its own, which carry it to other betas by themselves.
        mean = parameters_on(own, face_frames(faces, ground.rest), ground.rest, moved, loose.opacities, sh)
        added = _chosen(added, mean, torch.from_numpy(on_head | on_body))
    joined = {
        name: torch.cat([getattr(parameters, name), getattr(added, name)])
        for name in ("offsets", "rotations_wxyz", "log_scales", "opacity_logits", "sh")
    }
    whole = Template(
        faces=faces,
        face_indices=torch.cat([template.face_indices, own.face_indices]),
        barycentrics=torch.cat([template.barycentrics, own.barycentrics.to(template.barycentrics)]),
        worn_shells=shells,
        k=template.k,
    )
    return whole, GaussianParameters(**joined)


def _chosen(first: GaussianParameters, second: GaussianParameters, use_first: Tensor) -> GaussianParameters:
    def pick(name: str) -> Tensor:
        a, b = getattr(first, name), getattr(second, name)
        return torch.where(use_first.reshape(-1, *(1,) * (a.ndim - 1)), a, b)

    return GaussianParameters(
        offsets=pick("offsets"),
        rotations_wxyz=pick("rotations_wxyz"),
        log_scales=pick("log_scales"),
        opacity_logits=pick("opacity_logits"),
        sh=pick("sh"),
    )


def _surfels(loose: Loose, points: Float[np.ndarray, "M 3"], grown: Float[np.ndarray, " M"]) -> Surfels:
    return Surfels(points=points, axes=loose.axes, widths=loose.widths * grown[:, None])


def _moved_along(
    ground: Ground, points: Float[np.ndarray, "M 3"], rest: Float[np.ndarray, "V 3"]
) -> tuple[Float[np.ndarray, "M 3"], Float[np.ndarray, " M"]]:
    """Points beside the mean body, brought along as the skin around them moves to another rest mesh; their growth."""
    tree, own = ground.nearby
    distance, nearest = tree.query(points, k=min(_NEIGHBOURS, len(own)))
    weights = 1.0 / (distance.reshape(len(points), -1) + 0.03)
    weights /= weights.sum(-1, keepdims=True)
    shift = (rest - ground.anatomy.vertices)[own][nearest.reshape(len(points), -1)]
    tall = np.ptp(rest[own, 1]) / np.ptp(ground.anatomy.vertices[own, 1])
    return points + (weights[..., None] * shift).sum(1), np.full(len(points), max(1.0, float(tall)))
