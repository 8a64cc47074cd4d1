"""Round trip of a real film: track it, draw the avatar where the person was, look at the drawing as at the film.

    python tests/accuracy/face_round_trip.py [FILM] [--every 3] [--json FILE]

Points of the drawing are compared with those of the film without any alignment, in percent of the distance between
the outer eye corners. Beside it the same with the face frozen to neutral and only the head moving. Without FILM it is
`../shared/data/videos/justin.mp4`; where that is absent nothing is measured.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import nlfgs_studio.core  # noqa: F401 - before numpy, whose threads it sets
import numpy as np
import torch
from nlfgs_studio.core.avatar.wardrobe import default_avatar
from nlfgs_studio.core.body.body_registry import builtin_body
from nlfgs_studio.core.body.joints import FACE_JOINTS
from nlfgs_studio.core.body.model import BodyModel
from nlfgs_studio.core.body.motion import Motion
from nlfgs_studio.core.body.parameters import BodyPose
from nlfgs_studio.core.images import to_uint8
from nlfgs_studio.core.pipeline import Pipeline
from nlfgs_studio.core.rendering.cpu_renderer import CpuRenderer
from nlfgs_studio.core.rendering.renderer import RenderSettings
from nlfgs_studio.core.tracking import turns as so3
from nlfgs_studio.core.tracking.detection import FaceDetection, Frame
from nlfgs_studio.core.tracking.face_points import EYES, LIPS, OVAL, eye_distance, eye_openness, mouth_openness
from nlfgs_studio.core.tracking.face_rig import FaceRig
from nlfgs_studio.core.tracking.face_solver import FaceSolver
from nlfgs_studio.core.tracking.learned_face import expression_map, landmark_embedding
from nlfgs_studio.core.tracking.mediapipe_detectors import Detectors
from nlfgs_studio.core.tracking.offline import OFFLINE_SMOOTHING, Track, track_source
from nlfgs_studio.core.tracking.scaling import reduced, reduced_camera
from nlfgs_studio.core.tracking.skeleton import HEAD, Skeleton, place
from nlfgs_studio.core.tracking.sources import open_source
from nlfgs_studio.core.tracking.tracker_settings import TrackerSettings

FILM = Path(__file__).resolve().parents[3] / "shared" / "data" / "videos" / "justin.mp4"
FACE = [point for point in range(468) if point not in OVAL]
GREY = RenderSettings(background=(0.5, 0.5, 0.5))
SHUT = 0.6
"""A blink: both eyes open by less than as much of what is usual for them."""
NEAR = 2
"""Frames by which a blink of the drawing may miss that of the film."""


def main() -> None:
    options = _options()
    if not options.film.is_file():
        print(f"no film at {options.film}: nothing measured")
        return
    body = builtin_body()
    settings = TrackerSettings(parts="face", smoothing=OFFLINE_SMOOTHING)
    source = open_source(str(options.film))
    track = track_source(source, body, settings=settings, report=_report)
    source.close()
    film = _detected(film_frames(options.film))
    drawn = _detected(_drawings(body, track.motion, range(len(film))))
    some = range(0, len(film), options.every)
    frozen = dict(zip(some, _detected(_drawings(body, track.motion, some, frozen=True)), strict=True))
    result = _compared(film, drawn, frozen, some) | {"head degrees": _head_degrees(body, track, drawn)}
    print(f"\n{options.film.name}: {len(film)} pictures, compared every {options.every}")
    for name, value in result.items():
        print(f"{name:34s} {value}")
    if options.json is not None:
        options.json.write_text(json.dumps(result, indent=1))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("film", type=Path, nargs="?", default=FILM)
    parser.add_argument("--every", type=int, default=3, help="compare every so many pictures")
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


def _report(fraction: float, message: str) -> None:
    if sys.stderr.isatty():
        print(f"\r{100 * fraction:3.0f} % {message:40s}", end="", file=sys.stderr, flush=True)


def film_frames(film: Path) -> Iterator[Frame]:
    source = open_source(str(film))
    while (frame := source.read()) is not None:
        yield reduced(frame)
    source.close()


def _drawings(body: BodyModel, motion: Motion, chosen: range, *, frozen: bool = False) -> Iterator[Frame]:
    """The default avatar with the person's shape in the film's camera."""
    assert motion.camera is not None
    assert motion.betas is not None
    assert motion.expression is not None
    avatar, camera = default_avatar(body), reduced_camera(motion.camera)
    pipeline, renderer = Pipeline(body), CpuRenderer()
    for index in chosen:
        pose = BodyPose(
            rotations=motion.rotations[index].clone(),
            expression=motion.expression[index],
            translation=motion.translation[index],
        )
        if frozen:
            pose.rotations[FACE_JOINTS] = 0.0
            pose = replace(pose, expression=torch.zeros_like(pose.expression))
        picture = renderer.render(pipeline.gaussians(avatar, motion.betas, pose), camera, GREY)
        _report(index / chosen.stop, "drawing the frozen avatar" if frozen else "drawing the avatar")
        yield Frame(image=to_uint8(picture.rgb), seconds=index / motion.fps, index=index)


def _detected(frames: Iterator[Frame]) -> list[FaceDetection | None]:
    with Detectors(("face",)) as detectors:
        return [detectors.detect(frame).face for frame in frames]


def _compared(
    film: list[FaceDetection | None],
    drawn: list[FaceDetection | None],
    frozen: dict[int, FaceDetection | None],
    some: range,
) -> dict[str, str | float]:
    both = [index for index in some if film[index] and drawn[index] and frozen[index]]
    points, drawn_points, frozen_points = (
        np.stack([detections[index].points[:, :2] for index in both]) for detections in (film, drawn, frozen)
    )
    own, still = _errors(points, drawn_points), _errors(points, frozen_points)
    result: dict[str, str | float] = {"pictures with both faces": f"{len(both)} of {len(some)}"}
    for name, group in (("face", FACE), ("lips and eyes", [*LIPS, *EYES]), ("lips", list(LIPS)), ("eyes", list(EYES))):
        result[f"{name}, median error %"] = round(float(np.median(own[:, group])), 2)
        result[f"{name}, frozen face %"] = round(float(np.median(still[:, group])), 2)
    mouth = np.corrcoef(mouth_openness(points), mouth_openness(drawn_points))[0, 1]
    result["mouth openness, correlation"] = round(float(mouth), 3)
    found, missed, invented = _blinks(film, drawn)
    result["blinks in the film"] = found + missed
    result["blinks, recall"] = round(found / max(found + missed, 1), 2)
    result["blinks, precision"] = round(found / max(found + invented, 1), 2)
    return result


def _errors(points: np.ndarray, others: np.ndarray) -> np.ndarray:
    return 100.0 * np.linalg.norm(points - others, axis=2) / eye_distance(points)[:, None]


def _blinks(film: list[FaceDetection | None], drawn: list[FaceDetection | None]) -> tuple[int, int, int]:
    """Found, missed and invented events over all pictures."""
    events, drawn_events = _shut(film), _shut(drawn)
    found = sum(any(abs(event - other) <= NEAR for other in drawn_events) for event in events)
    invented = sum(not any(abs(event - other) <= NEAR for other in events) for event in drawn_events)
    return found, len(events) - found, invented


def _shut(detections: list[FaceDetection | None]) -> list[int]:
    """The pictures in which a blink is deepest."""
    opened = np.array([np.nan if each is None else eye_openness(each.points[:, :2]).mean() for each in detections])
    shut = opened < SHUT * np.nanmedian(opened)
    starts = np.flatnonzero(shut & ~np.concatenate([[False], shut[:-1]]))
    ends = np.flatnonzero(shut & ~np.concatenate([shut[1:], [False]]))
    return [int(start + np.argmin(opened[start : end + 1])) for start, end in zip(starts, ends, strict=True)]


def _head_degrees(body: BodyModel, track: Track, drawn: list[FaceDetection | None]) -> float:
    """Median angle between the head that was drawn and the head that tracking the drawing finds."""
    motion = track.motion
    assert motion.camera is not None
    assert motion.betas is not None
    skeleton = Skeleton.of(body, motion.betas)
    rig = FaceRig(body, landmark_embedding(body), motion.betas.double().numpy())
    solver = FaceSolver(rig, reduced_camera(motion.camera), expressions=expression_map(body))
    angles = []
    for rotations, face in zip(motion.rotations.double().numpy(), drawn, strict=True):
        if face is not None:
            head = place(skeleton.rest_joints, so3.matrices(rotations)).rotations[HEAD]
            angles.append(np.linalg.norm(so3.vectors(head.T @ solver.solve(face).head_rotation)))
    return round(float(np.degrees(np.median(angles))), 2)


if __name__ == "__main__":
    main()
