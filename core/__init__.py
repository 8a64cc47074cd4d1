"""Everything that works without a window; importing this package loads no heavy library."""

import os
import platform
import sys

# Our matrices are small. OpenBLAS's threads spin beside those of the detectors: a face took 25 ms of processor time to
# solve and takes 5. What is large runs in torch, which has a BLAS of its own except on ARM under Linux. numpy looks at
# this once, when it is first loaded.
if sys.platform != "linux" or platform.machine() == "x86_64":
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
