"""The loop of `adam`."""

from __future__ import annotations

import math

import numpy as np

from ..kernels import kernel


@kernel
def step_rows(start, stop, values, gradients, firsts, seconds, counts, rates, factor, beta1, beta2, epsilon):  # type: ignore[no-untyped-def]
    """Rows whose gradient is zero, or no number, stay as they are."""
    one = np.float32(1.0)
    columns = values.shape[1]
    for row in range(start, stop):
        largest = np.float32(0.0)
        for column in range(columns):
            largest += abs(gradients[row, column])
        if not (largest > 0.0 and largest < np.inf):
            continue
        counts[row] += 1
        unbiased = one / np.float32(1.0 - math.pow(beta1, counts[row]))
        spread = one / np.float32(1.0 - math.pow(beta2, counts[row]))
        for column in range(columns):
            given = gradients[row, column]
            first = beta1 * firsts[row, column] + (one - beta1) * given
            second = beta2 * seconds[row, column] + (one - beta2) * given * given
            firsts[row, column], seconds[row, column] = first, second
            step = factor * rates[column] * unbiased * first
            values[row, column] -= step / (np.float32(math.sqrt(spread * second)) + epsilon)
