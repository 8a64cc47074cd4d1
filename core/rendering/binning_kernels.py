"""Which splats each tile draws, front to back: a stable sort by depth, then a stable distribution over the tiles.

Both are counting sorts. The depth's own float32 bits are the key (for positive numbers they are in the numbers'
order), less their minimum, in as few passes of at most `DIGIT_BITS` as they need: a body takes two. The order is
therefore exact, and the distribution gives the same lists for any number of parts.
"""

from __future__ import annotations

import numpy as np

from ..kernels import kernel

DIGIT_BITS = 12
INDEX_BITS = 31
INDEX_MASK = (1 << INDEX_BITS) - 1


@kernel
def sort_by_depth(depth_bits, part_counts, pairs, spare, order):
    """Write the slots of all splats into `order`, nearest first, equal ones by index; returns how many there are.

    `depth_bits` holds the bits of each slot's depth, the parts' slots at the starts of their ranges as `project`
    writes them; `pairs` and `spare` are room for as many int64.
    """
    num_slots, num_parts = depth_bits.shape[0], part_counts.shape[0]
    count, smallest, largest = 0, np.int64(INDEX_MASK), np.int64(0)
    for part in range(num_parts):
        first = num_slots * part // num_parts
        for slot in range(first, first + part_counts[part]):
            bits = np.int64(depth_bits[slot])
            smallest, largest = min(smallest, bits), max(largest, bits)
            pairs[count] = (bits << INDEX_BITS) | slot
            count += 1
    if count == 0:
        return 0

    num_bits = 1
    while (largest - smallest) >> num_bits:
        num_bits += 1
    num_passes = (num_bits + DIGIT_BITS - 1) // DIGIT_BITS
    digit_bits = (num_bits + num_passes - 1) // num_passes
    mask = (1 << digit_bits) - 1
    starts = np.empty(1 << digit_bits, np.int64)
    for digit in range(num_passes):
        shift = digit * digit_bits
        starts[:] = 0
        for position in range(count):
            starts[(((pairs[position] >> INDEX_BITS) - smallest) >> shift) & mask] += 1
        total = 0
        for value in range(starts.shape[0]):
            total, starts[value] = total + starts[value], total
        for position in range(count):
            pair = pairs[position]
            value = (((pair >> INDEX_BITS) - smallest) >> shift) & mask
            spare[starts[value]] = pair
            starts[value] += 1
        pairs, spare = spare, pairs
    for position in range(count):
        order[position] = pairs[position] & INDEX_MASK
    return count


@kernel
def count_tiles(first_part, last_part, num_parts, order, boxes, region, sorted_boxes, histograms):
    """Count, for each part of the order and each tile of the region, the splats that touch it.

    `region` is the first and last tile column, then row; `histograms` (parts, tiles). `sorted_boxes` gets the boxes
    in the order of drawing, since they are needed twice and lie all over the memory.
    """
    left, right, top, bottom = region
    columns = right - left + 1
    for part in range(first_part, last_part):
        first, last = order.shape[0] * part // num_parts, order.shape[0] * (part + 1) // num_parts
        for position in range(first, last):
            slot = order[position]
            for side in range(4):
                sorted_boxes[position, side] = boxes[slot, side]
        histograms[part] = 0
        for position in range(first, last):
            box = sorted_boxes[position]
            start, end = max(box[0], left) - left, min(box[1], right) - left
            for row in range(max(box[2], top) - top, min(box[3], bottom) - top + 1):
                for tile in range(row * columns + start, row * columns + end + 1):
                    histograms[part, tile] += 1


@kernel
def starts_from_counts(histograms, tile_starts):
    """Turn counts into places in the list of all tiles' splats; `tile_starts` has one more entry than tiles."""
    total = 0
    for tile in range(histograms.shape[1]):
        tile_starts[tile] = total
        for part in range(histograms.shape[0]):
            total, histograms[part, tile] = total + histograms[part, tile], total
    tile_starts[histograms.shape[1]] = total


@kernel
def fill_tiles(first_part, last_part, num_parts, order, sorted_boxes, region, histograms, entries):
    """Write the slots of each tile's splats, front to back, where `starts_from_counts` says."""
    left, right, top, bottom = region
    columns = right - left + 1
    for part in range(first_part, last_part):
        for position in range(order.shape[0] * part // num_parts, order.shape[0] * (part + 1) // num_parts):
            slot, box = order[position], sorted_boxes[position]
            start, end = max(box[0], left) - left, min(box[1], right) - left
            for row in range(max(box[2], top) - top, min(box[3], bottom) - top + 1):
                for tile in range(row * columns + start, row * columns + end + 1):
                    entries[histograms[part, tile]] = slot
                    histograms[part, tile] += 1


@kernel
def count_region(order, boxes, region):
    """How many entries the tiles of a region have together."""
    left, right, top, bottom = region
    total = 0
    for position in range(order.shape[0]):
        box = boxes[order[position]]
        columns = min(box[1], right) - max(box[0], left) + 1
        rows = min(box[3], bottom) - max(box[2], top) + 1
        if columns > 0 and rows > 0:
            total += columns * rows
    return total
