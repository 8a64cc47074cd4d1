"""What reading a photo costs, in a process that does nothing else: the one that judges holds people and averages."""

from __future__ import annotations

import multiprocessing
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import resource_sharer
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import UInt8

from ..body.model import BodyModel
from ..cameras import Camera
from ..machine import peak_memory_mib
from ..nlf.evidence import Evidence
from ..nlf.network import NlfGs
from ..nlf.reader import PhotoReader
from ..nlf.weights import read_weights, write_weights
from .scores import spread

NUM_READINGS = 5


def reading_cost(
    network: NlfGs, body: BodyModel, crop: UInt8[np.ndarray, "S S 3"], camera: Camera, evidence: Evidence
) -> dict[str, Any]:
    """Read that crop again and again, on the device of the network.

    Returns:
        {"seconds": spread, "start_seconds": what is done once for a body, "peak_memory_mib", "gaussians"}
    """
    device = next(network.parameters()).device
    with tempfile.TemporaryDirectory() as folder:
        weights = Path(folder) / "weights.safetensors"
        write_weights(weights, network)
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
            measured = pool.submit(_measured, weights, str(device), body, crop, camera, evidence).result()
    resource_sharer.stop()  # the thread that handed the tensors over
    return measured


def _measured(
    weights: Path, device: str, body: BodyModel, crop: UInt8[np.ndarray, "S S 3"], camera: Camera, evidence: Evidence
) -> dict[str, Any]:
    network = read_weights(weights).to(device)
    started = time.perf_counter()
    reader = PhotoReader(network, body)
    ready = time.perf_counter() - started
    reader.read(crop, camera, evidence)  # loads kernels
    seconds = []
    for _ in range(NUM_READINGS):
        started = time.perf_counter()
        reader.read(crop, camera, evidence)
        seconds.append(time.perf_counter() - started)
    return {
        "seconds": spread(np.array(seconds)),
        "start_seconds": ready,
        "peak_memory_mib": peak_memory_mib(),
        "gaussians": reader.template.num_gaussians,
    }
