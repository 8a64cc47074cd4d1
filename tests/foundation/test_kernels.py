"""Kernels cover every item once, whoever calls them."""

import threading

import numpy as np
import pytest
from nlfgs_studio.core.kernels import kernel, run_split


@kernel
def _count(start, stop, counts):
    for i in range(start, stop):
        counts[i] += 1


@pytest.mark.parametrize("parts", [None, 1, 2, 3, 7])
@pytest.mark.parametrize("num_items", [0, 1, 2, 1000])
def test_every_item_is_visited_once(num_items, parts):
    counts = np.zeros(num_items, np.int64)
    run_split(_count, num_items, counts, parts=parts)
    assert (counts == 1).all()


def test_two_threads_may_run_kernels_at_once():
    results = [np.zeros(50_000, np.int64) for _ in range(4)]

    def work(counts):
        for _ in range(50):
            run_split(_count, len(counts), counts)

    threads = [threading.Thread(target=work, args=(counts,)) for counts in results]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all((counts == 50).all() for counts in results)
