"""The order of depth in a tile's list, made by the thread that draws the tile just before it does.

A counting sort. A tile's list fits the first cache, where one of the whole picture would not; no thread waits for a
sort of everything; and reading the depths brings the splats near in the order in which they lie. The depth's own
float32 bits are the key (for positive numbers they are in the numbers' order), less the nearest one's, in as few passes
of `DIGIT_BITS` as they need; so the order is exact. It is stable: equal depths stay in the order of the Gaussians.
"""

from __future__ import annotations

import numpy as np

from ..kernels import device_function
from .projection_kernels import DEPTH

DIGIT_BITS = 8
NUM_DIGITS = 1 << DIGIT_BITS
FEW = 16
"""Splats that are sorted faster by insertion."""
SLOT_BITS = 32
SLOT_MASK = (1 << SLOT_BITS) - 1


@device_function
def sorting_room(first_tile, last_tile, tile_starts, splats):
    """What `sort_tile` works with on these tiles."""
    longest = 0
    for tile in range(first_tile, last_tile):
        longest = max(longest, tile_starts[tile + 1] - tile_starts[tile])
    return (
        splats.view(np.int32),
        np.empty(longest, np.int64),
        np.empty(longest, np.int64),
        np.empty(NUM_DIGITS, np.int32),
    )


@device_function
def sort_tile(entries, first, last, room):
    """Put entries first to last - 1 in the order of their depths, nearest first, equal ones as they are."""
    bits_of_splats, pairs, spare, starts = room
    count = last - first
    nearest, farthest = np.int64(SLOT_MASK), np.int64(0)
    for position in range(count):
        slot = entries[first + position]
        bits = np.int64(bits_of_splats[slot, DEPTH])
        nearest, farthest = min(nearest, bits), max(farthest, bits)
        pairs[position] = (bits << SLOT_BITS) | slot
    if count <= FEW:
        _insert(pairs, count)
        ordered = pairs
    else:
        for position in range(count):
            pairs[position] -= nearest << SLOT_BITS
        ordered = _distribute(pairs, spare, count, farthest - nearest, starts)
    for position in range(count):
        entries[first + position] = ordered[position] & SLOT_MASK


@device_function
def _insert(pairs, count):
    for end in range(1, count):
        pair, place = pairs[end], end
        while place > 0 and pairs[place - 1] > pair:
            pairs[place] = pairs[place - 1]
            place -= 1
        pairs[place] = pair


@device_function
def _distribute(pairs, spare, count, largest, starts):
    """Sort by the digits above the slots, which are at most `largest`; returns the array that holds the result."""
    shift = SLOT_BITS
    while largest > 0:
        starts[:] = 0
        for position in range(count):
            starts[(pairs[position] >> shift) & (NUM_DIGITS - 1)] += 1
        total = 0
        for value in range(NUM_DIGITS):
            total, starts[value] = total + starts[value], total
        for position in range(count):
            pair = pairs[position]
            value = (pair >> shift) & (NUM_DIGITS - 1)
            spare[starts[value]] = pair
            starts[value] += 1
        pairs, spare = spare, pairs
        shift += DIGIT_BITS
        largest >>= DIGIT_BITS
    return pairs
