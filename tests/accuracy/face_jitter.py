"""Jitter of a still face under a camera's noise, with and without smoothing, and how late smoothing makes a motion.

    python tests/accuracy/face_jitter.py [--pictures 90] [--film FILM] [--json FILE]

The still is a portrait of a made-up person; each picture has fresh noise (σ 2/255) and is shifted by up to one pixel.
The lag is that of the mouth in a film of somebody who speaks (`../shared/data/videos/justin.mp4`), where there is one.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

import nlfgs_studio.core  # noqa: F401 - before numpy, whose threads it sets
import numpy as np
import torch
from face_round_trip import FILM, film_frames
from nlfgs_studio.core.body.body_registry import builtin_body
from nlfgs_studio.core.body.joints import FACE_JOINTS
from nlfgs_studio.core.body.model import BodyModel, effective_rotations
from nlfgs_studio.core.tracking import turns as so3
from nlfgs_studio.core.tracking.detection import Detection, Frame
from nlfgs_studio.core.tracking.embedding import LandmarkEmbedding
from nlfgs_studio.core.tracking.face_points import eye_openness, mouth_openness
from nlfgs_studio.core.tracking.face_rig import FaceRig
from nlfgs_studio.core.tracking.focal import assumed_focal
from nlfgs_studio.core.tracking.identity import estimate_identity
from nlfgs_studio.core.tracking.learned_face import landmark_embedding, learned_face
from nlfgs_studio.core.tracking.mediapipe_detectors import Detectors
from nlfgs_studio.core.tracking.motion_solver import MotionSolver
from nlfgs_studio.core.tracking.portraits import PortraitStudio
from nlfgs_studio.core.tracking.sitting import drawn_sitters, drawn_sitting
from nlfgs_studio.core.tracking.skeleton import HEAD, Skeleton, place
from nlfgs_studio.core.tracking.smoothing import Smoothing
from nlfgs_studio.core.tracking.solution import tracking_camera
from nlfgs_studio.core.tracking.tracker_settings import TrackerSettings

FPS = 30.0
NOISE = 2.0
SETTLING = 15
"""Pictures left out at the start."""
SIDE = 480
LONGEST_LAG = 10
"""Frames."""
SMOOTHINGS = {
    "raw": Smoothing(head=0.0, face=0.0, body=0.0, hands=0.0),
    "smoothed": Smoothing(),
}


def main() -> None:
    options = _options()
    body = builtin_body()
    embedding = landmark_embedding(body)
    still = _detections(_still(body, options.pictures))
    result: dict[str, float] = {}
    for name, smoothing in SMOOTHINGS.items():
        heads, mouths, eyes = (series[SETTLING:] for series in _tracked(body, embedding, still, smoothing))
        result[f"still, {name}: head, degrees RMS"] = _head_jitter(heads)
        result[f"still, {name}: lips, % of the eye distance RMS"] = 100.0 * float(mouths.std())
        result[f"still, {name}: lids, % of the eye's width RMS"] = 100.0 * float(eyes.std(axis=0).mean())
    if options.film.is_file():
        film = _detections(film_frames(options.film))
        raw, late = (_tracked(body, embedding, film, smoothing)[1] for smoothing in SMOOTHINGS.values())
        result["film: smoothing makes the mouth late by, ms"] = _lag(raw, late)
    else:
        print(f"no film at {options.film}: no lag measured")
    for name, value in result.items():
        print(f"{name:52s} {value:.3f}")
    if options.json is not None:
        options.json.write_text(json.dumps(result, indent=1))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=90, help="of the still")
    parser.add_argument("--film", type=Path, default=FILM)
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


def _still(body: BodyModel, count: int) -> Iterator[Frame]:
    random = np.random.default_rng(0)
    (sitter,) = drawn_sitters(body, random, 1)
    sitting = drawn_sitting(body, random, sitter, turn=0.5, liveliness=0.0)
    image = PortraitStudio(body, num_looks=1).portrait(sitting, side=SIDE).image.astype(np.float64)
    for index in range(count):
        shifted = np.roll(image, random.integers(-1, 2, 2), axis=(0, 1))
        noisy = shifted + random.normal(scale=NOISE, size=image.shape)
        yield Frame(image=np.clip(noisy + 0.5, 0.0, 255.0).astype(np.uint8), seconds=index / FPS, index=index)


def _detections(frames: Iterator[Frame]) -> list[Detection]:
    with Detectors(("face",)) as detectors:
        return [detectors.detect(frame) for frame in frames]


def _tracked(
    body: BodyModel, embedding: LandmarkEmbedding, detections: list[Detection], smoothing: Smoothing
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The head's rotation, the mouth's and the eyes' openness in every picture, on the body without betas."""
    width, height = detections[0].width, detections[0].height
    camera = tracking_camera(assumed_focal(width, height), width, height)
    person = estimate_identity(body, embedding, [each.face for each in detections if each.face is not None], camera)
    settings = TrackerSettings(parts="face", smoothing=smoothing)
    betas = torch.zeros(body.num_betas)
    solver = MotionSolver(body, betas, camera, face=learned_face(body), person=person, settings=settings)
    rig, joints = FaceRig(body, embedding), Skeleton.of(body, betas).rest_joints
    heads, points = [], []
    for index, detection in enumerate(detections):
        pose = solver.solve(detection, index=index, seconds=index / FPS).pose
        heads.append(place(joints, so3.matrices(pose.rotations.double().numpy())).rotations[HEAD])
        turns = effective_rotations(body, pose)[FACE_JOINTS].double().numpy()
        points.append(rig.points(turns, pose.expression.double().numpy()))
    return np.stack(heads), np.asarray(mouth_openness(np.stack(points))), eye_openness(np.stack(points))


def _head_jitter(heads: np.ndarray) -> float:
    """RMS angle from the first, less its mean."""
    turns = so3.vectors(heads[0].T @ heads)
    return float(np.degrees(np.sqrt(np.square(turns - turns.mean(axis=0)).sum(axis=1).mean())))


def _lag(raw: np.ndarray, late: np.ndarray) -> float:
    """Milliseconds by which `late` has to be put forward to be most like `raw`; to a tenth of a frame."""
    times = np.arange(len(raw))[LONGEST_LAG:-LONGEST_LAG]
    lags = np.arange(0.0, LONGEST_LAG, 0.1)
    alike = [np.corrcoef(raw[times], np.interp(times + lag, np.arange(len(late)), late))[0, 1] for lag in lags]
    return float(1000.0 / FPS * lags[int(np.argmax(alike))])


if __name__ == "__main__":
    main()
