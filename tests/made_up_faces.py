"""Made-up embeddings of the 478 face points and made-up faces, for tests that need no detector."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from nlfgs_studio.core.body.joints import FACE_JOINTS, JOINT_NAMES
from nlfgs_studio.core.body.model import BodyModel
from nlfgs_studio.core.cameras import Camera
from nlfgs_studio.core.tracking import turns as so3
from nlfgs_studio.core.tracking.detection import FaceDetection
from nlfgs_studio.core.tracking.embedding import LandmarkEmbedding
from nlfgs_studio.core.tracking.face_points import IRISES, LEFT_IRIS
from nlfgs_studio.core.tracking.face_solver import FaceSolver
from nlfgs_studio.core.tracking.solution import CAMERA_FROM_WORLD, tracking_camera

CAMERA = tracking_camera(615.0, 640, 480)


def random_embedding(body: BodyModel, seed: int = 0) -> LandmarkEmbedding:
    """Points anywhere on the front of the head, the irises' on the front of the eyeballs."""
    random = np.random.default_rng(seed)
    centres = body.template_vertices[body.faces].mean(1).numpy()
    weights = body.skin_weights[body.faces].mean(1).numpy()
    joints = (body.joint_regressor @ body.template_vertices).numpy()
    head = weights[:, [JOINT_NAMES.index("head"), *range(FACE_JOINTS.start, FACE_JOINTS.stop)]].sum(1)
    front = centres[:, 2] > joints[JOINT_NAMES.index("head"), 2]
    triangles = random.choice(np.flatnonzero((head > 0.5) & front), 478)
    for iris in IRISES:
        eye = FACE_JOINTS.start + (1 if iris in LEFT_IRIS else 2)
        ahead = centres[:, 2] > joints[eye, 2]
        triangles[iris] = random.choice(np.flatnonzero((weights[:, eye] > 0.99) & ahead))
    return LandmarkEmbedding(
        triangles=triangles, barycentrics=random.dirichlet(np.ones(3), 478), reliability=np.ones(478)
    )


@dataclass(frozen=True, kw_only=True)
class Face:
    """A face that is made up: what it does, and the points that a camera sees of it."""

    rotation: np.ndarray
    position: np.ndarray
    variables: np.ndarray
    gaze: np.ndarray
    detection: FaceDetection


def make_face(solver: FaceSolver, seed: int, *, camera: Camera = CAMERA, noise: float = 0.3, **fixed) -> Face:
    """A random face; `fixed` are expression coefficients by name, and then all others are zero."""
    random = np.random.default_rng(seed)
    motors, names = solver.motors, solver.rig.body.expression_names
    variables = np.zeros(motors.num_variables)
    if fixed:
        for name, value in fixed.items():
            variables[motors.num_jaw + list(motors.solved).index(names.index(name))] = value
    else:
        variables[random.choice(motors.num_variables, 4, replace=False)] = random.uniform(0.2, 0.9, 4)
    limits = motors.limits(variables)
    variables = np.clip(variables, limits[:, 0], limits[:, 1])
    gaze = np.tile([*random.uniform((-0.2, -0.4), (0.2, 0.4)), 0.0], (2, 1))
    rotation = so3.matrices(random.normal(0.0, (0.2, 0.4, 0.15)))
    position = np.array([*random.normal(0.0, 0.05, 2), -random.uniform(0.4, 0.9)])
    points = solver.rig.points(motors.turns(variables, gaze), motors.expression(variables, gaze))
    seen = (points @ rotation.T + position) * CAMERA_FROM_WORLD
    pixels = seen[:, :2] / seen[:, 2:] * camera.fx + (camera.cx, camera.cy) + random.normal(0.0, noise, (478, 2))
    depth = (seen[:, 2] - seen[:, 2].mean()) * camera.fx / seen[:, 2].mean()
    detection = FaceDetection(points=np.column_stack([pixels, 1.3 * depth]), confidence=1.0)
    return Face(rotation=rotation, position=position, variables=variables, gaze=gaze, detection=detection)
