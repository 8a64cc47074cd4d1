"""The rig of one body a frame, compiled: what `rig.rig` computes, in float32 on the CPU.

Three passes, each over ranges of its own items and so repeatable bit for bit: faces get R and U; vertices gather them
from the faces around (lists made once); Gaussians interpolate and move. Results are new arrays at every call, so what
was handed out stays as it was.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from ..gaussians import Gaussians
from ..kernels import device_function, kernel, run_split
from .rig import MAX_STRETCH, MIN_STRETCH, RestGaussians
from .template import DEGENERATE_FLATNESS, Template, edge_frames

_LOW, _HIGH, _FLAT = np.float32(MIN_STRETCH), np.float32(MAX_STRETCH), np.float32(DEGENERATE_FLATNESS)


class FastRig:
    """Moves the Gaussians of one template on one canonical mesh. Not for two threads at once: buffers are kept."""

    def __init__(self, template: Template, rest_vertices: Float[Tensor, "V 3"]) -> None:
        num_vertices, num_faces = rest_vertices.shape[0], template.faces.shape[0]
        corners = rest_vertices.detach().float().cpu()[template.faces]
        first, second = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
        frames, lengths, areas2, valid = edge_frames(first, second)
        along = (second * frames[:, :, 0]).sum(-1)
        measures = torch.stack([lengths, along, areas2 / lengths, 0.5 * areas2 * valid], dim=-1)
        self._num_vertices, self._num_gaussians = num_vertices, template.num_gaussians
        self._faces = _array(template.faces, np.uint32)
        self._frames, self._measures = _array(frames, np.float32), _array(measures, np.float32)
        self._face_indices = _array(template.face_indices, np.uint32)
        self._barycentrics = _array(template.barycentrics, np.float32)
        flat = self._faces.ravel()
        self._around = (np.argsort(flat, kind="stable") // 3).astype(np.int32)
        self._bounds = np.searchsorted(np.sort(flat), np.arange(num_vertices + 1)).astype(np.int32)
        self._face_rotations = np.empty((num_faces, 4), np.float32)
        self._face_stretches = np.empty((num_faces, 6), np.float32)
        self._face_weights = np.empty(num_faces, np.float32)
        self._vertices = np.empty((num_vertices, 16), np.float32)  # position, rotation, stretch; one cache line each

    def rig(self, rest: RestGaussians, posed_vertices: Float[Tensor, "V 3"]) -> Gaussians:
        """The Gaussians on a posed mesh; opacities and colours are passed on, not copied."""
        if posed_vertices.shape[0] != self._num_vertices or rest.offsets_world.shape[0] != self._num_gaussians:
            raise ValueError("the mesh or the Gaussians belong to another template")
        posed = _array(posed_vertices, np.float32)
        means, covariances, turned = (np.empty((self._num_gaussians, n), np.float32) for n in (3, 6, 4))
        by_face = self._face_rotations, self._face_stretches, self._face_weights
        run_split(_deform_faces, len(self._faces), posed, self._faces, self._frames, self._measures, *by_face)
        run_split(_gather_vertices, self._num_vertices, posed, self._bounds, self._around, *by_face, self._vertices)
        run_split(
            _move_gaussians,
            self._num_gaussians,
            self._faces,
            self._face_indices,
            self._barycentrics,
            self._vertices,
            _array(rest.offsets_world, np.float32),
            _array(rest.covariances, np.float32),
            means,
            covariances,
            turned,
        )
        return Gaussians(
            means=torch.from_numpy(means),
            covariances=torch.from_numpy(covariances),
            opacities=rest.opacities,
            sh=rest.sh,
            sh_rotations_wxyz=torch.from_numpy(turned),
        )


def _array(tensor: Tensor, dtype: type) -> np.ndarray:
    """A contiguous array of that type; the tensor's own memory where it is one already."""
    return np.ascontiguousarray(tensor.detach().cpu().numpy(), dtype)


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
def _deform_faces(start, stop, posed, faces, frames, measures, rotations, stretches, weights):  # type: ignore[no-untyped-def]
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
def _gather_vertices(  # type: ignore[no-untyped-def]
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


@kernel
def _move_gaussians(  # type: ignore[no-untyped-def]
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
    """Twin of the last part of `rig.rig`: interpolate R and U, then mean + J offset and J S Jᵀ."""
    one, two = np.float32(1.0), np.float32(2.0)
    for g in range(start, stop):
        f = face_indices[g]
        p, q, r = faces[f, 0], faces[f, 1], faces[f, 2]
        a, b, c = barycentrics[g, 0], barycentrics[g, 1], barycentrics[g, 2]
        pw, px, py, pz = vertices[p, 3], vertices[p, 4], vertices[p, 5], vertices[p, 6]
        with_q = pw * vertices[q, 3] + px * vertices[q, 4] + py * vertices[q, 5] + pz * vertices[q, 6]
        with_r = pw * vertices[r, 3] + px * vertices[r, 4] + py * vertices[r, 5] + pz * vertices[r, 6]
        sb, sc = (-b if with_q < 0.0 else b), (-c if with_r < 0.0 else c)
        w = a * pw + sb * vertices[q, 3] + sc * vertices[r, 3]
        x = a * px + sb * vertices[q, 4] + sc * vertices[r, 4]
        y = a * py + sb * vertices[q, 5] + sc * vertices[r, 5]
        z = a * pz + sb * vertices[q, 6] + sc * vertices[r, 6]
        scale = one / max(np.float32(math.sqrt(w * w + x * x + y * y + z * z)), np.float32(1e-30))
        w, x, y, z = w * scale, x * scale, y * scale, z * scale
        new_rotations[g, 0], new_rotations[g, 1], new_rotations[g, 2], new_rotations[g, 3] = w, x, y, z

        r00, r01, r02 = one - two * (y * y + z * z), two * (x * y - w * z), two * (x * z + w * y)
        r10, r11, r12 = two * (x * y + w * z), one - two * (x * x + z * z), two * (y * z - w * x)
        r20, r21, r22 = two * (x * z - w * y), two * (y * z + w * x), one - two * (x * x + y * y)
        u00 = a * vertices[p, 7] + b * vertices[q, 7] + c * vertices[r, 7]
        u01 = a * vertices[p, 8] + b * vertices[q, 8] + c * vertices[r, 8]
        u02 = a * vertices[p, 9] + b * vertices[q, 9] + c * vertices[r, 9]
        u11 = a * vertices[p, 10] + b * vertices[q, 10] + c * vertices[r, 10]
        u12 = a * vertices[p, 11] + b * vertices[q, 11] + c * vertices[r, 11]
        u22 = a * vertices[p, 12] + b * vertices[q, 12] + c * vertices[r, 12]
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

        o0, o1, o2 = offsets[g, 0], offsets[g, 1], offsets[g, 2]
        new_means[g, 0] = a * vertices[p, 0] + b * vertices[q, 0] + c * vertices[r, 0] + j00 * o0 + j01 * o1 + j02 * o2
        new_means[g, 1] = a * vertices[p, 1] + b * vertices[q, 1] + c * vertices[r, 1] + j10 * o0 + j11 * o1 + j12 * o2
        new_means[g, 2] = a * vertices[p, 2] + b * vertices[q, 2] + c * vertices[r, 2] + j20 * o0 + j21 * o1 + j22 * o2

        xx, xy, xz = covariances[g, 0], covariances[g, 1], covariances[g, 2]
        yy, yz, zz = covariances[g, 3], covariances[g, 4], covariances[g, 5]
        k00, k01, k02 = j00 * xx + j01 * xy + j02 * xz, j00 * xy + j01 * yy + j02 * yz, j00 * xz + j01 * yz + j02 * zz
        k10, k11, k12 = j10 * xx + j11 * xy + j12 * xz, j10 * xy + j11 * yy + j12 * yz, j10 * xz + j11 * yz + j12 * zz
        k20, k21, k22 = j20 * xx + j21 * xy + j22 * xz, j20 * xy + j21 * yy + j22 * yz, j20 * xz + j21 * yz + j22 * zz
        new_covariances[g, 0] = k00 * j00 + k01 * j01 + k02 * j02
        new_covariances[g, 1] = k00 * j10 + k01 * j11 + k02 * j12
        new_covariances[g, 2] = k00 * j20 + k01 * j21 + k02 * j22
        new_covariances[g, 3] = k10 * j10 + k11 * j11 + k12 * j12
        new_covariances[g, 4] = k10 * j20 + k11 * j21 + k12 * j22
        new_covariances[g, 5] = k20 * j20 + k21 * j21 + k22 * j22
