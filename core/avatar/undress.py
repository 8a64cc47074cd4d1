"""Bare skin where clothes, hair or a beard are hidden: the Gaussians that they were made of go back to the body."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from jaxtyping import Bool
from torch import Tensor

from ..body.model import BodyModel
from ..gaussians import GaussianParameters
from .anatomy import Anatomy
from .avatar import Avatar
from .covering import covering_kernels
from .ground import Ground, ground_of
from .head import OPACITY
from .look import Look
from .shading import as_harmonics, lit, openness, turned_about_z
from .skin import bare_skin
from .wardrobe import look_of

COVERING = ("hair", "beard", "top", "bottom", "shoes")
"""The wardrobe's groups that lie on skin."""
_UNDERWEAR = (0.52, 0.53, 0.55)


def undressed(avatar: Avatar, body: BodyModel, hidden: Bool[Tensor, " N"]) -> tuple[Avatar, Bool[Tensor, " N"]]:
    """The avatar with skin in place of what is hidden, and what stays hidden: all that does not lie on the body.

    Only a person of the wardrobe, laid out as this version lays them out, can be undressed; others stay as they are.
    """
    look, ground = look_of(avatar), ground_of(body, avatar.template.k)
    if look is None or avatar.groups is None or not _same_layout(avatar, ground):
        return avatar, hidden
    own = ground.template.num_gaussians
    bare = hidden[:own]
    if bool((avatar.template.face_indices[hidden] >= len(body.faces)).any()):
        # Legs lie in the shade of a skirt, which is painted on them.
        thighs = ground.places.points[:, 1] < ground.anatomy.joint("left_hip")[1]
        skin = avatar.groups.indices[:own] == avatar.groups.names.index("skin")
        bare = bare | (skin & torch.from_numpy(thighs & (ground.places.feet[0] + ground.places.feet[1] < 0.5)))
    rows = bare.nonzero()[:, 0]
    old, new = avatar.parameters, _bare(ground, look, rows)
    parameters = {}
    for name in ("offsets", "rotations_wxyz", "log_scales", "opacity_logits", "sh"):
        values = getattr(old, name).clone()
        values[rows] = getattr(new, name)
        parameters[name] = values
    faces, barycentrics = avatar.template.face_indices.clone(), avatar.template.barycentrics.clone()
    faces[rows], barycentrics[rows] = ground.template.face_indices[rows], ground.template.barycentrics[rows]
    template = replace(avatar.template, face_indices=faces, barycentrics=barycentrics)
    still = hidden.clone()
    still[:own] = False
    return replace(avatar, template=template, parameters=GaussianParameters(**parameters)), still


def _same_layout(avatar: Avatar, ground: Ground) -> bool:
    """Whether the avatar's Gaussians begin with those of this ground; few were bound elsewhere."""
    ours = ground.template.face_indices
    theirs = avatar.template.face_indices[: len(ours)]
    return len(theirs) == len(ours) and float((theirs == ours).float().mean()) > 0.8


def _bare(ground: Ground, look: Look, rows: Tensor) -> GaussianParameters:
    """Skin on these rows; in the frames of the faces it is the same for all betas."""
    template, places, which = ground.template, ground.places, rows.numpy()
    rotations, scales = covering_kernels(template, ground.rest)
    sizes = ground.frames[1][template.face_indices[rows]].clamp(min=1e-6)
    albedo, normals = bare_skin(places, look)[which], places.normals[which]
    albedo[_under(ground.anatomy, places.points[which])] = _UNDERWEAR
    seen = np.minimum(openness(places.points, places.normals)[which], ground.creases[which])
    standing = turned_about_z(normals, ground.lowering[which])
    gloss = np.full(len(which), 0.05)
    colours = lit(albedo, standing, seen, np.ones(len(which)), gloss)
    return GaussianParameters(
        offsets=torch.zeros(len(rows), 3),
        rotations_wxyz=rotations[rows].float(),
        log_scales=(scales[rows] / sizes[:, None]).log().float(),
        opacity_logits=torch.full((len(rows),), float(np.log(OPACITY / (1.0 - OPACITY)))),
        sh=torch.from_numpy(as_harmonics(colours, normals, gloss[:, None] * (0.35 + 0.65 * albedo))).float(),
    )


def _under(anatomy: Anatomy, points: np.ndarray) -> np.ndarray:
    """Where trunks are worn."""
    hip, knee, waist = (float(anatomy.joint(name)[1]) for name in ("left_hip", "left_knee", "spine1"))
    low, high = hip - 0.25 * (hip - knee), 0.35 * hip + 0.65 * waist
    return (points[:, 1] > low) & (points[:, 1] < high) & (np.abs(points[:, 0]) < abs(anatomy.joint("left_elbow")[0]))
