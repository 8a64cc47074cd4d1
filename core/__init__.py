"""Everything that works without a window; importing this package loads no heavy library."""

import os
import platform
import sys

# Our matrices are small. OpenBLAS's threads spin beside those of the detectors: a face took 25 ms of processor time to
# solve and takes 5. What is large runs in torch, which has a BLAS of its own except on ARM under Linux. numpy looks at
# this once, when it is first loaded.
if sys.platform != "linux" or platform.machine() == "x86_64":
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# torch's threads spin too where they wait for each other, and beside detectors, renderers and other programs they wait
# long: fitting a pose took 0.4 s of processor time on two busy cores and takes 0.07. OpenMP looks when torch is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
