"""Made-up photos in batches, from processes of their own.

Which photos a step sees, and what is kept from the network of each, follow from the seed, the step and the number of
processes: going on from a checkpoint sees what an unbroken training would have seen.
"""

from __future__ import annotations

import functools
import itertools
import signal
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Bool, Float, Int, UInt8
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from ..avatar.template import Template
from ..body.parameters import BodyPose
from ..cameras import Camera
from ..gaussians import GaussianParameters
from ..kernels import keep_to_one_thread
from ..synthetic.photo import CROP, PHOTOS_AT_ONCE, MadeUpPhoto
from .schedule import draws_pictures
from .settings import TrainingSettings

BODY_CHANNELS, MASK_CHANNEL = slice(0, 4), 4
"""Of the evidence: what the fitted body gives, and the person's mask."""

LARGEST_MISPLACEMENT = 6.0
"""Pixels: the standard deviation of the places at which Gaussians are decoded, at most; drawn for each photo."""

WRONGLY_SEEN = 0.05
"""Part of the Gaussians that is taken for hidden though it is seen, or the other way round."""


@runtime_checkable
class Studio(Protocol):
    """What makes photos: `synthetic.photo.PhotoStudio`."""

    template: Template

    def photo(self, number: int, *, whole: bool = False) -> MadeUpPhoto:
        """The photo of that number; `whole` gives the truth of every Gaussian."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PhotoBatch:
    """What a step learns from. Pixels are those of the crop; points are in the camera's OpenCV axes, metres."""

    numbers: Int[Tensor, " B"]
    images: UInt8[Tensor, "B S S 3"]
    evidence: Float[Tensor, "B E s s"]
    """What is left of it: zero where it is kept from the network."""
    informed: Bool[Tensor, " B"]
    """Whether the fitted body is left in the evidence."""
    intrinsics: Float[Tensor, "B 4"]
    """fx, fy, cx, cy."""
    which: Int[Tensor, "B M"]
    """Of the template's Gaussians."""
    pixels: Float[Tensor, "B M 2"]
    points: Float[Tensor, "B M 3"]
    visible: Bool[Tensor, "B M"]
    inside: Bool[Tensor, "B M"]
    fit_pixels: Float[Tensor, "B M 2"]
    """Where the evidence's fitted body has them; to be kept from the network where `informed` is false."""
    fit_points: Float[Tensor, "B M 3"]
    places: Float[Tensor, "B M 2"]
    """Where to decode them: about where they are."""
    visibility: Float[Tensor, "B M"]
    """What the network is told: about what is true."""
    dice: Float[Tensor, " B"]
    """Even in [0, 1): which photos are decoded where Gaussians were found."""
    truth: GaussianParameters
    """Of all B * M, the photos one after the other."""
    whole: WholePhoto | None = None
    """One of them told of everywhere, in some of the steps."""

    def __len__(self) -> int:
        return len(self.numbers)

    def to(self, device: torch.device) -> PhotoBatch:
        """The same on a device."""
        if device.type == "cpu":
            return self
        moved = {each.name: _moved(getattr(self, each.name), device) for each in fields(self)}
        return replace(self, **moved)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WholePhoto:
    """A photo whose person can be drawn: one Gaussian of every face, and where the body is in the world."""

    batch: PhotoBatch
    """The photo alone."""
    camera: Camera
    betas: Float[Tensor, " S"]
    pose: BodyPose

    @property
    def number(self) -> int:
        return int(self.batch.numbers[0])


def _moved(value: Any, device: torch.device) -> Any:
    if value is None:
        return None
    if isinstance(value, WholePhoto):
        return replace(value, batch=value.batch.to(device))
    if isinstance(value, GaussianParameters):
        return replace(value, **{each.name: getattr(value, each.name).to(device) for each in fields(value)})
    return value.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else value.to(device)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Which photos a step is made of."""

    numbers: tuple[int, ...]
    whole: bool
    """Whether the first one is told of everywhere too."""


def orders(settings: TrainingSettings, *, first: int = 0, rank: int = 0, processes: int = 1) -> Iterator[Order]:
    """Of the steps from `first` on, for one of the training's processes.

    Steps go to the workers in turn, and each worker has people of its own, so that no two of them dress one person.
    """
    batch, workers = settings.batch // processes, max(1, settings.workers)
    for step in itertools.count(first):
        turn, worker = divmod(step, workers)
        lane = rank * workers + worker
        numbers = []
        for place in range(turn * batch, (turn + 1) * batch):
            window, within = divmod(place, PHOTOS_AT_ONCE)
            numbers.append(PHOTOS_AT_ONCE * (lane + workers * processes * window) + within)
        yield Order(numbers=tuple(numbers), whole=draws_pictures(settings, step))


class _Photos(Dataset[PhotoBatch]):
    """Made by the process that asks; the studio is built at the first photo."""

    def __init__(self, make_studio: Callable[[], Studio], settings: TrainingSettings) -> None:
        self._make_studio = make_studio
        self._settings = settings
        self._studio: Studio | None = None

    def __getitem__(self, order: Order) -> PhotoBatch:
        if self._studio is None:
            self._studio = self._make_studio()
        batch = collated([self._studio.photo(number) for number in order.numbers], self._settings)
        if not order.whole:
            return batch
        return replace(batch, whole=_whole(self._studio, order.numbers[0], self._settings))


class _Endless:
    """Orders as a sampler, of which `DataLoader` wants to iterate anew."""

    def __init__(self, make: Callable[[], Iterator[Order]]) -> None:
        self._make = make

    def __iter__(self) -> Iterator[Order]:
        return self._make()


def photo_batches(
    make_studio: Callable[[], Studio],
    settings: TrainingSettings,
    *,
    first: int = 0,
    rank: int = 0,
    processes: int = 1,
) -> Iterable[PhotoBatch]:
    """The batches of the steps from `first` on, without end. `make_studio` must be picklable: workers are spawned."""
    make_orders = functools.partial(orders, settings, first=first, rank=rank, processes=processes)
    return DataLoader(
        _Photos(make_studio, settings),
        sampler=_Endless(make_orders),
        batch_size=None,
        num_workers=settings.workers,
        multiprocessing_context="spawn" if settings.workers else None,
        prefetch_factor=3 if settings.workers else None,
        worker_init_fn=_start_worker,
    )


def _start_worker(_: int) -> None:
    """A signal may reach the whole group of processes: the training ends its workers itself, once it has saved."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    keep_to_one_thread()


def collated(photos: Sequence[MadeUpPhoto], settings: TrainingSettings) -> PhotoBatch:
    """Side by side, with what is kept from the network of each drawn by its number."""
    drawn = [_draw(photo, settings) for photo in photos]
    truths = [photo.truth for photo in photos]
    truth = {each.name: torch.cat([getattr(one, each.name) for one in truths]) for each in fields(GaussianParameters)}
    return PhotoBatch(
        numbers=torch.tensor([photo.number for photo in photos]),
        images=_stacked([photo.image for photo in photos]),
        evidence=_stacked([each.evidence for each in drawn]),
        informed=torch.tensor([each.informed for each in drawn]),
        intrinsics=_stacked([photo.camera.intrinsics for photo in photos]).float(),
        which=_stacked([photo.which for photo in photos]),
        pixels=_reached(_stacked([photo.pixels for photo in photos])),
        points=_stacked([photo.points for photo in photos]),
        visible=_stacked([photo.visible for photo in photos]),
        inside=_stacked([photo.inside for photo in photos]),
        fit_pixels=_reached(_stacked([photo.evidence_pixels for photo in photos])),
        fit_points=_stacked([photo.evidence_points for photo in photos]),
        places=_stacked([each.places for each in drawn]),
        visibility=_stacked([each.visibility for each in drawn]),
        dice=torch.tensor([each.dice for each in drawn]),
        truth=GaussianParameters(**truth),
    )


def _whole(studio: Studio, number: int, settings: TrainingSettings) -> WholePhoto:
    """With one Gaussian of every face: as many as a step can afford to draw."""
    photo = studio.photo(number, whole=True)
    shuffled = np.random.default_rng((settings.seed, 13, number)).permutation(studio.template.num_gaussians)
    _, firsts = np.unique(studio.template.face_indices.numpy()[shuffled], return_index=True)
    kept = torch.from_numpy(shuffled[firsts])
    truth = {each.name: getattr(photo.truth, each.name)[kept] for each in fields(photo.truth)}
    fewer = replace(
        photo,
        which=photo.which[kept],
        pixels=photo.pixels[kept],
        points=photo.points[kept],
        visible=photo.visible[kept],
        inside=photo.inside[kept],
        truth=GaussianParameters(**truth),
        evidence_pixels=photo.evidence_pixels[kept],
        evidence_points=photo.evidence_points[kept],
    )
    return WholePhoto(batch=collated([fewer], settings), camera=photo.camera, betas=photo.betas, pose=photo.pose)


def _reached(pixels: Float[Tensor, "*N 2"]) -> Float[Tensor, "*N 2"]:
    """What lies beside or behind the camera projects to anywhere: kept within a crop's width of the crop."""
    return pixels.nan_to_num(0.0).clamp(-CROP, 2 * CROP)


def _stacked(values: Sequence[Any]) -> Tensor:
    return torch.stack([torch.as_tensor(value) for value in values])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Drawn:
    """What chance does to a photo between the studio and the network."""

    evidence: Float[Tensor, "E s s"]
    informed: bool
    places: Float[Tensor, "M 2"]
    visibility: Float[Tensor, " M"]
    dice: float


def _draw(photo: MadeUpPhoto, settings: TrainingSettings) -> _Drawn:
    random = np.random.default_rng((settings.seed, 7, photo.number))
    dice, *dropped = random.random(4)
    everything = dropped[0] < settings.evidence_dropped
    no_body = everything or dropped[1] < settings.part_dropped
    evidence = torch.as_tensor(photo.evidence).clone()
    if no_body:
        evidence[BODY_CHANNELS] = 0.0
    if everything or dropped[2] < settings.part_dropped:
        evidence[MASK_CHANNEL] = 0.0
    pixels, visible = torch.as_tensor(photo.pixels), torch.as_tensor(photo.visible)
    shifts = random.standard_normal(pixels.shape) * (LARGEST_MISPLACEMENT * random.random())
    wrong = torch.from_numpy(random.random(len(visible)) < WRONGLY_SEEN)
    return _Drawn(
        evidence=evidence,
        informed=not no_body,
        places=_reached(pixels) + torch.from_numpy(shifts).to(pixels),
        visibility=(visible ^ wrong).float(),
        dice=float(dice),
    )
