"""A whole source to a motion: everything is seen first, then the person is known, then every picture is solved.

So the shape of the face comes from all pictures, and a source that cannot be read twice, such as a camera, will do.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import numpy as np
import torch
from jaxtyping import Float

from ..body.model import BodyModel, shape_body
from ..body.motion import Motion
from ..cameras import Camera
from ..errors import Cancelled, StudioError
from ..nlf.weights import read_weights, shipped_weights
from .body_finder import BodyFinder
from .body_solver import BodySolution
from .detection import Detection, Frame, in_precision
from .focal import assumed_focal
from .found_pose import FoundPoints, FoundPose, PoseFinder
from .frame_source import FrameSource, SourceEmptyError, SourceError, mirrored
from .identity import Identity, estimate_identity
from .learned_face import learned_face
from .mediapipe_detectors import Detectors
from .mediapipe_graphs import FaceFinder
from .motion_solver import MotionSolver
from .scaling import reduced, reduced_camera
from .smoothing import Smoothing
from .solution import TrackedFrame, tracking_camera
from .still import STILL_FPS, nobody_error, solved_still
from .tracker import PARTS_SEEN
from .tracker_settings import TrackerSettings

OFFLINE_SMOOTHING = Smoothing(head=0.2, face=0.1, body=0.4, hands=0.4)
_COUNTED_EVERY = 50
"""Pictures between two in which faces are counted."""
_SEEING_SHARE, _KNOWING_SHARE = 0.75, 0.05
"""Of the whole work."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Track:
    """A tracked source, and how it went."""

    motion: Motion
    person: Identity | None
    """None where no face was seen."""
    trouble: StudioError | None
    """Why pictures are missing; those that could be read are in the motion."""
    is_whole: bool
    """Whether it came to the source's end, rather than being stopped before."""
    num_faces: int
    """The most that were found in one picture; the largest of them is followed."""
    milliseconds: Mapping[str, float]
    """Median of each stage."""

    @property
    def seen(self) -> tuple[float, float, float, float]:
        """Parts of the pictures in which face, body, left and right hand were seen."""
        assert self.motion.confidence is not None
        face, body, left, right = (self.motion.confidence > 0.0).double().mean(0).tolist()
        return face, body, left, right

    @property
    def somebody_seen(self) -> float:
        """Part of the pictures in which anything of a person was seen."""
        assert self.motion.confidence is not None
        return float((self.motion.confidence > 0.0).any(1).double().mean())


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Seen:
    """Of one picture; in single precision, for an hour's film has 100,000."""

    seconds: float
    detection: Detection
    points: FoundPoints | None = None
    """What the network found, where it was asked."""


@dataclass(slots=True, kw_only=True)
class _Sight:
    """All that was seen of a source."""

    pictures: list[_Seen] = field(default_factory=list)
    trouble: StudioError | None = None
    """Why there are no more."""
    is_whole: bool = False
    """Whether the source came to its end, or broke off, before it was stopped."""
    brightness: float = 0.0
    """Mean of 0..255."""
    num_faces: int = 0

    @property
    def is_empty(self) -> bool:
        """Whether nobody was seen."""
        return not any(each.detection.face or each.detection.body for each in self.pictures)


def track_source(
    source: FrameSource,
    body: BodyModel,
    *,
    betas: Float[torch.Tensor, " S"] | None = None,
    settings: TrackerSettings | None = None,
    field_of_view: float | None = None,
    mirror: bool = False,
    report: Callable[[float, str], None] = lambda *_: None,
    stopped: Callable[[], bool] = lambda: False,
) -> Track:
    """Track the source to its end, or until `stopped`; one frame of the motion for each picture.

    The motion is made for a body of these `betas`; None takes the shape of the person that is seen. `field_of_view` is
    in degrees over the longer side, where the camera is known.

    Raises:
        SourceError: there is not a single picture.
        StudioError: nobody is seen in any of them; or the network is asked for and its weights are not here.
        Cancelled: it was stopped before anybody was seen.
    """
    settings = settings or TrackerSettings(smoothing=OFFLINE_SMOOTHING)
    focal = assumed_focal(source.width, source.height, *(() if field_of_view is None else (field_of_view,)))
    camera = tracking_camera(focal, source.width, source.height)
    small_camera = reduced_camera(camera)
    with contextlib.ExitStack() as stack:
        look = None
        if settings.method == "nlf" and settings.parts != "face":
            rough_betas = torch.zeros(body.num_betas) if betas is None else betas
            look = stack.enter_context(contextlib.closing(_NetworkLook(body, rough_betas, small_camera, settings)))
        sight = _see(source, settings, mirror, look, report, stopped)
    seen = sight.pictures
    if sight.is_empty:
        if stopped():
            raise Cancelled(source.description)
        whole = "; --parts whole follows a body without a face too" if settings.parts == "face" else ""
        raise sight.trouble or nobody_error(
            source.description, source.width, source.height, brightness=sight.brightness, advice=whole
        )

    report(_SEEING_SHARE, "getting to know the face")
    face = learned_face(body)
    faces = [each.detection.face for each in seen if each.detection.face is not None]
    person = estimate_identity(body, face.embedding, faces, small_camera) if faces else None
    if betas is None:
        betas = torch.zeros(body.num_betas) if person is None else torch.from_numpy(person.betas).float()
    solver = MotionSolver(body, betas, small_camera, face=face, person=person, settings=settings)
    poses = PoseFinder(body, betas) if any(each.points is not None for each in seen) else None
    frames = _solve(solver, poses, seen, report)
    motion = Motion(
        name=source.description,
        fps=_rate(source, seen),
        rotations=torch.stack([frame.pose.rotations for frame in frames]),
        translation=torch.stack([frame.pose.translation for frame in frames]),
        pelvis=shape_body(body, betas).joints[0],
        expression=torch.stack([frame.pose.expression for frame in frames]),
        expression_names=body.expression_names,
        betas=betas,
        camera=camera,
        timestamps=torch.tensor([frame.seconds for frame in frames], dtype=torch.float64),
        confidence=torch.tensor([_confidence(frame) for frame in frames]),
    )
    return Track(
        motion=motion,
        person=person,
        trouble=sight.trouble,
        is_whole=sight.is_whole,
        num_faces=sight.num_faces,
        milliseconds=_medians(frames),
    )


def _see(
    source: FrameSource,
    settings: TrackerSettings,
    mirror: bool,
    look: _NetworkLook | None,
    report: Callable[[float, str], None],
    stopped: Callable[[], bool],
) -> _Sight:
    """Look at every picture until there are no more."""
    sight, brightness = _Sight(), 0.0
    seen, finder = sight.pictures, FaceFinder(far=True)
    with contextlib.closing(finder), Detectors(PARTS_SEEN[settings.parts], static=source.num_frames == 1) as detectors:
        while not stopped():
            try:
                frame = source.read()
            except SourceError as error:
                if not seen:
                    raise
                sight.trouble, frame = error, None
            if frame is None:
                sight.is_whole = True
                break
            frame = reduced(mirrored(frame) if mirror else frame)
            brightness += float(frame.image[::8, ::8].mean())
            if len(seen) % _COUNTED_EVERY == 0:
                sight.num_faces = max(sight.num_faces, len(finder.find(frame.image)))
            detection = detectors.detect(frame)
            points = None if look is None else look.points(frame, detection)
            seen.append(_Seen(seconds=frame.seconds, detection=in_precision(detection, np.float32), points=points))
            if source.num_frames:
                done = min(1.0, len(seen) / source.num_frames)
                report(_SEEING_SHARE * done, f"picture {len(seen)} of {max(len(seen), source.num_frames)}")
            else:
                report(0.0, f"picture {len(seen)}")
    if not seen:
        if stopped():
            raise Cancelled(source.description)
        raise SourceEmptyError(f"{source.description} has no pictures", hint="choose another source")
    sight.brightness = brightness / len(seen)
    return sight


class _NetworkLook:
    """The network's look at every picture, beside what the landmarks say by themselves."""

    def __init__(
        self, body: BodyModel, betas: Float[torch.Tensor, " S"], camera: Camera, settings: TrackerSettings
    ) -> None:
        self._finder = BodyFinder(body, betas, camera, read_weights(shipped_weights()))
        self._solver = MotionSolver(body, betas, camera, face=learned_face(body), settings=settings)

    def points(self, frame: Frame, detection: Detection) -> FoundPoints | None:
        """Nothing of a picture in which the landmarks show nobody."""
        points = None

        def find(seen: BodySolution) -> None:
            nonlocal points
            if max(seen.confidence.face, seen.confidence.body) > 0.0:
                points = self._finder.find(frame.image, seen)

        self._solver.solve(detection, index=frame.index, seconds=frame.seconds, find=find)
        return points

    def close(self) -> None:
        self._finder.close()


def _solve(
    solver: MotionSolver, poses: PoseFinder | None, seen: Sequence[_Seen], report: Callable[[float, str], None]
) -> list[TrackedFrame]:
    if len(seen) == 1:
        detection, found = in_precision(seen[0].detection, np.float64), _pose(poses, seen[0])
        return [solved_still(solver, detection, None if found is None else lambda _: found)]
    frames = []
    begun = _SEEING_SHARE + _KNOWING_SHARE
    for index, each in enumerate(seen):
        detection, found = in_precision(each.detection, np.float64), _pose(poses, each)
        frame = solver.solve(detection, index=index, seconds=each.seconds, find=lambda _, found=found: found)
        frames.append(replace(frame, detection=each.detection))
        report(begun + (1.0 - begun) * (index + 1) / len(seen), f"solving picture {index + 1} of {len(seen)}")
    return frames


def _pose(poses: PoseFinder | None, seen: _Seen) -> FoundPose | None:
    return None if poses is None or seen.points is None else poses.fit(seen.points)


def _rate(source: FrameSource, seen: Sequence[_Seen]) -> float:
    """The source's own; of a camera what it really gave."""
    length = seen[-1].seconds - seen[0].seconds
    if source.live and length > 0.0:
        return (len(seen) - 1) / length
    return source.fps or STILL_FPS


def _confidence(frame: TrackedFrame) -> tuple[float, float, float, float]:
    confidence = frame.confidence
    return confidence.face, confidence.body, confidence.left_hand, confidence.right_hand


def _medians(frames: Sequence[TrackedFrame]) -> Mapping[str, float]:
    stages = dict.fromkeys(stage for frame in frames for stage in frame.milliseconds)
    return MappingProxyType(
        {
            stage: float(np.median([f.milliseconds[stage] for f in frames if stage in f.milliseconds]))
            for stage in stages
        }
    )
