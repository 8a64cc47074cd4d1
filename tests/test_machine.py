"""What the machine tells of this process."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from nlfgs_studio.core.machine import peak_memory_mib

SMALL = "from nlfgs_studio.core.machine import peak_memory_mib; print(peak_memory_mib())"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells it process by process")
def test_a_process_does_not_answer_for_the_one_that_began_it():
    held = np.ones((200, 1 << 20))  # 1,600 MiB
    child = subprocess.run([sys.executable, "-c", SMALL], capture_output=True, text=True, check=True)
    assert float(child.stdout) < 1000.0 < held.nbytes / (1 << 20) < peak_memory_mib()
