"""Observations as what pictures are compared with: smaller ones too, and with weights where a face speaks."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int, UInt8
from torch import Tensor
from torch.nn import functional

from ..body.model import BodyModel
from ..cameras import Camera, in_camera, in_frame, projected
from .observation import Observation
from .picture_loss import Target
from .settings import RefineSettings

MOUTH = ("lip_upper", "lip_lower", "mouth_inside", "teeth_upper", "teeth_lower", "tongue")
EYES = ("eyelid", "sclera", "iris", "pupil", "lashes")
_REACH = 0.006
"""Metres: what a vertex of them stands for around itself."""
_ENLARGED = 2.0
"""How far a small observation is enlarged at most.

The renderer draws nothing thinner than a pixel. In a small picture of a head a Gaussian that stands on edge and is far
too dark would therefore pass for skin, and be a dark dash when somebody looks at the head from nearby.
"""


class Targets:
    """One observation in the size that it is drawn in now; bytes, for there may be hundreds."""

    def __init__(
        self,
        observation: Observation,
        vertices: Float[Tensor, "V 3"],
        spoken: SpokenParts,
        settings: RefineSettings,
        device: torch.device,
    ) -> None:
        """`vertices` are those of the pose that was tracked."""
        self._observation, self._vertices, self._spoken = observation, vertices, spoken
        self._settings, self._device = settings, device
        self._made: tuple[UInt8[Tensor, "H W 5"], float, Camera] | None = None

    def at(self, longest_side: int) -> tuple[Target, Camera]:
        """At most so large; an observation that is smaller is enlarged."""
        whole = self._observation.camera
        longest = max(whole.width, whole.height)
        side = min(_ENLARGED * longest, longest_side)
        width, height = (max(1, round(each * side / longest)) for each in (whole.width, whole.height))
        if self._made is None or self._made[0].shape[:2] != (height, width):
            camera = whole.resized(width, height)
            self._made = *self._reduced(camera), camera
        planes, largest, camera = self._made
        colors, mask, weights = (planes.float() / 255.0).split((3, 1, 1), dim=-1)
        return Target(colors=colors.contiguous(), mask=mask[..., 0], weights=largest * weights[..., 0]), camera

    def _reduced(self, camera: Camera) -> tuple[UInt8[Tensor, "H W 5"], float]:
        """Colours times the mask, mask, and weights as parts of the largest; and that one, with their mean at 1."""
        observation = self._observation
        mask = torch.from_numpy(observation.mask).float().unsqueeze(-1)
        colors = torch.from_numpy(observation.image).float() / 255.0 * mask
        weights = self._spoken.weights(self._vertices, observation.camera, self._settings)
        weights = torch.from_numpy(observation.weights).float() * weights
        planes = torch.cat([colors, mask, weights.unsqueeze(-1)], dim=-1)
        if planes.shape[:2] != (camera.height, camera.width):
            size, mode = (camera.height, camera.width), "area" if camera.height < len(planes) else "bilinear"
            planes = functional.interpolate(planes.permute(2, 0, 1)[None], size=size, mode=mode)[0].permute(1, 2, 0)
        mean, largest = (float(each) for each in (planes[..., 4].mean(), planes[..., 4].max()))
        planes[..., 4] /= max(largest, 1e-6)
        return (255.0 * planes).round().to(self._device, torch.uint8), largest / max(mean, 1e-6)


class SpokenParts:
    """Where mouth and eyes are in a picture that shows them; a body without named parts has neither."""

    def __init__(self, body: BodyModel) -> None:
        self._mouth = _Features.of(body, MOUTH, ("lip_upper", "lip_lower"))
        self._eyes = [
            _Features.of(body, tuple(f"{part}_{side}" for part in EYES), (f"eyelid_{side}",))
            for side in ("left", "right")
        ]

    def weights(self, vertices: Float[Tensor, "V 3"], camera: Camera, settings: RefineSettings) -> Float[Tensor, "H W"]:
        """What each pixel counts."""
        weights = torch.ones(camera.height, camera.width)
        weighted = [(eye, settings.eye_weight) for eye in self._eyes] + [(self._mouth, settings.mouth_weight)]
        for features, weight in weighted:
            if features.are_seen(vertices, camera):
                weights = torch.where(_covered(vertices[features.vertices], camera), weight, weights)
        return weights


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Features:
    """The mouth, or one eye."""

    vertices: Int[Tensor, " P"]
    outside: Int[Tensor, "F 3"]
    """Faces around it that look where it looks; the back of an eyeball and of the teeth looks elsewhere."""

    @classmethod
    def of(cls, body: BodyModel, parts: tuple[str, ...], outside: tuple[str, ...]) -> _Features:
        return cls(vertices=_faces_of(body, parts).unique(), outside=_faces_of(body, outside))

    def are_seen(self, vertices: Float[Tensor, "V 3"], camera: Camera) -> bool:
        """The head between them and the camera hides them."""
        if not len(self.outside):
            return False
        first, second, third = vertices[self.outside].unbind(-2)
        normal = torch.linalg.cross(second - first, third - first).sum(0)
        towards = camera.center.to(vertices) - (first + second + third).mean(0) / 3.0
        return float(normal @ towards) > 0.0


def _faces_of(body: BodyModel, parts: tuple[str, ...]) -> Int[Tensor, "F 3"]:
    if body.face_parts is None:
        return body.faces.cpu()[:0]
    wanted = torch.tensor([name in parts for name in body.part_names])
    return body.faces.cpu()[wanted[body.face_parts.cpu()]]


def _covered(points: Float[Tensor, "P 3"], camera: Camera) -> Bool[Tensor, "H W"]:
    """Pixels near one of the points."""
    seen = in_camera(points, camera)
    pixels = projected(seen, camera)
    inside = in_frame(pixels, seen, camera)
    column, row = pixels[inside].long().unbind(-1)
    hit = torch.zeros(camera.height, camera.width)
    hit[row, column] = 1.0
    if not inside.any():
        return hit > 0.0
    reach = max(1, round(float(camera.fx * _REACH / seen[inside, 2].median())))
    for size, padding in (((2 * reach + 1, 1), (reach, 0)), ((1, 2 * reach + 1), (0, reach))):
        hit = functional.max_pool2d(hit[None], size, stride=1, padding=padding)[0]
    return hit > 0.0
