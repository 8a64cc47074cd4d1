"""Makes the built-in body and writes it in the SMPL-X format: the order of the steps, and the file's keys."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from jaxtyping import Float, Shaped

from ..joints import JAW, LEFT_EYE, NUM_JOINTS, PARENTS, RIGHT_EYE
from ..parts import PART_NAMES
from .actions import ACTION_NAMES, Actions, ironed, split_actions
from .cache import Progress
from .identity import NUM_BODY_BETAS, NUM_FACE_BETAS, draw_bodies, draw_faces, principal_components
from .labels import label_quads
from .makehuman import MakeHumanData
from .skeleton import EYE_GROUPS, JointMarkers, finger_tips, gaze, skin_weights
from .surface import BODY_GROUPS, SHELL_NAMES, Surface, make_surface, triangles
from .tpose import PELVIS, t_pose

NUM_BETAS = NUM_BODY_BETAS + NUM_FACE_BETAS
_SHAPE_COLUMNS, _EXPRESSION_COLUMNS = 300, 100
_SEED = 20231


def build(path: Path, format_version: int, progress: Progress) -> None:
    """Build the body and write it to `path` (NPZ); takes about 15 s on one core.

    After the vertices of the surface and the shells come 55 markers, one in each joint, that no face uses: the
    regressor picks them, and so gives the joints exactly at every shape. (Combinations of the skin around a joint that
    hold for 30 betas need weights of up to ±2; regularised ones are up to 7 mm off.)

    What `progress` raises (`Cancelled`) passes through; nothing is written before the last step.
    """
    data = MakeHumanData.installed()
    random = np.random.default_rng(_SEED)
    progress(0.0, "reading the mesh")
    base, bones = data.base_mesh, data.bones
    surface = make_surface(base)
    skinning = skin_weights(base, bones, data.bone_weights)
    markers = JointMarkers(base, bones)

    bodies = draw_bodies(data, random, lambda done: progress(0.05 + 0.5 * done, "reading body shapes"))
    faces = draw_faces(data, random, lambda done: progress(0.55 + 0.1 * done, "reading faces"))
    progress(0.65, "posing")
    mean = base.vertices + bodies.mean() + faces.mean()
    pose = t_pose(markers.positions(mean), finger_tips(bones, mean), gaze(base, mean), skinning)

    def posed(shapes: Float[np.ndarray, "*S N 3"]) -> Float[np.ndarray, "*S V 3"]:
        """T-posed vertices of the file: the surface, the shells, the 55 markers."""
        vertices, joints = pose.apply(shapes, markers.positions(shapes))
        return np.concatenate([vertices[..., surface.base_indices, :], joints], axis=-2)

    template = posed(mean) + PELVIS
    weights = np.concatenate([skinning[surface.base_indices], np.eye(NUM_JOINTS)])
    progress(0.7, "finding the shape components")
    measured = np.isin(np.arange(len(template)), surface.quads)
    betas = np.concatenate(
        [
            principal_components(people.coefficients, posed(people.shapes), number, measured, _crown(template))
            for people, number in ((bodies, NUM_BODY_BETAS), (faces, NUM_FACE_BETAS))
        ]
    )
    progress(0.8, "splitting the facial actions")
    actions = _actions(data, surface, template, weights)
    progress(0.9, "writing the body")
    directions = np.zeros((len(template), 3, _SHAPE_COLUMNS + _EXPRESSION_COLUMNS), dtype=np.float32)
    directions[..., :NUM_BETAS] = np.moveaxis(betas, 0, -1)
    directions[..., _SHAPE_COLUMNS : _SHAPE_COLUMNS + len(ACTION_NAMES)] = np.moveaxis(actions.offsets, 0, -1)
    parts = label_quads(surface, data, template, weights)
    np.savez_compressed(
        path,
        format_version=np.array(format_version),
        v_template=template.astype(np.float32),
        shapedirs=directions,
        weights=weights.astype(np.float32),
        J_regressor=np.eye(NUM_JOINTS, len(template), len(template) - NUM_JOINTS, dtype=np.float32),
        face_parts=np.repeat(parts, 2).astype(np.uint8),
        action_joint_rotations=actions.joint_rotations.astype(np.float32),
        **_surface_keys(surface),
        **_constant_keys(len(template)),
    )
    progress(1.0, "the body is ready")


def _crown(template: Float[np.ndarray, "V 3"]) -> int:
    """The top of the head; the hair shell's top is above the same point."""
    return int(template[:, 1].argmax())


def _actions(
    data: MakeHumanData, surface: Surface, template: Float[np.ndarray, "V 3"], weights: Float[np.ndarray, "V 55"]
) -> Actions:
    # The head does not turn on the way to the T-pose: offsets of the face hold unchanged. Markers get none.
    offsets = np.zeros((len(ACTION_NAMES), len(data.base_mesh.vertices) + NUM_JOINTS, 3))
    for offset, name in zip(offsets, ACTION_NAMES, strict=True):
        target = data.facial_action(name)
        offset[target.indices] = target.offsets
    kept = np.append(surface.base_indices, np.arange(-NUM_JOINTS, 0))
    rigid_parts = {
        JAW: surface.group("helper-lower-teeth"),
        LEFT_EYE: surface.group(EYE_GROUPS[0]),
        RIGHT_EYE: surface.group(EYE_GROUPS[1]),
    }
    skin = surface.quads[surface.quad_groups == BODY_GROUPS.index("body")]
    smooth = ironed(offsets[:, kept], triangles(skin))
    return split_actions(smooth, template, template[-NUM_JOINTS:], weights, rigid_parts)


def _surface_keys(surface: Surface) -> dict[str, Shaped[np.ndarray, "..."]]:
    return {
        "f": triangles(surface.quads).astype(np.uint32),
        "vt": surface.texture_coordinates.astype(np.float32),
        "ft": triangles(surface.texture_quads).astype(np.uint32),
        "shell_names": np.array(SHELL_NAMES),
        "shell_faces": triangles(surface.shell_quads).astype(np.uint32),
        "shell_face_shell": np.repeat(surface.shell_of_quad, 2).astype(np.uint8),
        "part_names": np.array(PART_NAMES),
        # The smplx package asks for landmarks. These all lie in the first face: real ones are found by looking (the
        # body is rendered and its landmarks detected), so that every body gets them in the same way.
        "lmk_faces_idx": np.zeros(51, dtype=np.int64),
        "lmk_bary_coords": np.full((51, 3), 1 / 3, dtype=np.float32),
    }


def _constant_keys(num_vertices: int) -> dict[str, Shaped[np.ndarray, "..."]]:
    parents = np.array([PARENTS, range(NUM_JOINTS)], dtype=np.int64)
    return {
        "body_name": np.array("builtin"),
        "num_betas": np.array(NUM_BETAS),
        "num_expression": np.array(len(ACTION_NAMES)),
        "expression_names": np.array(ACTION_NAMES),
        "expression_ranges": np.tile(np.array([0.0, 1.0], dtype=np.float32), (len(ACTION_NAMES), 1)),
        "kintree_table": parents,
        "posedirs": np.zeros((num_vertices, 3, 9 * (NUM_JOINTS - 1)), dtype=np.float32),
        "hands_componentsl": np.eye(45, dtype=np.float32),
        "hands_componentsr": np.eye(45, dtype=np.float32),
        "hands_meanl": np.zeros(45, dtype=np.float32),
        "hands_meanr": np.zeros(45, dtype=np.float32),
    }
