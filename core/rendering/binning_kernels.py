"""Which splats each tile draws: a stable distribution over the tiles, by counting.

Slots are distributed in the order of the Gaussians, whatever the number of parts; `tile_sorting_kernels` then puts each
tile's list in the order of depth.
"""

from __future__ import annotations

from ..kernels import kernel


@kernel
def count_tiles(first_part, last_part, num_parts, part_counts, boxes, region, histograms):
    """Count, for each part of the slots and each tile of the region, the splats that touch it.

    The parts' slots are at the starts of their ranges, as `project` writes them. `region` is the first and last tile
    column, then row; `histograms` (parts, tiles).
    """
    left, right, top, bottom = region
    columns = right - left + 1
    for part in range(first_part, last_part):
        histograms[part] = 0
        first = boxes.shape[0] * part // num_parts
        for slot in range(first, first + part_counts[part]):
            box = boxes[slot]
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
def fill_tiles(first_part, last_part, num_parts, part_counts, boxes, region, histograms, entries):
    """Write the slots of each tile's splats, in the order of the slots, where `starts_from_counts` says."""
    left, right, top, bottom = region
    columns = right - left + 1
    for part in range(first_part, last_part):
        first = boxes.shape[0] * part // num_parts
        for slot in range(first, first + part_counts[part]):
            box = boxes[slot]
            start, end = max(box[0], left) - left, min(box[1], right) - left
            for row in range(max(box[2], top) - top, min(box[3], bottom) - top + 1):
                for tile in range(row * columns + start, row * columns + end + 1):
                    entries[histograms[part, tile]] = slot
                    histograms[part, tile] += 1


@kernel
def count_region(num_parts, part_counts, boxes, region):
    """How many entries the tiles of a region have together."""
    left, right, top, bottom = region
    total = 0
    for part in range(num_parts):
        first = boxes.shape[0] * part // num_parts
        for slot in range(first, first + part_counts[part]):
            box = boxes[slot]
            columns = min(box[1], right) - max(box[0], left) + 1
            rows = min(box[3], bottom) - max(box[2], top) + 1
            if columns > 0 and rows > 0:
                total += columns * rows
    return total
