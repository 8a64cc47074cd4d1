"""The loops of `picture_loss`: what a picture differs by from its target, and the gradient, in planes of float32.

The likeness is SSIM under the Gaussian window of `losses`. With x the picture and y the target, its gradient is

    ∂S/∂x = blurᵀ(∂S/∂μx) + 2 x · blurᵀ(∂S/∂E[xx]) + y · blurᵀ(∂S/∂E[xy]),

three more blurs. Beyond its border a picture is black here: the window is its own transpose then.
"""

from __future__ import annotations

import numpy as np

from ..kernels import device_function, kernel

REACH = 5
BAND = 32
"""Rows that are blurred together, so that their intermediate rows stay near the processor."""

_ONE, _HALF, _ZERO = np.float32(1.0), np.float32(0.5), np.float32(0.0)


@kernel
def compose(  # type: ignore[no-untyped-def]
    start, stop, colors, alphas, own, mask, weights, exposure, behind, silhouette, pictures, targets, by_alphas, sums
):
    """Picture and target before one background, as planes (3 H W), and the silhouette's part.

    `colors` (H W 3) and `own` (H W 3) are times their coverage; `exposure` (3 2) is gain and bias. `by_alphas` gets the
    silhouette's gradient; `sums[row]` the silhouette's differences.
    """
    width = alphas.shape[1]
    for row in range(start, stop):
        total = 0.0
        for column in range(width):
            alpha, seen = alphas[row, column], mask[row, column]
            for channel in range(3):
                gain, bias, back = exposure[channel, 0], exposure[channel, 1], behind[channel]
                pictures[channel, row, column] = (
                    gain * colors[row, column, channel] + bias * alpha + (_ONE - alpha) * back
                )
                targets[channel, row, column] = own[row, column, channel] + (_ONE - seen) * back
            apart = alpha - seen
            weight = weights[row, column]
            total += weight * abs(apart)
            step = silhouette * weight
            by_alphas[row, column] = step if apart > _ZERO else (-step if apart < _ZERO else _ZERO)
        sums[row] = total


@device_function
def _blur_row(source, window, width, padded, blurred):
    """Along a row; `padded` is room for it with its black margins."""
    for column in range(width):
        padded[REACH + column] = source[column]
    w0, w1, w2, w3, w4, w5 = window[0], window[1], window[2], window[3], window[4], window[5]
    for column in range(width):
        blurred[column] = (
            w5 * padded[column + 5]
            + w4 * (padded[column + 4] + padded[column + 6])
            + w3 * (padded[column + 3] + padded[column + 7])
            + w2 * (padded[column + 2] + padded[column + 8])
            + w1 * (padded[column + 1] + padded[column + 9])
            + w0 * (padded[column] + padded[column + 10])
        )


@device_function
def _blur_column(rows, first, window, width, blurred):
    """Across the 11 rows that begin with `first`."""
    w0, w1, w2, w3, w4, w5 = window[0], window[1], window[2], window[3], window[4], window[5]
    for column in range(width):
        blurred[column] = (
            w5 * rows[first + 5, column]
            + w4 * (rows[first + 4, column] + rows[first + 6, column])
            + w3 * (rows[first + 3, column] + rows[first + 7, column])
            + w2 * (rows[first + 2, column] + rows[first + 8, column])
            + w1 * (rows[first + 1, column] + rows[first + 9, column])
            + w0 * (rows[first, column] + rows[first + 10, column])
        )


@kernel
def compare(start, stop, pictures, targets, weights, window, c1, c2, parts, sums):  # type: ignore[no-untyped-def]
    """Of each band (channel, then rows): weighted 1 - S summed into `sums`; `parts` (3 3 H W) gets weighted -∂S/∂…"""
    _, height, width = pictures.shape
    bands = (height + BAND - 1) // BAND
    blurred = np.zeros((5, BAND + 2 * REACH, width), np.float32)
    line, padded = np.zeros((5, width), np.float32), np.zeros(width + 2 * REACH, np.float32)
    product = np.zeros(width, np.float32)
    for item in range(start, stop):
        channel, top = item // bands, BAND * (item % bands)
        end = min(top + BAND, height)
        for row in range(top - REACH, end + REACH):
            place = row - top + REACH
            if row < 0 or row >= height:
                blurred[:, place] = _ZERO
                continue
            x, y = pictures[channel, row], targets[channel, row]
            _blur_row(x, window, width, padded, blurred[0, place])
            _blur_row(y, window, width, padded, blurred[1, place])
            for column in range(width):
                product[column] = x[column] * x[column]
            _blur_row(product, window, width, padded, blurred[2, place])
            for column in range(width):
                product[column] = y[column] * y[column]
            _blur_row(product, window, width, padded, blurred[3, place])
            for column in range(width):
                product[column] = x[column] * y[column]
            _blur_row(product, window, width, padded, blurred[4, place])
        total = 0.0
        for row in range(top, end):
            for each in range(5):
                _blur_column(blurred[each], row - top, window, width, line[each])
            for column in range(width):
                mx, my = line[0, column], line[1, column]
                mxx, myy, mxy = mx * mx, my * my, mx * my
                a, b = mxx + myy + c1, line[2, column] - mxx + line[3, column] - myy + c2
                n, m = mxy + mxy + c1, line[4, column] - mxy
                m = m + m + c2
                inverse = _ONE / (a * b)
                likeness = n * m * inverse
                weight = weights[row, column]
                total += weight * (_ONE - likeness)
                # m holds -2 μx μy, b holds -μx².
                to_mx = (my + my) * (m - n) * inverse - (mx + mx) * likeness * (_ONE / a - _ONE / b)
                parts[0, channel, row, column] = -weight * to_mx
                parts[1, channel, row, column] = weight * likeness / b
                parts[2, channel, row, column] = -weight * (n + n) * inverse
        sums[item] = total


@kernel
def compare_back(  # type: ignore[no-untyped-def]
    start, stop, pictures, targets, weights, window, parts, absolute, likeness, gradients, sums
):
    """The gradient of both terms, of these weights, by each pixel of the picture; `sums` gets the weighted |x - y|."""
    _, height, width = pictures.shape
    bands = (height + BAND - 1) // BAND
    blurred = np.zeros((3, BAND + 2 * REACH, width), np.float32)
    line, padded = np.zeros((3, width), np.float32), np.zeros(width + 2 * REACH, np.float32)
    for item in range(start, stop):
        channel, top = item // bands, BAND * (item % bands)
        end = min(top + BAND, height)
        for row in range(top - REACH, end + REACH):
            place = row - top + REACH
            for each in range(3):
                if row < 0 or row >= height:
                    blurred[each, place] = _ZERO
                else:
                    _blur_row(parts[each, channel, row], window, width, padded, blurred[each, place])
        total = 0.0
        for row in range(top, end):
            for each in range(3):
                _blur_column(blurred[each], row - top, window, width, line[each])
            for column in range(width):
                x, y = pictures[channel, row, column], targets[channel, row, column]
                apart = x - y
                weight = weights[row, column]
                total += weight * abs(apart)
                sign = _ONE if apart > _ZERO else (-_ONE if apart < _ZERO else _ZERO)
                by_likeness = line[0, column] + (x + x) * line[1, column] + y * line[2, column]
                gradients[channel, row, column] = absolute * weight * sign + likeness * by_likeness
        sums[item] = total


@kernel
def decompose(start, stop, gradients, colors, alphas, exposure, behind, by_colors, by_alphas, by_exposure):  # type: ignore[no-untyped-def]
    """From the gradients of the composed picture to those of colours, coverage (added to `by_alphas`) and exposure.

    `by_exposure` (H 3 2) gets the sums of each row.
    """
    width = alphas.shape[1]
    for row in range(start, stop):
        for channel in range(3):
            gain, against = exposure[channel, 0], exposure[channel, 1] - behind[channel]
            to_gain, to_bias = 0.0, 0.0
            for column in range(width):
                given = gradients[channel, row, column]
                by_colors[row, column, channel] = gain * given
                by_alphas[row, column] += against * given
                to_gain += given * colors[row, column, channel]
                to_bias += given * alphas[row, column]
            by_exposure[row, channel, 0], by_exposure[row, channel, 1] = to_gain, to_bias
