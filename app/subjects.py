"""What stands in front of the camera, with the mesh under it: from a document, its Gaussians and its posed body."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import torch
from jaxtyping import Int
from torch import Tensor

from ..core.rendering.display import Mesh, Subject
from ..core.rendering.renderer import RenderSettings
from .state import View

if TYPE_CHECKING:
    from ..core.avatar.template import Template
    from ..core.body.model import BodyModel, PosedBody, ShapedBody
    from ..core.gaussians import Gaussians


def render_settings(view: View) -> RenderSettings:
    """How a renderer is to draw for this view."""
    return RenderSettings(background=view.background, splat_scale=view.splat_scale, max_sh_degree=view.max_sh_degree)


class SubjectMaker:
    """Gives the same subject for the same objects, so that pictures know that nothing has changed."""

    def __init__(self) -> None:
        self._key: tuple[object, ...] = ()
        self._subject: Subject | None = None

    def subject(
        self,
        gaussians: Gaussians,
        *,
        body: BodyModel | None = None,
        template: Template | None = None,
        shaped: ShapedBody | None = None,
        posed: PosedBody | None = None,
    ) -> Subject:
        key = (gaussians, body, template, shaped, posed)
        if self._subject is None or any(new is not old for new, old in zip(key, self._key, strict=True)):
            self._key = key
            if body is None or template is None or shaped is None or posed is None:
                self._subject = Subject(gaussians=gaussians, floor_height=_lowest(gaussians))
            else:
                self._subject = Subject(
                    gaussians=gaussians,
                    mesh=Mesh(vertices=posed.vertices, faces=template.faces, labels=_labels(body, template)),
                    carriers=template.face_indices,
                    # Where the feet stand at rest: a body that jumps leaves the ground.
                    floor_height=shaped.vertices[:, 1].amin().item(),
                )
        return self._subject


@lru_cache(maxsize=4)
def _labels(body: BodyModel, template: Template) -> Int[Tensor, " F"]:
    """Parts of the body by their index, then one label for each shell that is worn."""
    own = body.face_parts if body.face_parts is not None else torch.zeros(len(body.faces), dtype=torch.int64)
    first = max(1, len(body.part_names))
    shells = [
        torch.full((len(body.shells[name]),), first + index, dtype=torch.int64)
        for index, name in enumerate(template.worn_shells)
    ]
    return torch.cat([own.to(torch.int64), *shells])


def _lowest(gaussians: Gaussians) -> float:
    """Of a foreign splat file, without the strays below it."""
    heights = gaussians.means[:, 1].numpy()
    heights = heights[np.isfinite(heights)]
    stray = round(0.002 * (len(heights) - 1))
    return float(np.partition(heights, stray)[stray]) if len(heights) else 0.0
