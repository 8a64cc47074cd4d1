"""CUDA writes into the texture of a real window: the pattern is read back, and sizes come and go without a leak."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

NUM_RESIZES = 1000
NUM_WARM_UP = 100
"""Resizes after which drivers have the memory that they keep."""
PROGRAM = Path(__file__).with_name("interop_program.py")


@pytest.fixture(scope="module")
def outcome(cuda) -> dict:
    """What the program says, which owns the main thread, the window and the OpenGL context of a process of its own."""
    if not os.environ.get("DISPLAY"):
        pytest.skip("no display: the window's texture needs GLX (`tests/gpu/run.sh` starts an Xvfb)")
    finished = subprocess.run(
        [sys.executable, PROGRAM, str(NUM_RESIZES), str(NUM_WARM_UP)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr[-2000:]
    said = json.loads(finished.stdout.strip().splitlines()[-1])
    if "skip" in said:
        pytest.skip(said["skip"])
    return said


def test_the_pattern_arrives(outcome):
    assert outcome["pattern"]
    assert outcome["refusal"] == ""


def test_every_size_arrives_whole(outcome):
    assert outcome["sizes_right"] == outcome["sizes"]


def test_no_memory_is_lost_over_a_thousand_resizes(outcome):
    assert outcome["device_bytes_lost"] < 32 * 2**20
    assert outcome["host_bytes_lost"] < 64 * 2**20
