"""The order of drawing for renderers that blend whole splats: exact, and off the caller's thread where that is wished.

A radix sort of the depths' float32 bits, which for positive numbers stand in the numbers' order. Depths are computed as
in `projection_kernels`, so all renderers draw in the same order.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from ..cameras import Camera
from ..channels import LatestSlot
from ..kernels import kernel
from .renderer import MIN_DEPTH

DIGIT_BITS = 11
NUM_DIGITS = 3
"""Together 33 bits: all of a float32."""
INDEX_BITS = 31
MAX_FLOAT32 = float(np.finfo(np.float32).max)


@kernel
def sort_front_to_back(means, z_x, z_y, z_z, z_offset, near, depths, pairs, spare, order):
    """Write the indices of what lies beyond `near` into `order`, nearest first, equal ones by index; returns how many.

    `depths` (float32 and the same memory as int32), `pairs` and `spare` (int64) are room for as many numbers.
    """
    floats, bits = depths
    mask = (1 << DIGIT_BITS) - 1
    starts = np.zeros((NUM_DIGITS, 1 << DIGIT_BITS), np.int64)
    count = 0
    for index in range(means.shape[0]):
        z = z_x * np.float64(means[index, 0]) + z_y * np.float64(means[index, 1]) + z_z * np.float64(means[index, 2])
        z += z_offset
        if not near < z <= MAX_FLOAT32:  # written so that NaN fails it
            continue
        floats[count] = z
        key = np.int64(bits[count])
        pairs[count] = (key << INDEX_BITS) | index
        for digit in range(NUM_DIGITS):
            starts[digit, (key >> (digit * DIGIT_BITS)) & mask] += 1
        count += 1
    for digit in range(NUM_DIGITS):
        total, most = 0, 0
        for value in range(1 << DIGIT_BITS):
            most = max(most, starts[digit, value])
            total, starts[digit, value] = total + starts[digit, value], total
        if most == count:  # all have this digit in common
            continue
        shift = INDEX_BITS + digit * DIGIT_BITS
        for position in range(count):
            pair = pairs[position]
            value = (pair >> shift) & mask
            spare[starts[digit, value]] = pair
            starts[digit, value] += 1
        pairs, spare = spare, pairs
    for position in range(count):
        order[position] = pairs[position] & ((1 << INDEX_BITS) - 1)
    return count


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """What an order depends on: where the Gaussians are and along which line they are seen."""

    means: Float[Tensor, "N 3"]
    depth_row: tuple[float, float, float, float]
    near: float

    def is_of(self, other: View | None) -> bool:
        """Whether both have one order; means compare by identity."""
        return (
            other is not None
            and self.means is other.means
            and (self.depth_row, self.near) == (other.depth_row, other.near)
        )


def view_of(means: Float[Tensor, "N 3"], camera: Camera) -> View:
    x, y, z, offset = camera.camera_from_world[2].detach().double().tolist()
    return View(means, (x, y, z, offset), max(float(camera.near), MIN_DEPTH))


@dataclass(frozen=True, slots=True, eq=False)
class Order:
    """The indices of what a view sees, front to back."""

    view: View
    indices: Int[np.ndarray, " M"]


def sorted_order(view: View) -> Order:
    """The exact order, on the caller's thread."""
    means = view.means.detach().to("cpu", torch.float32).contiguous().numpy()
    count = len(means)
    depths, order = np.empty(count, np.float32), np.empty(count, np.int32)
    pairs, spare = np.empty(count, np.int64), np.empty(count, np.int64)
    count = sort_front_to_back(means, *view.depth_row, view.near, (depths, depths.view(np.int32)), pairs, spare, order)
    return Order(view, order[:count])


class SortingWorker:
    """Sorts on a thread of its own; of the views asked for only the newest is sorted, of the orders the newest kept."""

    def __init__(self) -> None:
        self._wanted: LatestSlot[View] = LatestSlot()
        self._sorted: LatestSlot[Order] = LatestSlot()
        self._wake = threading.Event()
        self._has_sorted = threading.Event()
        self._closing = False
        self._thread: threading.Thread | None = None

    def ask(self, view: View) -> None:
        """Sort this view, in the place of any that waits."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="depth sorting", daemon=True)
            self._thread.start()
        self._wanted.put(view)
        self._wake.set()

    def take(self) -> Order | None:
        """The newest order that was not taken yet."""
        self._has_sorted.clear()
        return self._sorted.take()

    @property
    def is_ready(self) -> bool:
        """Whether there is an order to take."""
        return self._has_sorted.is_set()

    def close(self) -> None:
        self._closing = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while True:
            self._wake.wait()
            self._wake.clear()
            if self._closing:
                return
            view = self._wanted.take()
            if view is not None:
                self._sorted.put(sorted_order(view))
                self._has_sorted.set()
