"""A person's mask as a segmenter would find it, from the true one."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from ..opencv import cv2
from .evidence import EVIDENCE_SIDE


def perturbed_mask(
    random: np.random.Generator,
    coverage: Float[np.ndarray, "S S"],
    before: Float[np.ndarray, "S S"] | None,
    side: int = EVIDENCE_SIDE,
) -> Float[np.ndarray, "side side"]:
    """The person's mask as a segmenter finds it: an uncertain edge, pieces lost or won, what is `before` them too.

    It overlaps with the truth by about 0.9, as MediaPipe's does on these photos.
    """
    seen = cv2.resize(coverage, (side, side), interpolation=cv2.INTER_AREA)
    if before is not None and random.uniform() < 0.5:
        hidden = cv2.resize(before, (side, side), interpolation=cv2.INTER_AREA)
        seen = np.maximum(seen, hidden) if random.uniform() < 0.3 else seen * (1.0 - hidden)
    seen = cv2.GaussianBlur(seen, (0, 0), float(random.uniform(0.4, 1.2)))
    wavering = cv2.resize(random.normal(size=(10, 10)).astype(np.float32), (side, side), interpolation=cv2.INTER_CUBIC)
    found = 2.5 * (seen - 0.5 + random.uniform(0.05, 0.25) * wavering) + 0.5
    if random.uniform() < 0.2:  # a piece that looks like the background, or of the background like the person
        row, column = random.uniform(0.0, side, 2)
        grid = np.arange(side, dtype=np.float32)
        away = ((grid[:, None] - row) ** 2 + (grid - column) ** 2) / random.uniform(4.0, 10.0) ** 2
        found += random.choice((-2.0, 2.0)) * np.exp(-away) * (cv2.GaussianBlur(seen, (0, 0), 4.0) > 0.1)
    return np.clip(found, 0.0, 1.0).astype(np.float32)
