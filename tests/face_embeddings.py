"""A made-up embedding of the 478 face points, for tests that need no detector and bodies that no detector knows."""

from __future__ import annotations

import numpy as np
from nlfgs_studio.core.body.joints import FACE_JOINTS, JOINT_NAMES
from nlfgs_studio.core.body.model import BodyModel
from nlfgs_studio.core.tracking.embedding import LandmarkEmbedding
from nlfgs_studio.core.tracking.face_points import IRISES, LEFT_IRIS


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
