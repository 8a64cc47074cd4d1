"""Compiled loops of the face's solver."""

from __future__ import annotations

from ..kernels import kernel


@kernel
def add_derivatives(rows, landmarks, directions, result, first):
    """Add the derivatives along `rows` of the points that move by `directions`, into columns from `first` on.

    rows (L, R, 3), landmarks (N,) points, directions (N, 3, C) of these, result (L, R, at least first + C).
    """
    num_columns = directions.shape[2]
    for index in range(len(landmarks)):
        point = landmarks[index]
        for row in range(rows.shape[1]):
            x, y, z = rows[point, row, 0], rows[point, row, 1], rows[point, row, 2]
            for column in range(num_columns):
                result[point, row, first + column] += (
                    x * directions[index, 0, column]
                    + y * directions[index, 1, column]
                    + z * directions[index, 2, column]
                )


@kernel
def descend(hessian, gradient, lowest, highest, step, num_rounds, tolerance):
    """Minimise ½ sᵀ H s - gᵀ s with lowest ≤ s ≤ highest, one coordinate at a time, from and into `step`.

    hessian (V, V) positive definite; the rest (V,). Ends when no coordinate moves by `tolerance`.
    """
    num_variables = len(step)
    for _ in range(num_rounds):
        largest = 0.0
        for row in range(num_variables):
            slope = gradient[row]
            for column in range(num_variables):
                slope -= hessian[row, column] * step[column]
            wanted = step[row] + slope / hessian[row, row]
            wanted = min(max(wanted, lowest[row]), highest[row])
            largest = max(largest, abs(wanted - step[row]))
            step[row] = wanted
        if largest < tolerance:
            break
