"""How smoothly a film drives a body: the largest speed of each joint, before and after steadying.

    python tests/accuracy/body_motion.py [FILM]

FILM is `duda.mp4` of the real test material unless named: a small face, hands that come and go, a body half hidden.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import nlfgs_studio.core  # noqa: F401 - before numpy, whose threads it sets
import numpy as np
import torch
from nlfgs_studio.core.body.body_registry import default_body
from nlfgs_studio.core.body.joints import JOINT_NAMES
from nlfgs_studio.core.tracking.body_solver import BodySolution, BodySolver
from nlfgs_studio.core.tracking.face_rig import FaceRig
from nlfgs_studio.core.tracking.face_solver import FaceSolver
from nlfgs_studio.core.tracking.focal import assumed_focal
from nlfgs_studio.core.tracking.learned_face import landmark_embedding
from nlfgs_studio.core.tracking.mediapipe_detectors import Detectors
from nlfgs_studio.core.tracking.smoothing import Smoothing
from nlfgs_studio.core.tracking.solution import tracking_camera
from nlfgs_studio.core.tracking.sources import open_source
from nlfgs_studio.core.tracking.steadying import Steadying
from nlfgs_studio.core.tracking.turns import matrices, vectors

DUDA = Path(__file__).parents[3] / "shared" / "data" / "videos" / "duda.mp4"
SHOWN = 8


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("film", nargs="?", type=Path, default=DUDA)
    film = parser.parse_args().film
    if not film.is_file():
        raise SystemExit(f"skipped: there is no {film}")
    solutions, steady, seconds = driven(film)
    seen = np.array([solution.joint_confidence > 0.0 for solution in solutions])
    print(
        f"{film.name}: {len(solutions)} pictures; seen in: "
        + ", ".join(
            f"{name} {100.0 * seen[:, JOINT_NAMES.index(name)].mean():.0f} %"
            for name in ("head", "pelvis", "left_elbow", "right_elbow", "left_wrist", "right_wrist", "left_knee")
        )
    )
    for what, rotations in (("as solved", np.array([item.rotations for item in solutions])), ("steadied", steady)):
        speeds = joint_speeds(rotations, seconds)
        body, fingers = speeds[:, :22].max(0), speeds[:, 25:].max(0)
        fastest = ", ".join(f"{JOINT_NAMES[joint]} {body[joint]:.1f}" for joint in np.argsort(-body)[:SHOWN])
        print(
            f"{what}: largest speed in rad/s: {fastest}; fingers {fingers.max():.1f}; "
            f"99th percentile of the body {np.percentile(speeds[:, :22], 99):.1f}"
        )


def driven(film: Path) -> tuple[list[BodySolution], np.ndarray, np.ndarray]:
    """What was solved of each picture, the steadied local rotations (T 55 3 3), and the moments."""
    body = default_body()
    betas = torch.zeros(body.num_betas)
    source = open_source(str(film))
    camera = tracking_camera(assumed_focal(source.width, source.height), source.width, source.height)
    faces = FaceSolver(FaceRig(body, landmark_embedding(body)), camera)
    solver, steadying = BodySolver(body, betas, camera), Steadying(body, betas, Smoothing())
    solutions: list[BodySolution] = []
    steady, seconds, face = [], [], None
    with Detectors(("face", "body", "hands")) as detectors:
        while (frame := source.read()) is not None:
            detection = detectors.detect(frame)
            face = None if detection.face is None else faces.solve(detection.face, face)
            solutions.append(solver.solve(detection, face, solutions[-1] if solutions else None))
            steady.append(steadying.steady(solutions[-1], frame.seconds).rotations.double().numpy())
            seconds.append(frame.seconds)
    source.close()
    return solutions, matrices(np.array(steady)), np.array(seconds)


def joint_speeds(rotations: np.ndarray, seconds: np.ndarray) -> np.ndarray:
    """Radians a second of each joint against its parent, (T-1 55)."""
    steps = vectors(rotations[:-1].swapaxes(-1, -2) @ rotations[1:])
    return np.linalg.norm(steps, axis=-1) / np.diff(seconds)[:, None]


if __name__ == "__main__":
    main()
