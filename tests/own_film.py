"""A film of the program's own avatar who talks and looks around: it stands for a person before a camera."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np

FPS = 15
LOOKING, TALKING, BLINKING = 3.0, 1.0, 1.5
"""Seconds of a turn of the head from side to side, of a syllable, and from blink to blink."""


def make_own_film(path: Path, *, seconds: float, size: tuple[int, int]) -> None:
    """Render head and shoulders before a plain wall; width and height in pixels."""
    motion = path.with_suffix(".npz")
    _write_motion(motion, np.arange(round(seconds * FPS)) / FPS)
    command = [sys.executable, "-m", "nlfgs_studio.app.cli", "render", "default", "--motion", motion, "-o", path]
    options = ["--frame", "head", "--size", f"{size[0]}x{size[1]}", "--fps", FPS, "--background", "#8090a0"]
    subprocess.run([str(word) for word in (*command, *options)], check=True, capture_output=True)


def _write_motion(path: Path, moments: np.ndarray) -> None:
    from nlfgs_studio.core.body.builtin import builtin_body_path
    from nlfgs_studio.core.body.joints import JOINT_NAMES
    from nlfgs_studio.core.body.loader import load_body

    names = load_body(builtin_body_path()).expression_names
    poses = np.zeros((len(moments), len(JOINT_NAMES), 3), np.float32)
    poses[:, JOINT_NAMES.index("left_shoulder"), 2] = -1.1
    poses[:, JOINT_NAMES.index("right_shoulder"), 2] = 1.1
    head = JOINT_NAMES.index("head")
    poses[:, head, 1] = 0.35 * np.sin(2.0 * np.pi * moments / LOOKING)
    poses[:, head, 0] = 0.1 * np.sin(4.0 * np.pi * moments / LOOKING)
    face = np.zeros((len(moments), len(names)), np.float32)
    face[:, names.index("jawOpen")] = 0.35 * (1.0 - np.cos(2.0 * np.pi * moments / TALKING))
    blink = (np.sin(2.0 * np.pi * moments / BLINKING) > 0.96).astype(np.float32)
    for side in ("Left", "Right"):
        face[:, names.index(f"eyeBlink{side}")] = blink
        face[:, names.index(f"mouthSmile{side}")] = 0.4 + 0.4 * np.sin(2.0 * np.pi * moments / LOOKING)
    np.savez(
        path,
        poses=poses.reshape(len(moments), -1),
        trans=np.zeros((len(moments), 3), np.float32),
        mocap_frame_rate=float(FPS),
        expression=face,
        expression_names=np.array(names),
        up_axis="y",
    )
