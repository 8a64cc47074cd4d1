"""Drawing triangles: a depth buffer with the nearest face of each pixel, then its shading; and what a ray hits.

Pixels have their centres at half-integers. 1 / z is linear over a triangle's picture, so it is what is interpolated.
"""

from __future__ import annotations

import math

import numpy as np

from ..kernels import device_function, kernel

NO_FACE = -1

# Where the light comes from, in the camera's axes (x right, y down, z forward): over the viewer's left shoulder.
LIGHT_X, LIGHT_Y, LIGHT_Z = -0.36, -0.56, -0.745
AMBIENT, DIFFUSE, FACING = 0.30, 0.50, 0.22
"""Shares of the colour that are there anyway, by the light, and by facing the viewer."""
LINE_HALF_WIDTH = 0.9
"""Of the lines between faces, in points of the sampled grid."""
FULL_LINE_HEIGHT = 13.0
"""The same; lines around triangles of less height are fainter, else small ones would be all lines."""


@kernel
def project_vertices(vertices, matrix, lens, near, positions, inverse_depths):
    """Pixels of vertices, and 1 / z, 0 for those not beyond `near`; `lens` is fx, fy, cx, cy."""
    fx, fy, cx, cy = lens
    for vertex in range(vertices.shape[0]):
        x, y, z = np.float64(vertices[vertex, 0]), np.float64(vertices[vertex, 1]), np.float64(vertices[vertex, 2])
        depth = matrix[2, 0] * x + matrix[2, 1] * y + matrix[2, 2] * z + matrix[2, 3]
        inverse = 1.0 / depth if depth > near else 0.0
        inverse_depths[vertex] = inverse
        right = matrix[0, 0] * x + matrix[0, 1] * y + matrix[0, 2] * z + matrix[0, 3]
        down = matrix[1, 0] * x + matrix[1, 1] * y + matrix[1, 2] * z + matrix[1, 3]
        positions[vertex, 0] = fx * right * inverse + cx
        positions[vertex, 1] = fy * down * inverse + cy


@kernel
def sum_normals(vertices, faces, matrix, normals):
    """Directions of the normals around each vertex, by area, turned by `matrix`; of length 1 or 0."""
    normals[:] = 0.0
    for face in range(faces.shape[0]):
        a, b, c = faces[face, 0], faces[face, 1], faces[face, 2]
        ux, uy, uz = vertices[b, 0] - vertices[a, 0], vertices[b, 1] - vertices[a, 1], vertices[b, 2] - vertices[a, 2]
        vx, vy, vz = vertices[c, 0] - vertices[a, 0], vertices[c, 1] - vertices[a, 1], vertices[c, 2] - vertices[a, 2]
        x, y, z = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
        for corner in range(3):
            vertex = faces[face, corner]
            normals[vertex, 0] += x
            normals[vertex, 1] += y
            normals[vertex, 2] += z
    for vertex in range(vertices.shape[0]):
        x, y, z = normals[vertex, 0], normals[vertex, 1], normals[vertex, 2]
        length = max(math.sqrt(x * x + y * y + z * z), 1e-20)
        for axis in range(3):
            normals[vertex, axis] = (matrix[axis, 0] * x + matrix[axis, 1] * y + matrix[axis, 2] * z) / length


@device_function
def _edge(ax, ay, bx, by, px, py):
    """Twice the signed area of a triangle."""
    return (bx - ax) * (py - ay) - (by - ay) * (px - ax)


@kernel
def rasterize(first_row, last_row, positions, inverse_depths, faces, nearest, face_ids):
    """Fill rows of `nearest` (1 / z, 0 where nothing is) and `face_ids` (`NO_FACE` there).

    `positions` are pixels; vertices behind the near plane have inverse depth 0, and faces with one are left out. Of
    faces equally near the first is taken, so any division into rows gives the same.
    """
    width = nearest.shape[1]
    for row in range(first_row, last_row):
        for column in range(width):
            nearest[row, column] = 0.0
            face_ids[row, column] = NO_FACE
    for face in range(faces.shape[0]):
        a, b, c = faces[face, 0], faces[face, 1], faces[face, 2]
        ay, by, cy = positions[a, 1], positions[b, 1], positions[c, 1]
        top = max(min(ay, by, cy) - 0.5, float(first_row))
        bottom = min(max(ay, by, cy) - 0.5, float(last_row - 1))
        ia, ib, ic = inverse_depths[a], inverse_depths[b], inverse_depths[c]
        if top > bottom or ia <= 0.0 or ib <= 0.0 or ic <= 0.0:
            continue
        ax, bx, cx = positions[a, 0], positions[b, 0], positions[c, 0]
        left, right = max(min(ax, bx, cx) - 0.5, 0.0), min(max(ax, bx, cx) - 0.5, width - 1.0)
        area = _edge(ax, ay, bx, by, cx, cy)
        if left > right or area == 0.0:
            continue
        first_column, last_column = math.ceil(left), math.floor(right)
        for row in range(math.ceil(top), math.floor(bottom) + 1):
            py = row + 0.5
            for column in range(first_column, last_column + 1):
                px = column + 0.5
                wa = _edge(bx, by, cx, cy, px, py) / area
                wb = _edge(cx, cy, ax, ay, px, py) / area
                wc = 1.0 - wa - wb
                if wa >= 0.0 and wb >= 0.0 and wc >= 0.0:
                    inverse = wa * ia + wb * ib + wc * ic
                    if inverse > nearest[row, column]:
                        nearest[row, column] = inverse
                        face_ids[row, column] = face


@device_function
def _line_coverage(wa, wb, wc, ax, ay, bx, by, cx, cy, area):
    """How much of a pixel the line around its triangle covers, fainter where the triangle is small."""
    size = abs(area)
    height_a, height_b, height_c = (
        size / max(math.hypot(cx - bx, cy - by), 1e-9),
        size / max(math.hypot(ax - cx, ay - cy), 1e-9),
        size / max(math.hypot(bx - ax, by - ay), 1e-9),
    )
    distance = min(wa * height_a, wb * height_b, wc * height_c)
    strength = min(min(height_a, height_b, height_c) / FULL_LINE_HEIGHT, 1.0)
    return strength * min(max(LINE_HALF_WIDTH + 0.5 - distance, 0.0), 1.0)


@device_function
def _shade_sample(sums, face, px, py, positions, inverse_depths, normals, faces, face_colors, fill, line):
    """Add the colour of a face at a point of the picture, multiplied by alpha, and the alpha."""
    a, b, c = faces[face, 0], faces[face, 1], faces[face, 2]
    ax, ay, bx, by = positions[a, 0], positions[a, 1], positions[b, 0], positions[b, 1]
    cx, cy = positions[c, 0], positions[c, 1]
    area = _edge(ax, ay, bx, by, cx, cy)
    wa, wb = _edge(bx, by, cx, cy, px, py) / area, _edge(cx, cy, ax, ay, px, py) / area
    wc = 1.0 - wa - wb
    # Weights on the surface itself, up to a factor that the normal's length takes out.
    va, vb, vc = wa * inverse_depths[a], wb * inverse_depths[b], wc * inverse_depths[c]
    nx = va * normals[a, 0] + vb * normals[b, 0] + vc * normals[c, 0]
    ny = va * normals[a, 1] + vb * normals[b, 1] + vc * normals[c, 1]
    nz = va * normals[a, 2] + vb * normals[b, 2] + vc * normals[c, 2]
    length = max(math.sqrt(nx * nx + ny * ny + nz * nz), 1e-20)
    # What is seen from behind is lit as its other side.
    turned = -1.0 / length if nz > 0.0 else 1.0 / length
    nx, ny, nz = nx * turned, ny * turned, nz * turned
    lit = AMBIENT + DIFFUSE * max(nx * LIGHT_X + ny * LIGHT_Y + nz * LIGHT_Z, 0.0) - FACING * nz
    drawn = line * _line_coverage(wa, wb, wc, ax, ay, bx, by, cx, cy, area) if line > 0.0 else 0.0
    # Lines are dark on faces, and in the faces' colour where they stand alone.
    line_light = 0.25 * lit if fill > 0.0 else 0.5 + 0.5 * lit
    for channel in range(3):
        color = face_colors[face, channel]
        sums[channel] += drawn * min(color * line_light, 1.0) + (1.0 - drawn) * fill * min(color * lit, 1.0)
    sums[3] += drawn + (1.0 - drawn) * fill


@kernel
def shade(
    first_row, last_row, samples, positions, inverse_depths, normals, faces, face_colors,
    nearest, face_ids, fill, line, rgb, alpha, depth,
):  # fmt: skip
    """Average `samples` by `samples` points for each pixel of these rows: colour multiplied by alpha, and depth.

    `positions`, `nearest` and `face_ids` are on the grid of the points; `normals` are the vertices' own, in the
    camera's axes; `fill` and `line` the opacities of the faces and of the lines between them. A pixel is as near as its
    nearest point, 0 where there is none.
    """
    sums = np.empty(4, np.float64)
    share = 1.0 / (samples * samples)
    for row in range(first_row, last_row):
        for column in range(alpha.shape[1]):
            sums[:] = 0.0
            closest = 0.0
            for y in range(samples * row, samples * (row + 1)):
                for x in range(samples * column, samples * (column + 1)):
                    face = face_ids[y, x]
                    if face != NO_FACE:
                        closest = max(closest, nearest[y, x])
                        _shade_sample(
                            sums, face, x + 0.5, y + 0.5, positions, inverse_depths, normals, faces, face_colors,
                            fill, line,
                        )  # fmt: skip
            for channel in range(3):
                rgb[row, column, channel] = share * sums[channel]
            alpha[row, column] = share * sums[3]
            depth[row, column] = 1.0 / closest if closest > 0.0 else 0.0


@kernel
def nearest_hit(vertices, faces, origin, direction, barycentrics):
    """The first face that a ray meets, `NO_FACE` if none; writes where on it (Möller and Trumbore, 1997)."""
    best, found = np.inf, NO_FACE
    ox, oy, oz = origin[0], origin[1], origin[2]
    dx, dy, dz = direction[0], direction[1], direction[2]
    for face in range(faces.shape[0]):
        a, b, c = faces[face, 0], faces[face, 1], faces[face, 2]
        ax, ay, az = np.float64(vertices[a, 0]), np.float64(vertices[a, 1]), np.float64(vertices[a, 2])
        ux, uy, uz = vertices[b, 0] - ax, vertices[b, 1] - ay, vertices[b, 2] - az
        vx, vy, vz = vertices[c, 0] - ax, vertices[c, 1] - ay, vertices[c, 2] - az
        px, py, pz = dy * vz - dz * vy, dz * vx - dx * vz, dx * vy - dy * vx
        determinant = ux * px + uy * py + uz * pz
        if determinant == 0.0:
            continue
        tx, ty, tz = ox - ax, oy - ay, oz - az
        u = (tx * px + ty * py + tz * pz) / determinant
        if not 0.0 <= u <= 1.0:
            continue
        qx, qy, qz = ty * uz - tz * uy, tz * ux - tx * uz, tx * uy - ty * ux
        v = (dx * qx + dy * qy + dz * qz) / determinant
        distance = (vx * qx + vy * qy + vz * qz) / determinant
        if v >= 0.0 and u + v <= 1.0 and 0.0 < distance < best:
            best, found = distance, face
            barycentrics[0], barycentrics[1], barycentrics[2] = 1.0 - u - v, u, v
    return found
