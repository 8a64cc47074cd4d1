"""The trained network against people it has not seen, beside everything that does without it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from jaxtyping import Float
from torch import Tensor

from ..body.model import BodyModel, pose_body, shape_body
from ..cameras import in_camera, in_world
from ..errors import StudioError
from ..gaussians import GaussianParameters
from ..machine import machine
from ..nlf.evidence import Evidence
from ..nlf.network import NlfGs
from ..nlf.reader import PhotoReader, Reading
from ..nlf.template import network_template
from ..synthetic.photo import MadeUpPhoto, PhotoStudio
from .baselines import Blind, blind, true_vertices
from .cost import reading_cost
from .held_out import SEED, numbers_of
from .in_use import InUse
from .pointwise import (
    BodyErrors,
    Estimate,
    PointErrors,
    between,
    body_errors,
    by_error_of,
    point_errors,
    summarized_bodies,
    summarized_points,
)
from .portraits import Judge, Likeness, Portrayed, summarized_likeness

WITH, WITHOUT = "with evidence", "without evidence"
GIVEN, BLIND = "the fit that was given", "never saw the photo"
FITTED, LOCALIZED = "fitted body", "points as found"
AVERAGE, CEILING, AT_TRUTH = "average avatar", "transferred truth", "estimator at the true points"
TRUE_POSE, FITTED_POSE = "true pose", "fitted pose"
POINT_PHOTOS = 3
"""Of each person; the first of them is also made into an avatar."""
OTHER_SEED, OTHER_PEOPLE, OTHER_PHOTOS = 0, 32, 8
"""People whom training may see, over whom what needs no photo is averaged, and photos of each."""
ReportProgress = Callable[[float, str], None]


def evaluate(
    network: NlfGs,
    body: BodyModel,
    *,
    people: int = 64,
    facts: Mapping[str, str] | None = None,
    report: ReportProgress = lambda _fraction, _message: None,
) -> dict[str, Any]:
    """Judge a network on that many held-out people; `facts` say how its weights were made.

    Returns:
        {"machine", "weights": facts, "held_out": {"seed", "people", "photos", "avatars"}, "points": see
        `summarized_points`, "by_given_fit": see `by_error_of`, "in_use": see `InUse.summarized`, None where MediaPipe
        is not installed, "bodies": see `summarized_bodies`, "likeness": see `summarized_likeness`, "cost": see
        `reading_cost`}: values for JSON.
    """
    about, template = machine(), network_template(body)
    reader = PhotoReader(network, body)
    with _use(body, reader, network.config.crop_size) as in_use:
        others = PhotoStudio(body, template, seed=OTHER_SEED)
        teaching = _in_order(numbers_of(others, people=OTHER_PEOPLE, each=OTHER_PHOTOS))
        shown = (others.photo(number, whole=True) for number in _told(teaching, report, 0.0, 0.2, "people seen before"))
        studio = PhotoStudio(body, template, seed=SEED)
        examination = _Examination(reader, studio, blind(body, shown))
        chosen = numbers_of(studio, people=people, each=POINT_PHOTOS)
        firsts = {photos[0] for photos in chosen.values()}
        for number in _told(_in_order(chosen), report, 0.2, 0.95, "people never seen"):
            photo = studio.photo(number)
            examination.look(photo)
            if number in firsts:
                examination.make_avatar(studio.photo(number, whole=True))
                if in_use is not None:
                    in_use.look(photo)
    report(0.95, "time and memory")
    photo = studio.photo(0)
    return {
        "machine": about,
        "weights": dict(facts or {}),
        "held_out": {
            "seed": SEED,
            "people": people,
            "photos": len(examination.points),
            "avatars": len(examination.likenesses),
        },
        "points": summarized_points(examination.points),
        "by_given_fit": by_error_of(examination.points, GIVEN),
        "in_use": None if in_use is None else in_use.summarized(),
        "bodies": summarized_bodies(examination.bodies),
        "likeness": summarized_likeness(examination.likenesses, gains=_GAINS),
        "cost": reading_cost(network, body, photo.image.numpy(), photo.camera, _evidence(photo)),
    }


@contextlib.contextmanager
def _use(body: BodyModel, reader: PhotoReader, crop_size: int) -> Iterator[InUse | None]:
    """None where there are no detectors: all else can be judged without them."""
    in_use = None
    with contextlib.suppress(StudioError):
        in_use = InUse(body, reader, crop_size)
    try:
        yield in_use
    finally:
        if in_use is not None:
            in_use.close()


def _in_order(chosen: Mapping[int, Sequence[int]]) -> list[int]:
    """Photos of the same people one after the other: the studio keeps few dressed."""
    return sorted(number for numbers in chosen.values() for number in numbers)


def _told(numbers: Sequence[int], report: ReportProgress, start: float, stop: float, message: str) -> Iterator[int]:
    for done, number in enumerate(numbers):
        report(start + (stop - start) * done / len(numbers), message)
        yield number


def _evidence(photo: MadeUpPhoto) -> Evidence:
    return Evidence(picture=photo.evidence, vertices=photo.evidence_vertices)


def _name(answer: str, pose: str) -> str:
    return f"{answer}, {pose}"


def _average_on(reading: str) -> str:
    """The average avatar on the body that a reading found."""
    return f"{AVERAGE}, {FITTED_POSE} {reading}"


_GAINS = {
    **{_name(answer, TRUE_POSE): _name(AVERAGE, TRUE_POSE) for answer in (CEILING, AT_TRUTH, WITH, WITHOUT)},
    **{_name(answer, FITTED_POSE): _average_on(answer) for answer in (WITH, WITHOUT)},
}


class _Examination:
    """Looks at photos one by one, with and without evidence, and notes how far off everything is."""

    def __init__(self, reader: PhotoReader, studio: PhotoStudio, unseeing: Blind) -> None:
        self.points: list[PointErrors] = []
        self.bodies: list[BodyErrors] = []
        self.likenesses: list[Likeness] = []
        self._reader, self._body, self._studio, self._unseeing = reader, reader.body, studio, unseeing
        self._judge = Judge(reader.body, studio.template)

    def look(self, photo: MadeUpPhoto) -> None:
        """Find the labelled points."""
        gaussians = between(self._studio.template, photo.which)
        estimates = {}
        for name, evidence in ((WITH, _evidence(photo)), (WITHOUT, None)):
            found = self._reader.find(photo.image.numpy(), photo.camera, evidence, gaussians.asked)
            estimates[name] = Estimate(
                pixels=gaussians(found.pixels),
                points=gaussians(found.points),
                sigma=gaussians(found.sigma[:, None])[:, 0],
            )
        estimates[GIVEN] = Estimate(pixels=photo.evidence_pixels, points=photo.evidence_points)
        estimates[BLIND] = Estimate(
            pixels=gaussians(self._unseeing.pixels[gaussians.asked]),
            points=gaussians(self._unseeing.points[gaussians.asked]),
            shape=gaussians(self._unseeing.about_pelvis[gaussians.asked]),
        )
        truth = Estimate(pixels=photo.pixels, points=photo.points)
        self.points.append(
            point_errors(photo.person, photo.framing.value, photo.visible, photo.inside, truth, estimates)
        )

    def make_avatar(self, photo: MadeUpPhoto) -> None:
        """Of a photo that comes with the truth about every Gaussian."""
        evidence, crop = _evidence(photo), photo.image.numpy()
        readings = {
            WITH: self._reader.read(crop, photo.camera, evidence),
            WITHOUT: self._reader.read(crop, photo.camera),
        }
        bodies = {
            **{_name(FITTED, name): self._fitted(reading, photo) for name, reading in readings.items()},
            **{_name(LOCALIZED, name): reading.vertices.points for name, reading in readings.items()},
            GIVEN: photo.evidence_vertices,
            BLIND: self._unseeing.about_pelvis,
        }
        self.bodies.append(body_errors(self._body, photo.framing.value, true_vertices(self._body, photo), bodies))

        def truly(parameters: GaussianParameters) -> Portrayed:
            return Portrayed(parameters=parameters, betas=photo.betas, pose=photo.pose)

        def as_fitted(parameters: GaussianParameters, reading: Reading) -> Portrayed:
            return Portrayed(parameters=parameters, betas=reading.fit.betas, pose=reading.fit.pose)

        sigma = self._studio.template.interpolated(readings[WITH].vertices.sigma[:, None])[:, 0]
        at_truth = self._reader.decode(crop, evidence, photo.pixels, sigma, photo.visible)
        average = self._unseeing.avatar
        answers = {
            _name(CEILING, TRUE_POSE): truly(photo.truth),
            _name(AT_TRUTH, TRUE_POSE): truly(at_truth),
            **{_name(name, TRUE_POSE): truly(reading.parameters) for name, reading in readings.items()},
            _name(AVERAGE, TRUE_POSE): truly(average),
            **{_name(name, FITTED_POSE): as_fitted(reading.parameters, reading) for name, reading in readings.items()},
            **{_average_on(name): as_fitted(average, reading) for name, reading in readings.items()},
        }
        shown = photo.points[photo.inside] if bool(photo.inside.any()) else photo.points
        self.likenesses.append(
            self._judge.likeness(
                photo.framing.value,
                self._studio.lit_person(photo),
                photo.camera,
                in_world(shown.mean(0), photo.camera),
                answers,
            )
        )

    def _fitted(self, reading: Reading, photo: MadeUpPhoto) -> Float[Tensor, "V 3"]:
        fit = reading.fit
        return in_camera(pose_body(self._body, shape_body(self._body, fit.betas), fit.pose).vertices, photo.camera)
