"""People who are wider than what the program knows: bumps that no beta has, and actions that work their own way."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from nlfgs_studio.core.body.joints import JOINT_NAMES
from nlfgs_studio.core.body.model import BodyModel

BUMP_DEVIATION = 0.0015
"""Metres."""
BUMP_REACH = (0.015, 0.04)
NUM_BUMPS = 120
ACTION_DEVIATION = 0.25
"""Of an action's motion, from place to place of the face."""


def somebody(body: BodyModel, random: np.random.Generator) -> BodyModel:
    """The body with bumps of its own on the face, and actions that move each place of it more or less."""
    weights = body.skin_weights[:, JOINT_NAMES.index("head") :].sum(1).numpy()[:, None]
    bumps = _bumps(body, random, 3) * BUMP_DEVIATION * weights
    template = body.template_vertices + torch.from_numpy(bumps).float()
    factors = 1.0 + ACTION_DEVIATION * _bumps(body, random, body.num_expression)
    expression = body.expression_directions * torch.from_numpy(factors).float()[:, None]
    return replace(body, template_vertices=template, expression_directions=expression)


def _bumps(body: BodyModel, random: np.random.Generator, count: int) -> np.ndarray:
    """Smooth random fields over the head, about as strong as the normal distribution: (V, count)."""
    vertices = body.template_vertices.double().numpy()
    head = vertices[body.skin_weights[:, JOINT_NAMES.index("head")].numpy() > 0.5]
    centres = head[random.integers(len(head), size=NUM_BUMPS)]
    reach = random.uniform(*BUMP_REACH, NUM_BUMPS)
    near = np.exp(-0.5 * np.square(vertices[:, None] - centres).sum(2) / reach**2)
    field = near @ random.normal(size=(NUM_BUMPS, count))
    front = head[:, 2] > np.median(head[:, 2])
    on_face = np.exp(-0.5 * np.square(head[front][:, None] - centres).sum(2) / reach**2)
    return field / np.sqrt(np.square(on_face).sum(1).mean())
