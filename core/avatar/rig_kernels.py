"""The loops of `fast_rig`, float32.

What a Gaussian is moved by takes a hundred and fifty multiplications and no branch. Blocks of Gaussians are therefore
brought into columns, where compilers turn the arithmetic into vector instructions, and out of them again.
"""

from __future__ import annotations

import math

import numpy as np

from ..kernels import device_function, kernel
from .rig import MAX_STRETCH, MIN_STRETCH
from .template import DEGENERATE_FLATNESS

# Of a vertex: position, rotation, stretch; padded to one cache line.
POSITION, ROTATION, STRETCH, END = 0, 3, 7, 13
VERTEX_SIZE = 16

BLOCK = 32
"""Gaussians moved together."""

_LOW, _HIGH, _FLAT = np.float32(MIN_STRETCH), np.float32(MAX_STRETCH), np.float32(DEGENERATE_FLATNESS)
_ONE, _TWO, _TINY = np.float32(1.0), np.float32(2.0), np.float32(1e-30)


@device_function
def _quaternion(m00, m01, m02, m10, m11, m12, m20, m21, m22):  # type: ignore[no-untyped-def]
    """wxyz of a rotation matrix, from the largest of its four components."""
    one = np.float32(1.0)
    if m00 + m11 + m22 > 0.0:
        w, x, y, z = one + m00 + m11 + m22, m21 - m12, m02 - m20, m10 - m01
    elif m00 >= m11 and m00 >= m22:
        w, x, y, z = m21 - m12, one + m00 - m11 - m22, m01 + m10, m02 + m20
    elif m11 >= m22:
        w, x, y, z = m02 - m20, m01 + m10, one - m00 + m11 - m22, m12 + m21
    else:
        w, x, y, z = m10 - m01, m02 + m20, m12 + m21, one - m00 - m11 + m22
    scale = one / math.sqrt(w * w + x * x + y * y + z * z)
    return w * scale, x * scale, y * scale, z * scale


@kernel
def deform_faces(start, stop, posed, faces, frames, measures, rotations, stretches, weights):  # type: ignore[no-untyped-def]
    """Twin of `rig.face_deformations`."""
    one, half = np.float32(1.0), np.float32(0.5)
    for f in range(start, stop):
        p, q, r = faces[f, 0], faces[f, 1], faces[f, 2]
        e0, e1, e2 = posed[q, 0] - posed[p, 0], posed[q, 1] - posed[p, 1], posed[q, 2] - posed[p, 2]
        g0, g1, g2 = posed[r, 0] - posed[p, 0], posed[r, 1] - posed[p, 1], posed[r, 2] - posed[p, 2]
        n0, n1, n2 = e1 * g2 - e2 * g1, e2 * g0 - e0 * g2, e0 * g1 - e1 * g0
        first, area2 = e0 * e0 + e1 * e1 + e2 * e2, math.sqrt(n0 * n0 + n1 * n1 + n2 * n2)
        longest = max(first, g0 * g0 + g1 * g1 + g2 * g2)
        weight = measures[f, 3]
        weights[f] = np.float32(0.0)
        if not (weight > 0.0 and area2 > max(_FLAT * longest, np.float32(1e-15)) and first > 0.0):
            continue
        weights[f] = weight
        length = math.sqrt(first)
        x0, x1, x2 = e0 / length, e1 / length, e2 / length
        z0, z1, z2 = n0 / area2, n1 / area2, n2 / area2
        y0, y1, y2 = z1 * x2 - z2 * x1, z2 * x0 - z0 * x2, z0 * x1 - z1 * x0

        a = length / measures[f, 0]
        d = area2 / length / measures[f, 2]
        b = (g0 * x0 + g1 * x1 + g2 * x2 - a * measures[f, 1]) / measures[f, 2]
        scale = one / math.sqrt((a + d) * (a + d) + b * b)
        cosine, sine = (a + d) * scale, -b * scale
        xx, xy, yy = a * (a + d) * scale, a * b * scale, (b * b + d * (a + d)) * scale
        middle, apart = half * (xx + yy), half * (xx - yy)
        radius = math.sqrt(apart * apart + xy * xy)
        low, high = middle - radius, middle + radius
        if low < _LOW or high > _HIGH:
            low, high = min(max(low, _LOW), _HIGH), min(max(high, _LOW), _HIGH)
            factor = half * (high - low) / max(radius, np.float32(1e-7))
            middle = half * (low + high)
            xx, xy, yy = middle + factor * apart, factor * xy, middle - factor * apart
        zz = min(max(math.sqrt(a * d), _LOW), _HIGH)

        u0, u1, u2 = cosine * x0 + sine * y0, cosine * x1 + sine * y1, cosine * x2 + sine * y2
        v0, v1, v2 = cosine * y0 - sine * x0, cosine * y1 - sine * x1, cosine * y2 - sine * x2
        t0, t1, t2 = frames[f, 0, 0], frames[f, 1, 0], frames[f, 2, 0]
        s0, s1, s2 = frames[f, 0, 1], frames[f, 1, 1], frames[f, 2, 1]
        r0, r1, r2 = frames[f, 0, 2], frames[f, 1, 2], frames[f, 2, 2]
        qw, qx, qy, qz = _quaternion(
            u0 * t0 + v0 * s0 + z0 * r0,
            u0 * t1 + v0 * s1 + z0 * r1,
            u0 * t2 + v0 * s2 + z0 * r2,
            u1 * t0 + v1 * s0 + z1 * r0,
            u1 * t1 + v1 * s1 + z1 * r1,
            u1 * t2 + v1 * s2 + z1 * r2,
            u2 * t0 + v2 * s0 + z2 * r0,
            u2 * t1 + v2 * s1 + z2 * r1,
            u2 * t2 + v2 * s2 + z2 * r2,
        )
        rotations[f, 0], rotations[f, 1], rotations[f, 2], rotations[f, 3] = qw, qx, qy, qz
        stretches[f, 0] = xx * t0 * t0 + xy * (t0 * s0 + s0 * t0) + yy * s0 * s0 + zz * r0 * r0
        stretches[f, 1] = xx * t0 * t1 + xy * (t0 * s1 + s0 * t1) + yy * s0 * s1 + zz * r0 * r1
        stretches[f, 2] = xx * t0 * t2 + xy * (t0 * s2 + s0 * t2) + yy * s0 * s2 + zz * r0 * r2
        stretches[f, 3] = xx * t1 * t1 + xy * (t1 * s1 + s1 * t1) + yy * s1 * s1 + zz * r1 * r1
        stretches[f, 4] = xx * t1 * t2 + xy * (t1 * s2 + s1 * t2) + yy * s1 * s2 + zz * r1 * r2
        stretches[f, 5] = xx * t2 * t2 + xy * (t2 * s2 + s2 * t2) + yy * s2 * s2 + zz * r2 * r2


@kernel
def gather_vertices(  # type: ignore[no-untyped-def]
    start, stop, posed, bounds, around, face_rotations, face_stretches, face_weights, vertices
):
    """Twin of `rig.vertex_deformations`: area-weighted means over the faces around each vertex."""
    for v in range(start, stop):
        reference, total = -1, np.float32(0.0)
        vertices[v, 0], vertices[v, 1], vertices[v, 2] = posed[v, 0], posed[v, 1], posed[v, 2]
        qw = qx = qy = qz = np.float32(0.0)
        xx = xy = xz = yy = yz = zz = np.float32(0.0)
        for i in range(bounds[v], bounds[v + 1]):
            f = around[i]
            weight = face_weights[f]
            if not weight > 0.0:
                continue
            if reference < 0:
                reference = f
            dot = (
                face_rotations[f, 0] * face_rotations[reference, 0]
                + face_rotations[f, 1] * face_rotations[reference, 1]
                + face_rotations[f, 2] * face_rotations[reference, 2]
                + face_rotations[f, 3] * face_rotations[reference, 3]
            )
            signed = -weight if dot < 0.0 else weight
            qw += signed * face_rotations[f, 0]
            qx += signed * face_rotations[f, 1]
            qy += signed * face_rotations[f, 2]
            qz += signed * face_rotations[f, 3]
            xx += weight * face_stretches[f, 0]
            xy += weight * face_stretches[f, 1]
            xz += weight * face_stretches[f, 2]
            yy += weight * face_stretches[f, 3]
            yz += weight * face_stretches[f, 4]
            zz += weight * face_stretches[f, 5]
            total += weight
        if reference < 0:
            vertices[v, 3], vertices[v, 4], vertices[v, 5], vertices[v, 6] = 1.0, 0.0, 0.0, 0.0
            vertices[v, 7], vertices[v, 8], vertices[v, 9] = 1.0, 0.0, 0.0
            vertices[v, 10], vertices[v, 11], vertices[v, 12] = 1.0, 0.0, 1.0
            continue
        length = math.sqrt(qw * qw + qx * qx + qy * qy + qz * qz)
        scale, share = np.float32(1.0) / max(length, np.float32(1e-30)), np.float32(1.0) / total
        vertices[v, 3], vertices[v, 4], vertices[v, 5], vertices[v, 6] = qw * scale, qx * scale, qy * scale, qz * scale
        vertices[v, 7], vertices[v, 8], vertices[v, 9] = xx * share, xy * share, xz * share
        vertices[v, 10], vertices[v, 11], vertices[v, 12] = yy * share, yz * share, zz * share


@device_function
def _interpolate(values, i, faces, face, barycentric, vertices):
    """Write what the corners of a face know, interpolated, into a column; quaternions of one half space."""
    p, q, r = faces[face, 0], faces[face, 1], faces[face, 2]
    a, b, c = barycentric[0], barycentric[1], barycentric[2]
    with_q = with_r = np.float32(0.0)
    for number in range(ROTATION, STRETCH):
        with_q += vertices[p, number] * vertices[q, number]
        with_r += vertices[p, number] * vertices[r, number]
    signed_b, signed_c = (-b if with_q < 0.0 else b), (-c if with_r < 0.0 else c)
    for number in range(POSITION, ROTATION):
        values[number, i] = a * vertices[p, number] + b * vertices[q, number] + c * vertices[r, number]
    for number in range(ROTATION, STRETCH):
        values[number, i] = a * vertices[p, number] + signed_b * vertices[q, number] + signed_c * vertices[r, number]
    for number in range(STRETCH, END):
        values[number, i] = a * vertices[p, number] + b * vertices[q, number] + c * vertices[r, number]


@device_function
def _move(values, results):
    """Mean + J offset, the unit quaternion of R, and J S Jᵀ, where J = R U; column by column."""
    for i in range(BLOCK):
        w, x, y, z = values[3, i], values[4, i], values[5, i], values[6, i]
        scale = _ONE / max(np.float32(math.sqrt(w * w + x * x + y * y + z * z)), _TINY)
        w, x, y, z = w * scale, x * scale, y * scale, z * scale
        results[3, i], results[4, i], results[5, i], results[6, i] = w, x, y, z
        r00, r01, r02 = _ONE - _TWO * (y * y + z * z), _TWO * (x * y - w * z), _TWO * (x * z + w * y)
        r10, r11, r12 = _TWO * (x * y + w * z), _ONE - _TWO * (x * x + z * z), _TWO * (y * z - w * x)
        r20, r21, r22 = _TWO * (x * z - w * y), _TWO * (y * z + w * x), _ONE - _TWO * (x * x + y * y)
        u00, u01, u02 = values[7, i], values[8, i], values[9, i]
        u11, u12, u22 = values[10, i], values[11, i], values[12, i]
        j00, j01, j02 = (
            r00 * u00 + r01 * u01 + r02 * u02,
            r00 * u01 + r01 * u11 + r02 * u12,
            r00 * u02 + r01 * u12 + r02 * u22,
        )
        j10, j11, j12 = (
            r10 * u00 + r11 * u01 + r12 * u02,
            r10 * u01 + r11 * u11 + r12 * u12,
            r10 * u02 + r11 * u12 + r12 * u22,
        )
        j20, j21, j22 = (
            r20 * u00 + r21 * u01 + r22 * u02,
            r20 * u01 + r21 * u11 + r22 * u12,
            r20 * u02 + r21 * u12 + r22 * u22,
        )

        o0, o1, o2 = values[13, i], values[14, i], values[15, i]
        results[0, i] = values[0, i] + j00 * o0 + j01 * o1 + j02 * o2
        results[1, i] = values[1, i] + j10 * o0 + j11 * o1 + j12 * o2
        results[2, i] = values[2, i] + j20 * o0 + j21 * o1 + j22 * o2

        xx, xy, xz = values[16, i], values[17, i], values[18, i]
        yy, yz, zz = values[19, i], values[20, i], values[21, i]
        k00, k01, k02 = j00 * xx + j01 * xy + j02 * xz, j00 * xy + j01 * yy + j02 * yz, j00 * xz + j01 * yz + j02 * zz
        k10, k11, k12 = j10 * xx + j11 * xy + j12 * xz, j10 * xy + j11 * yy + j12 * yz, j10 * xz + j11 * yz + j12 * zz
        k20, k21, k22 = j20 * xx + j21 * xy + j22 * xz, j20 * xy + j21 * yy + j22 * yz, j20 * xz + j21 * yz + j22 * zz
        results[7, i] = k00 * j00 + k01 * j01 + k02 * j02
        results[8, i] = k00 * j10 + k01 * j11 + k02 * j12
        results[9, i] = k00 * j20 + k01 * j21 + k02 * j22
        results[10, i] = k10 * j10 + k11 * j11 + k12 * j12
        results[11, i] = k10 * j20 + k11 * j21 + k12 * j22
        results[12, i] = k20 * j20 + k21 * j21 + k22 * j22


@kernel
def move_gaussians(  # type: ignore[no-untyped-def]
    start,
    stop,
    faces,
    face_indices,
    barycentrics,
    vertices,
    offsets,
    covariances,
    new_means,
    new_covariances,
    new_rotations,
):
    """Twin of the last part of `rig.rig`."""
    values, results = np.zeros((END + 9, BLOCK), np.float32), np.zeros((13, BLOCK), np.float32)
    for first in range(start, stop, BLOCK):
        count = min(BLOCK, stop - first)
        for i in range(count):
            g = first + i
            _interpolate(values, i, faces, face_indices[g], barycentrics[g], vertices)
            for axis in range(3):
                values[END + axis, i] = offsets[g, axis]
            for entry in range(6):
                values[END + 3 + entry, i] = covariances[g, entry]
        _move(values, results)
        for i in range(count):
            g = first + i
            for axis in range(3):
                new_means[g, axis] = results[axis, i]
            for component in range(4):
                new_rotations[g, component] = results[3 + component, i]
            for entry in range(6):
                new_covariances[g, entry] = results[7 + entry, i]
