"""Posed people in the light of a photo: what each of their Gaussians shows to its camera."""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float, Int

from ..cameras import Camera
from ..gaussians import Gaussians
from ..geometry.spherical_harmonics import SH_C0
from .lighting import Light, lit_colours, reaching, shade
from .people import MadeUpPerson
from .seeing_kernels import in_view, seen_colours

_MARGIN, _LARGEST = 4.0, 0.03
"""Pixels and metres that a Gaussian reaches beyond its middle."""


def lit(
    person: MadeUpPerson, rigged: Gaussians, which: Int[np.ndarray, " S"], light: Light, camera: Camera
) -> Float[np.ndarray, "S 3"]:
    """Colours of some of the person's Gaussians, posed as `rigged` in that light."""
    assert rigged.sh_rotations_wxyz is not None
    means = rigged.means.numpy()
    points = means.take(which, axis=0)
    seen, normals = np.empty_like(points), np.empty_like(points)
    seen_colours(
        which, means, rigged.sh_rotations_wxyz.numpy(), rigged.sh.numpy(), person.normals.numpy(),
        camera.center.numpy(), seen, normals,
    )  # fmt: skip
    return lit_colours(
        seen, shade(light, normals, reaching(light, points, normals, means.take(person.casters, axis=0)))
    )


def coloured(gaussians: Gaussians, which: Int[np.ndarray, " S"], colours: Float[np.ndarray, "S 3"]) -> Gaussians:
    """Some of the Gaussians, in these colours from wherever they are seen."""
    kept = torch.from_numpy(which)
    return Gaussians(
        means=gaussians.means.index_select(0, kept),
        covariances=gaussians.covariances.index_select(0, kept),
        opacities=gaussians.opacities.index_select(0, kept),
        sh=torch.from_numpy((colours - 0.5) / SH_C0)[:, None],
    )


def shown(gaussians: Gaussians, camera: Camera) -> Int[np.ndarray, " S"]:
    """Those that may be in the picture."""
    which = np.empty(len(gaussians), np.int64)
    lens, size = (camera.fx, camera.fy, camera.cx, camera.cy), (camera.width, camera.height)
    matrix = camera.camera_from_world.numpy()
    count = in_view(gaussians.means.numpy(), matrix, lens, size, camera.near, _MARGIN, _LARGEST, which)
    return which[:count]
