"""Pictures of a person to their avatar: who it is and how they stand is found, what is seen is laid on the body."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType

import torch
from jaxtyping import Float

from ..avatar.avatar import Avatar, Provenance
from ..body.fast_forward import FastPoser
from ..body.model import BodyModel, shape_body
from ..capture.shot_reader import ShotReader
from ..errors import StudioError
from ..nlf.network import NlfGs
from ..nlf.reader import PhotoReader
from ..nlf.template import base_parameters, network_template
from ..nlf.weights import read_weights, shipped_weights
from ..rendering.differentiable import differentiable_renderer
from ..tracking.identity import Identity
from ..tracking.learned_face import learned_face
from ..tracking.person_crop import PersonCropper
from ..tracking.photo_evidence import PhotoLooker
from ..tracking.tracker import prepare
from ..training.observation import Observation
from .appearance import MOST_PAINTED, MOST_READ, ReportProgress, most_different, painted_parameters, read_pictures
from .doubts import doubts
from .fitted import FittedPicture, ReadPicture
from .joint_fit import betas_of, known_person, solved_poses, strangers
from .looking import Look, looks_at
from .observing import Observer
from .taken import Refused, TakenPicture

MADE_BY, MADE_BY_PROJECTION = "nlf-gs", "projection"
_CROP_SIZE = 256
_MOMENT = 0.2
"""Seconds between pictures of a film, up to which the outline of the one says something about that of the next."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Creation:
    """What came of some pictures; only the avatar is ever kept."""

    avatar: Avatar
    body: BodyModel
    person: Identity | None
    """None where no picture shows a face."""
    pictures: tuple[FittedPicture, ...]
    refused: tuple[Refused, ...]
    warnings: tuple[str, ...]
    localized: ReadPicture | None
    """One of those that the network read; None without a network."""
    field_of_view: float | None
    seconds: Mapping[str, float]
    """That each stage took."""

    @property
    def observations(self) -> tuple[Observation, ...]:
        """Of all pictures, for refining."""
        return tuple(observation for picture in self.pictures for observation in picture.observations)


class AvatarCreator:
    """Makes avatars of one body from pictures; belongs to one thread, holds its models until it is closed."""

    def __init__(self, body: BodyModel, network: NlfGs | None, report: ReportProgress = lambda *_: None) -> None:
        """Loads and prepares everything, which takes seconds; without a network what no picture shows is only guessed.

        Raises:
            StudioError: MediaPipe is not installed, or the body is too coarse for the network.
        """
        prepare(body, lambda fraction, message: report(0.6 * fraction, message))
        self.body = body
        self._face = learned_face(body)
        self._poser = FastPoser(body)
        self._renderer = differentiable_renderer(_device() if network is None else next(network.parameters()).device)
        report(0.6, "preparing the network")
        self.reader = None if network is None else PhotoReader(network, body)
        self._template = network_template(body) if self.reader is None else self.reader.template
        self._shots = ShotReader(body)
        report(0.8, "loading the detectors")
        with ExitStack() as parts:
            self._looker = parts.enter_context(closing(PhotoLooker()))
            size = _CROP_SIZE if network is None else network.config.crop_size
            self.cropper = parts.enter_context(closing(PersonCropper(body, size)))
            self._observer = parts.enter_context(closing(Observer(body, self.cropper)))
            self._parts = parts.pop_all()

    def create(
        self,
        pictures: Sequence[TakenPicture],
        name: str,
        *,
        field_of_view: float | None = None,
        report: ReportProgress = lambda *_: None,
    ) -> Creation:
        """The avatar of the most prominent person; `field_of_view` in degrees over the longer side, where it is known.

        Raises:
            StudioError: nobody is seen in any of them.
        """
        clock = _Clock(report)
        looks, refused = self._looks(pictures, field_of_view, clock)
        person, strange = self._known(looks, clock)
        betas = betas_of(self.body, person)
        fitted, nowhere = self._fitted(betas, person, looks, strange, 0, clock)
        if not fitted:
            raise StudioError(nowhere[0].reason, hint="use pictures that show the person")
        read, blank = None, base_parameters(self.body, self._template)
        if self.reader is not None:
            show = clock.stage("read", 0.6, 0.9)
            blank, read = read_pictures(self.reader, self.cropper, most_different(fitted, MOST_READ), betas, show)
        clock.stage("paint", 0.9, 1.0)(0.0, "painting what is seen")
        avatar = Avatar(
            name=Path(name).stem,
            body=self.body.identity,
            betas=betas,
            template=self._template,
            parameters=blank,
            provenance=_provenance(MADE_BY if self.reader else MADE_BY_PROJECTION, len(fitted)),
        )
        shown = most_different(fitted, MOST_PAINTED)
        parameters = painted_parameters(self.body, avatar, shown, self._renderer, has_guess=self.reader is not None)
        return Creation(
            avatar=replace(avatar, parameters=parameters),
            body=self.body,
            person=person,
            pictures=tuple(fitted),
            refused=(*refused, *nowhere),
            warnings=doubts(fitted),
            localized=read,
            field_of_view=field_of_view,
            seconds=clock.ended(),
        )

    def fit(
        self,
        avatar: Avatar,
        pictures: Sequence[TakenPicture],
        *,
        field_of_view: float | None = None,
        report: ReportProgress = lambda *_: None,
    ) -> Creation:
        """An avatar as it is, with cameras and poses for pictures of its person.

        Raises:
            StudioError: nobody is seen in any of them; or the avatar is another body's.
        """
        if avatar.body != self.body.identity:
            raise StudioError(f"{avatar.name} has another body than {self.body.identity.name}", hint="open its own")
        clock = _Clock(report)
        looks, refused = self._looks(pictures, field_of_view, clock)
        person, strange = self._known(looks, clock)
        fitted, nowhere = self._fitted(avatar.betas, person, looks, strange, 0, clock)
        if not fitted:
            raise StudioError(nowhere[0].reason, hint="use pictures that show the person")
        return Creation(
            avatar=avatar,
            body=self.body,
            person=person,
            pictures=tuple(fitted),
            refused=(*refused, *nowhere),
            warnings=doubts(fitted),
            localized=None,
            field_of_view=field_of_view,
            seconds=clock.ended(),
        )

    def fit_more(
        self,
        creation: Creation,
        pictures: Sequence[TakenPicture],
        *,
        first: int,
        report: ReportProgress = lambda *_: None,
    ) -> tuple[FittedPicture, ...]:
        """More pictures of the same person, numbered from `first`: only poses are found.

        Those in which nobody is seen are left out; those that may show somebody else are not.
        """
        clock = _Clock(report)
        try:
            looks, _ = self._looks(pictures, creation.field_of_view, clock)
        except StudioError:
            return ()
        person = creation.person
        clock.stage("know", 0.3, 0.4)(0.0, "looking whose face it is")
        strange = frozenset() if person is None else strangers(self.body, self._face, looks, person)
        fitted, _ = self._fitted(creation.avatar.betas, person, looks, strange, first, clock)
        clock.ended()
        return tuple(fitted)

    def _looks(
        self, pictures: Sequence[TakenPicture], field_of_view: float | None, clock: _Clock
    ) -> tuple[list[Look], list[Refused]]:
        return looks_at(self._looker, self._shots, pictures, field_of_view, clock.stage("look", 0.0, 0.3))

    def _known(self, looks: Sequence[Look], clock: _Clock) -> tuple[Identity | None, frozenset[str]]:
        """Who it is, and the sources that may show somebody else."""
        show = clock.stage("know", 0.3, 0.4)
        show(0.0, "getting to know the face")
        person = known_person(self.body, self._face, looks)
        show(0.6, "looking whether all pictures show the same face")
        return person, strangers(self.body, self._face, looks)

    def _fitted(
        self,
        betas: Float[torch.Tensor, " S"],
        person: Identity | None,
        looks: Sequence[Look],
        strange: frozenset[str],
        first: int,
        clock: _Clock,
    ) -> tuple[list[FittedPicture], list[Refused]]:
        """Numbered from `first`; and those which turn out to show nothing of the body."""
        poses = solved_poses(self.body, betas, self._face, person, looks, clock.stage("pose", 0.4, 0.5))
        shaped, show = shape_body(self.body, betas), clock.stage("mask", 0.5, 0.6)
        fitted: list[FittedPicture] = []
        refused: list[Refused] = []
        for index, (look, pose) in enumerate(zip(looks, poses, strict=True)):
            taken, number = look.taken, first + len(fitted)
            show(index / len(looks), f"finding the outline of {taken.name}")
            vertices = self._poser.pose(shaped, pose).vertices
            before = _a_moment_before(fitted, looks[index - 1].taken, taken) if index else ()
            observations = self._observer.observed(
                number, taken.name, taken.image, look.seen.camera, pose, vertices, before, taken.said
            )
            if not observations:
                refused.append(Refused(name=taken.name, reason=f"nobody is seen in {taken.name}"))
                continue
            fitted.append(
                FittedPicture(
                    number=number,
                    name=taken.name,
                    image=taken.image,
                    camera=look.seen.camera,
                    pose=pose,
                    num_people=max(1, look.shot.num_faces),
                    shot=look.shot,
                    film=taken.film,
                    observations=observations,
                    is_stranger=taken.source in strange,
                )
            )
        return fitted, refused

    def close(self) -> None:
        self._parts.close()

    def __enter__(self) -> AvatarCreator:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _a_moment_before(fitted: Sequence[FittedPicture], last: TakenPicture, now: TakenPicture) -> tuple[Observation, ...]:
    """Of the picture before in a film, where so little time went by that the person still looks much the same."""
    if not fitted or fitted[-1].name != last.name or now.film is None or now.film != last.film:
        return ()
    seconds = (now.seconds or 0.0) - (last.seconds or 0.0)
    return fitted[-1].observations if 0.0 < seconds <= _MOMENT else ()


class _Clock:
    """Tells progress over all stages, and how long each took."""

    def __init__(self, report: ReportProgress) -> None:
        self._report = report
        self._moments: list[tuple[str, float]] = []

    def stage(self, name: str, first: float, last: float) -> ReportProgress:
        self._moments.append((name, time.perf_counter()))
        return lambda fraction, message: self._report(first + (last - first) * fraction, message)

    def ended(self) -> Mapping[str, float]:
        self._report(1.0, "done")
        ends = [*(moment for _, moment in self._moments[1:]), time.perf_counter()]
        return MappingProxyType({name: end - begin for (name, begin), end in zip(self._moments, ends, strict=True)})


def avatar_creator(
    body: BodyModel,
    weights: Path | None = None,
    *,
    with_prior: bool = True,
    report: ReportProgress = lambda *_: None,
) -> AvatarCreator:
    """With the weights of that file, or with those that ship; or without any.

    Raises:
        StudioError: as `AvatarCreator`; or there are no such weights.
    """
    network = None
    if with_prior:
        network = read_weights(weights or shipped_weights()).to(_device())
    return AvatarCreator(body, network, report)


def _device() -> torch.device:
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def _provenance(made_by: str, num_pictures: int) -> Provenance:
    """How many pictures and when, never a picture."""
    now = datetime.now(timezone.utc).isoformat(timespec="seconds")
    details = (("version", version("nlfgs-studio")), ("photos", str(num_pictures)), ("made", now))
    return Provenance(made_by=made_by, details=details)
