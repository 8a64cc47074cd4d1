"""What hangs around the legs: the built-in body's skirt, cut, flared and pleated."""

from __future__ import annotations

import numpy as np
import torch

from .anatomy import vertex_normals
from .fabric import bottom_colours, top_colours
from .ground import Ground
from .look import Look
from .loose import Loose
from .patterns import smoothstep, waves
from .surfels import covering_surfels
from .template import make_template

_SHELL = "skirt"


def has_skirt_shell(ground: Ground) -> bool:
    return _SHELL in ground.body.shells


def skirt(ground: Ground, look: Look) -> list[Loose]:
    """The skirt of a dress, a coat or alone; nothing for bodies without a skirt's faces, which wear shorts instead."""
    if not (look.has_skirt and has_skirt_shell(ground)):
        return []
    anatomy, unit, body = ground.anatomy, ground.unit, ground.body
    shaped = anatomy.vertices.copy()
    faces = body.shells[_SHELL].numpy()
    used = np.unique(faces)
    random = np.random.default_rng([look.seed, 61])
    hip, knee, ankle = (float(anatomy.joint(f"left_{name}")[1]) for name in ("hip", "knee", "ankle"))
    waist = float(shaped[used, 1].max())
    hem = _hem(look, random, hip, knee, ankle)
    down = smoothstep(waist, hem, shaped[used, 1])
    away = shaped[used] * [1.0, 0.0, 1.0] - np.array([0.0, 0.0, 0.5 * (anatomy.joint("left_hip")[2] + 0.01)])
    reach = np.maximum(np.linalg.norm(away, axis=-1, keepdims=True), 1e-6)
    azimuth = np.arctan2(away[:, 0], away[:, 2])
    flare = float(random.uniform(0.005, 0.075)) if look.top != "coat" else 0.02
    pleats = int(random.integers(7, 15)) * (look.top != "coat")
    out = flare * down + 0.010 * down * np.cos(pleats * azimuth + 0.6 * np.sin(azimuth)) + 0.004
    if look.top == "coat":
        out = out + 0.010
    shaped[used] += out[:, None] * unit * away / reach

    template = make_template(body, 1, (_SHELL,), finer={_SHELL: 16})
    first = len(body.faces)
    mine = template.face_indices >= first
    hosts, barycentrics = template.face_indices[mine].numpy(), template.barycentrics[mine].double()
    corners = template.faces[template.face_indices[mine]].numpy()
    points = (shaped[corners] * barycentrics.numpy()[..., None]).sum(1)
    normals = vertex_normals(shaped, faces)
    normals = (normals[corners] * barycentrics.numpy()[..., None]).sum(1)
    normals /= np.maximum(np.linalg.norm(normals, axis=-1, keepdims=True), 1e-9)
    height = points[:, 1]
    keep = height > hem
    if look.top == "coat":
        keep &= ~(
            (normals[:, 2] > 0.5)
            & (np.abs(points[:, 0] - 0.01) < 0.05 * down.max() * smoothstep(waist - 0.1, hem, height))
        )
    own = type(template)(
        faces=template.faces,
        face_indices=template.face_indices[mine],
        barycentrics=template.barycentrics[mine],
        worn_shells=template.worn_shells,
        k=template.k,
    )
    surfels = covering_surfels(own, torch.from_numpy(shaped), points)
    surfels.widths[:] *= 1.12
    surfels.press(normals)
    surfels.straighten(height - hem, np.broadcast_to([0.0, 1.0, 0.0], points.shape))
    colours = (bottom_colours if look.top != "coat" else top_colours)(anatomy, points, normals, look)
    slanted = points + np.stack([0.0 * height, 0.1 * points[:, 0], 0.0 * height], -1)
    folds = waves(slanted, (0.07, 0.5, 0.07), look.seed + 62)
    colours = colours * (1.0 + 0.06 * np.clip(folds, -2, 2) * smoothstep(waist, hem, height))[:, None]
    colours = colours * np.where(height < hem + 0.012 * unit, 0.86, 1.0)[:, None]
    count = int(keep.sum())
    return [
        Loose(
            points=surfels.points[keep],
            axes=surfels.axes[keep],
            widths=surfels.widths[keep],
            colours=np.clip(colours[keep], 0.0, 1.0),
            gloss=np.full(count, 0.06),
            opacities=np.full(count, 0.99),
            groups=("bottom" if look.top not in ("dress", "coat") else "top",),
            group_indices=np.zeros(count, dtype=np.int64),
            hosts=hosts[keep],
            barycentrics=barycentrics.numpy()[keep],
        )
    ]


def _hem(look: Look, random: np.random.Generator, hip: float, knee: float, ankle: float) -> float:
    """The height of the hem."""
    if look.top == "coat":
        return hip + (0.55 + 0.5 * float(random.uniform())) * (knee - hip)
    if look.top == "dress":
        share = float(random.uniform(0.55, 1.75))
    else:
        share = float(random.uniform(0.55, 1.05)) if look.bottom == "skirt" else float(random.uniform(1.45, 1.85))
    return hip + share * (knee - hip) if share < 1.0 else knee + (share - 1.0) * (ankle - knee)
