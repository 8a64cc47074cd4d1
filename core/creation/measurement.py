"""How like the person an avatar is in pictures that it was not made from, driven by nothing but their tracked motion.

A picture is judged as it is in its file, RGB in [0, 1], whole, scaled to `held_out.SHORTER_SIDE`. The avatar is drawn
in the tracked pose by the tracked camera, with no correction of colours or of pose. The picture is laid over grey by
its mask, which is soft at hair and edges, and the avatar stands before the same grey: what it leaves open inside counts
as wrong. Errors are squared over the pixels of which the mask has more than half, and their three channels; PSNR is
taken picture by picture, then the mean.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from ..avatar.avatar import Avatar
from ..body.model import BodyModel
from ..losses import WINDOW, psnr_inside, ssim_inside
from ..pipeline import Pipeline
from ..rendering.cpu_renderer import CpuRenderer
from ..rendering.renderer import RenderSettings
from .fitted import FittedPicture
from .held_out import HeldPicture
from .perceptual import lpips_or_reason

HEAD, PERSON, BEFORE_WHITE = "head", "person", "before white"
"""Inside the masks; and the whole picture with all but the person white, against the avatar before white, as others
measure: the wall counts there, which is easy, and so does what the avatar draws beside the person."""
REGIONS = (HEAD, PERSON, BEFORE_WHITE)
GREY = 0.5
INSIDE = 0.5
"""Of a mask, 0..1, from where on a pixel counts."""
SMALLEST_FOR_LPIPS = 64
"""Pixels of a region's sides: of less its network makes nothing."""
WORST_SHARE = 10.0
"""Percent of the pictures that `psnr_worst` leaves below it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """Means over pictures."""

    pictures: int
    psnr: float
    """Decibels."""
    psnr_worst: float
    """Of the tenth of the pictures that are worst, the best."""
    ssim: float
    lpips: float | None
    """Of the pictures in which the region is large enough; None where there are none, or no weights are at hand."""


class Judge:
    """Draws avatars of one body into pictures; belongs to one thread, close it at the end."""

    def __init__(self, body: BodyModel, pictures: Sequence[HeldPicture], tracked: Sequence[FittedPicture]) -> None:
        """Pictures in which tracking found nobody are not judged; the two go together by their names."""
        self._pipeline = Pipeline(body)
        self._renderer = CpuRenderer()
        motion = {each.name: each for each in tracked}
        self.judged = [(each, motion[each.name]) for each in pictures if each.name in motion]
        found = lpips_or_reason()
        self._distance = None if isinstance(found, str) else found
        self.without_lpips = found if isinstance(found, str) else None
        """Why LPIPS is not among the scores, if so."""

    def scores(self, avatar: Avatar, report: Callable[[float, str], None] = lambda *_: None) -> dict[str, Score]:
        """By region; one that no picture shows is left out."""
        found: dict[str, list[tuple[float, float, float | None]]] = {region: [] for region in REGIONS}
        for index, (held, tracked) in enumerate(self.judged):
            report(index / len(self.judged), "judging by what was held out")
            rgb, alpha = self.drawn(avatar, held, tracked)
            image = torch.from_numpy(np.array(held.image)).float() / 255.0  # a frame of a film may be read-only
            person = torch.from_numpy(held.person).float()
            before, real = (
                {shade: colors + shade * (1.0 - share[..., None]) for shade in (GREY, 1.0)}
                for colors, share in ((rgb, alpha), (image * person[..., None], person))
            )
            for region, mask in ((HEAD, held.head > INSIDE), (PERSON, held.person > INSIDE)):
                if mask.any():
                    found[region].append(self._within(mask, before[GREY], real[GREY]))
            if (held.person > INSIDE).any():
                found[BEFORE_WHITE].append(self._within(np.ones(person.shape, bool), before[1.0], real[1.0]))
        return {region: _mean(values) for region, values in found.items() if values}

    def drawn(
        self, avatar: Avatar, held: HeldPicture, tracked: FittedPicture
    ) -> tuple[Float[Tensor, "H W 3"], Float[Tensor, "H W"]]:
        """The avatar before black, and how much of each pixel it covers."""
        height, width = held.image.shape[:2]
        gaussians = self._pipeline.gaussians(avatar, avatar.betas, tracked.pose)
        camera = tracked.camera.resized(width, height)
        image = self._renderer.render(gaussians, camera, RenderSettings(background=(0.0, 0.0, 0.0)))
        return image.rgb, image.alpha

    def _within(
        self, mask: Bool[np.ndarray, "H W"], drawn: Float[Tensor, "H W 3"], real: Float[Tensor, "H W 3"]
    ) -> tuple[float, float, float | None]:
        """PSNR, SSIM and LPIPS; outside the mask both are white for the last two."""
        rows, columns = (_reached(mask.any(axis=axis)) for axis in (1, 0))
        inside = torch.from_numpy(mask[rows, columns])
        first, second = (torch.where(inside[..., None], each[rows, columns], 1.0) for each in (drawn, real))
        is_large = min(inside.shape) >= SMALLEST_FOR_LPIPS
        distance = None if self._distance is None or not is_large else self._distance(first, second)
        return psnr_inside(first, second, inside), ssim_inside(first, second, inside), distance

    def close(self) -> None:
        self._renderer.close()

    def __enter__(self) -> Judge:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def as_plain(scores: Mapping[str, Score]) -> dict[str, dict[str, float | int | None]]:
    """For JSON."""

    def rounded(value: float | int | None) -> float | int | None:
        return round(value, 4) if isinstance(value, float) else value

    return {region: {name: rounded(value) for name, value in asdict(score).items()} for region, score in scores.items()}


def _reached(has: Bool[np.ndarray, " N"]) -> slice:
    """From the first to the last, with room for a window of SSIM."""
    places = np.flatnonzero(has)
    return slice(max(0, int(places[0]) - WINDOW), int(places[-1]) + WINDOW + 1)


def _mean(values: Sequence[tuple[float, float, float | None]]) -> Score:
    psnr, ssim, lpips = zip(*values, strict=True)
    told = [each for each in lpips if each is not None]
    return Score(
        pictures=len(values),
        psnr=float(np.mean(psnr)),
        psnr_worst=float(np.percentile(psnr, WORST_SHARE)),
        ssim=float(np.mean(ssim)),
        lpips=float(np.mean(told)) if told else None,
    )
