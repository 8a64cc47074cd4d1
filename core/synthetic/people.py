"""Made-up people by number: dressed, ready to be posed and lit, and the truth about them on the network's template."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from ..avatar.fast_rig import FastRig
from ..avatar.people import drawn_betas, drawn_look
from ..avatar.rig import RestGaussians, place
from ..avatar.template import Template, face_frames
from ..avatar.wardrobe import dressed_avatar
from ..body.model import BodyModel, ShapedBody, shape_body
from ..gaussians import GaussianParameters
from ..geometry.rotations import quaternion_to_matrix
from .creases import creased
from .transfer import Dressed, transferred

_K = 1
"""Gaussians on a face of a dressed person, but where more are needed: few, because a photo is small."""
_VARIETY = 1.25
"""Builds and faces differ more than those of the wardrobe's people: photos show all."""
_CASTER_CELL = 0.008
"""Metres."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MadeUpPerson:
    """Somebody who can be photographed."""

    betas: Float[Tensor, " B"]
    shaped: ShapedBody
    rest: RestGaussians
    rig: FastRig
    normals: Float[Tensor, "D 3"]
    """Of the dressed Gaussians, on the rest mesh."""
    casters: Int[np.ndarray, " C"]
    """Enough of the dressed Gaussians to cast their shadow."""
    truth: GaussianParameters
    """On the network's template: offsets to the outermost surface, shapes, opacities; colours come with the light."""
    sources: Int[Tensor, "N 4"]
    """The dressed Gaussians that each Gaussian of the template stands for, and how much of each."""
    shares: Float[Tensor, "N 4"]


def dressed_person(body: BodyModel, template: Template, seed: int) -> MadeUpPerson:
    """Person number `seed`, dressed, as seen on `template`."""
    avatar = dressed_avatar(body, drawn_look(seed), _K, _VARIETY * drawn_betas(seed, body))
    shaped = shape_body(body, avatar.betas)
    worn, parameters = avatar.template, avatar.parameters
    rest = place(worn, parameters, shaped.vertices)
    frames, _ = face_frames(worn.faces, shaped.vertices)
    normals = (frames[worn.face_indices] @ quaternion_to_matrix(parameters.rotations_wxyz))[:, :, 2].contiguous()
    points = worn.surface_points(shaped.vertices) + rest.offsets_world
    dressed = Dressed(points=points, covariances=rest.covariances, normals=normals, opacities=rest.opacities)
    transfer = transferred(body, template, shaped.vertices, dressed)
    assert avatar.groups is not None
    worn_cloth = [avatar.groups.names.index(name) for name in ("top", "bottom")]
    on_cloth = np.isin(avatar.groups.indices.numpy(), worn_cloth)
    folded = creased(np.random.default_rng([seed, *b"creases"]), normals.numpy(), points.numpy(), on_cloth)
    return MadeUpPerson(
        betas=avatar.betas,
        shaped=shaped,
        rest=rest,
        rig=FastRig(worn, shaped.vertices),
        normals=torch.from_numpy(folded),
        casters=_spread(points.numpy()),
        truth=transfer.parameters,
        sources=transfer.sources,
        shares=transfer.shares,
    )


def _spread(points: Float[np.ndarray, "D 3"]) -> Int[np.ndarray, " C"]:
    """One of those that share a small cell: strands of hair lie close."""
    cells = ((points - points.min(0)) / _CASTER_CELL).astype(np.int64)
    return np.unique(np.ravel_multi_index(tuple(cells.T), tuple(cells.max(0) + 1)), return_index=True)[1]


def person_seed(seed: int, person: int) -> int:
    """The number by which the wardrobe knows person `person` of a studio's seed."""
    return int(np.random.SeedSequence([seed, person]).generate_state(1)[0])
