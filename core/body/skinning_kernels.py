"""Compiled loops of the fast path: joints, expression, pose correctives, skinning of one body.

A skinning matrix travels as 12 numbers: nine of the rotation, row by row, then three of the shift.
"""

from __future__ import annotations

import math

import numpy as np

from ..kernels import kernel


@kernel
def rotation_matrices(axis_angles, matrices):
    """Rodrigues' formula for each row of `axis_angles` (N 3)."""
    for row in range(len(axis_angles)):
        x, y, z = float(axis_angles[row, 0]), float(axis_angles[row, 1]), float(axis_angles[row, 2])
        squared = x * x + y * y + z * z
        if squared < 1e-8:
            first, second = 1.0 - squared / 6.0, 0.5 - squared / 24.0
        else:
            angle = math.sqrt(squared)
            half_sine = math.sin(0.5 * angle)
            first, second = math.sin(angle) / angle, 2.0 * half_sine * half_sine / squared
        matrices[row, 0, 0] = 1.0 - second * (y * y + z * z)
        matrices[row, 0, 1] = second * x * y - first * z
        matrices[row, 0, 2] = second * x * z + first * y
        matrices[row, 1, 0] = second * x * y + first * z
        matrices[row, 1, 1] = 1.0 - second * (x * x + z * z)
        matrices[row, 1, 2] = second * y * z - first * x
        matrices[row, 2, 0] = second * x * z - first * y
        matrices[row, 2, 1] = second * y * z + first * x
        matrices[row, 2, 2] = 1.0 - second * (x * x + y * y)


@kernel
def move_joints(local, joints, parents, translation, transforms, skin):
    """World transforms (55 4 4) and skinning matrices (55 12) from local rotations and rest joints.

    `transforms` comes in as identities, so that the last rows need no writing.
    """
    for joint in range(len(parents)):
        parent = parents[joint]
        for row in range(3):
            place = joints[joint, row] + translation[row]
            if parent >= 0:
                place = transforms[parent, row, 3]
            shift = 0.0
            for column in range(3):
                entry = local[joint, row, column]
                if parent >= 0:
                    place += transforms[parent, row, column] * (joints[joint, column] - joints[parent, column])
                    entry = np.float32(0.0)
                    for inner in range(3):
                        entry += transforms[parent, row, inner] * local[joint, inner, column]
                transforms[joint, row, column] = entry
                skin[joint, 3 * row + column] = entry
                shift += entry * joints[joint, column]
            transforms[joint, row, 3] = place
            skin[joint, 9 + row] = place - shift


@kernel
def add_expression(strengths, run_starts, targets, lengths, offsets, coordinates):
    """Add each active action, stored as runs of consecutive coordinates that it moves.

    Runs `run_starts[e]` to `run_starts[e + 1]` belong to action e; a run says where it goes in `coordinates` and how
    long it is, its offsets follow each other in `offsets`.
    """
    read = 0
    for action in range(len(strengths)):
        strength = strengths[action]
        for run in range(run_starts[action], run_starts[action + 1]):
            length = lengths[run]
            if strength != 0.0:
                target = coordinates[targets[run] : targets[run] + length]
                source = offsets[read : read + length]
                for index in range(length):
                    target[index] += strength * source[index]
            read += length


@kernel
def add_pose_correctives(start, stop, local, directions, coordinates):
    """Add the pose correctives to `coordinates[start:stop]`; joints at rest are skipped.

    Nine rows of `directions` at a time: the sum is read and written once a joint.
    """
    feature = np.empty(9, np.float32)
    for joint in range(1, len(local)):
        largest = np.float32(0.0)
        for entry in range(9):
            feature[entry] = local[joint, entry // 3, entry % 3] - (1.0 if entry % 4 == 0 else 0.0)
            largest = max(largest, abs(feature[entry]))
        if largest == 0.0:
            continue
        f0, f1, f2, f3, f4, f5, f6, f7, f8 = (
            feature[0], feature[1], feature[2], feature[3], feature[4], feature[5], feature[6], feature[7], feature[8],
        )  # fmt: skip
        rows = directions[9 * (joint - 1) : 9 * joint]
        for index in range(start, stop):
            coordinates[index] += (
                f0 * rows[0, index] + f1 * rows[1, index] + f2 * rows[2, index]
                + f3 * rows[3, index] + f4 * rows[4, index] + f5 * rows[5, index]
                + f6 * rows[6, index] + f7 * rows[7, index] + f8 * rows[8, index]
            )  # fmt: skip


@kernel
def skin_vertices(start, stop, vertices, entry_starts, joints, weights, skin, posed):
    """Linear blend skinning; entries `entry_starts[v]` to `entry_starts[v + 1]` name the joints that hold vertex v."""
    zero = np.float32(0.0)
    for vertex in range(start, stop):
        m0 = m1 = m2 = m3 = m4 = m5 = m6 = m7 = m8 = s0 = s1 = s2 = zero
        for entry in range(entry_starts[vertex], entry_starts[vertex + 1]):
            weight = weights[entry]
            matrix = skin[joints[entry]]
            m0 += weight * matrix[0]
            m1 += weight * matrix[1]
            m2 += weight * matrix[2]
            m3 += weight * matrix[3]
            m4 += weight * matrix[4]
            m5 += weight * matrix[5]
            m6 += weight * matrix[6]
            m7 += weight * matrix[7]
            m8 += weight * matrix[8]
            s0 += weight * matrix[9]
            s1 += weight * matrix[10]
            s2 += weight * matrix[11]
        x, y, z = vertices[vertex, 0], vertices[vertex, 1], vertices[vertex, 2]
        posed[vertex, 0] = m0 * x + m1 * y + m2 * z + s0
        posed[vertex, 1] = m3 * x + m4 * y + m5 * z + s1
        posed[vertex, 2] = m6 * x + m7 * y + m8 * z + s2
