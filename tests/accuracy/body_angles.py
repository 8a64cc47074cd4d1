"""Joint angles against the truth: dressed people in the named poses, rendered, detected and solved.

    python tests/accuracy/body_angles.py

The head is given as a tracked face would give it. Angles are between rotations in the world; the last columns are the
directions of the bones alone, without the turn about themselves.
"""

from __future__ import annotations

import time
from dataclasses import replace

import nlfgs_studio.core  # noqa: F401 - before numpy, whose threads it sets
import numpy as np
import torch
from nlfgs_studio.core.avatar.people import drawn_look
from nlfgs_studio.core.avatar.wardrobe import dressed_avatar
from nlfgs_studio.core.body.body_registry import builtin_body
from nlfgs_studio.core.body.joints import JOINT_NAMES
from nlfgs_studio.core.body.model import pose_body, shape_body
from nlfgs_studio.core.body.parameters import BodyPose
from nlfgs_studio.core.body.presets import POSE_PRESETS, pose_preset
from nlfgs_studio.core.pipeline import Pipeline
from nlfgs_studio.core.rendering.cpu_renderer import CpuRenderer
from nlfgs_studio.core.rendering.renderer import RenderSettings
from nlfgs_studio.core.tracking.body_solver import BodySolver
from nlfgs_studio.core.tracking.detection import Frame
from nlfgs_studio.core.tracking.mediapipe_detectors import Detectors
from nlfgs_studio.core.tracking.skeleton import Skeleton, place
from nlfgs_studio.core.tracking.solution import FaceSolution, tracking_camera
from nlfgs_studio.core.tracking.turns import matrices, normalized, vectors

SIDE, FOCAL, PLACE = 720, 900.0, (0.0, 0.45, -2.6)
TURNS_DEGREES = (-35.0, 0.0, 35.0)
JOINTS = tuple(
    JOINT_NAMES.index(name)
    for name in ("pelvis", "spine3", "left_shoulder", "right_shoulder", "left_elbow", "right_elbow", "left_wrist",
                 "right_wrist", "left_hip", "right_hip", "left_knee", "right_knee", "left_ankle", "right_ankle")
)  # fmt: skip
BONES = tuple(
    (JOINT_NAMES.index(f"{side}_{start}"), JOINT_NAMES.index(f"{side}_{end}"))
    for start, end in (("shoulder", "elbow"), ("elbow", "wrist"), ("hip", "knee"), ("knee", "ankle"))
    for side in ("left", "right")
)


def main() -> None:
    body = builtin_body()
    betas = torch.zeros(body.num_betas)
    shaped, skeleton = shape_body(body, betas), Skeleton.of(body, betas)
    camera = tracking_camera(FOCAL, SIDE, SIDE)
    solver, pipeline, renderer = BodySolver(body, betas, camera), Pipeline(body), CpuRenderer()
    look = replace(drawn_look(3), top="tee", bottom="trousers", hat="none")
    avatar = dressed_avatar(body, look, 2)
    angles, directions, taken, still = [], [], [], np.zeros(3)
    with Detectors(("face", "body", "hands"), static=True) as detectors:
        for name in POSE_PRESETS:
            for turn in np.radians(TURNS_DEGREES):
                rotations = matrices(np.array(pose_preset(name)))
                rotations[0] = matrices(np.array([0.0, turn, 0.0])) @ rotations[0]
                pose = replace(
                    BodyPose.rest(body),
                    rotations=torch.from_numpy(vectors(rotations)).float(),
                    translation=torch.tensor(PLACE),
                )
                picture = renderer.render(pipeline.gaussians(avatar, betas, pose), camera, RenderSettings()).rgb
                image = (255.0 * picture.clamp(0.0, 1.0)).byte().numpy()
                truth = pose_body(body, shaped, pose).joint_transforms.double().numpy()
                head = truth[JOINT_NAMES.index("head")]
                face = FaceSolution(
                    head_rotation=head[:3, :3], head_position=head[:3, 3], jaw=still, left_eye=still, right_eye=still,
                    expression=np.zeros(body.num_expression), confidence=1.0, residual=0.0,
                )  # fmt: skip
                detection = detectors.detect(Frame(image=image, seconds=0.0, index=0))
                started = time.perf_counter()
                solution = solver.solve(detection, face if detection.face else None)
                taken.append(1000.0 * (time.perf_counter() - started))
                placed = place(skeleton.rest_joints, solution.rotations)
                turned = truth[list(JOINTS), :3, :3].swapaxes(-1, -2) @ placed.rotations[list(JOINTS)]
                missing = solution.joint_confidence == 0.0
                angle = np.degrees(np.linalg.norm(vectors(turned), axis=-1))
                angles.append(np.where(missing[list(JOINTS)], np.nan, angle))
                cosines = [
                    normalized(truth[end, :3, 3] - truth[start, :3, 3])
                    @ normalized(placed.positions[end] - placed.positions[start])
                    for start, end in BONES
                ]
                hidden = missing[[start for start, _ in BONES]]
                directions.append(np.where(hidden, np.nan, np.degrees(np.arccos(np.clip(cosines, -1.0, 1.0)))))
    for joint, column in zip(JOINTS, np.array(angles).T, strict=True):
        print(f"{JOINT_NAMES[joint]:24s} {_spread(column)}")
    for (start, end), column in zip(BONES, np.array(directions).T, strict=True):
        print(f"{JOINT_NAMES[start]} to {JOINT_NAMES[end].split('_')[1]:10s} {_spread(column)}")
    print(f"all joints {_spread(np.array(angles))}; all bones {_spread(np.array(directions))}")
    print(f"solving took {np.median(taken):.1f} ms a picture (median)")


def _spread(degrees: np.ndarray) -> str:
    median, most = np.nanpercentile(degrees, (50, 90))
    return f"median {median:5.1f}°, 90th percentile {most:5.1f}°, seen {np.isfinite(degrees).mean():4.0%}"


if __name__ == "__main__":
    main()
