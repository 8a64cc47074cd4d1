"""What a camera does to the light that it gets: exposure, white balance, tones; blur, noise, compression."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from jaxtyping import Float, UInt8

from ..opencv import cv2

_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
_NOISE_SIDE = 1024
"""Pixels; the largest picture that gets noise."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sensor:
    """One camera and how it was held."""

    gains: Float[np.ndarray, "3"]
    """Of red, green and blue: exposure and white balance, for display values."""
    contrast: float
    """Of the S-shaped tone curve; 0 is straight."""
    black: float
    """What black becomes."""
    saturation: float
    """1 as it was, 0 a grey picture."""
    vignetting: float
    """How much darker the corners are."""
    coarseness: float
    """Pixels of the picture before it was enlarged are this large."""
    defocus: float
    """Standard deviation in pixels."""
    motion: Float[np.ndarray, "2"]
    """Pixels by which the picture moved while it was taken."""
    sharpening: float
    noise: float
    """Standard deviation of a bright pixel; darker ones have less, but more for their light."""
    grain: float
    """Standard deviation in pixels of the blur that noise has gone through."""
    jpeg_quality: int | None

    def toned(self, colours: Float[np.ndarray, "*N 3"]) -> Float[np.ndarray, "*N 3"]:
        """What these colours are in the picture, apart from place and chance."""
        exposed = np.clip(colours.reshape(-1, 3).astype(np.float32) * self.gains, 0.0, 1.0)
        bend = np.float32(self.contrast)  # x + bend · x (1 - x) (2 x - 1)
        curved = exposed * (1.0 - bend + exposed * (3.0 * bend - 2.0 * bend * exposed))
        grey = (1.0 - self.saturation) * (curved @ _LUMA)[:, None]
        lifted = np.float32(self.black) + np.float32(1.0 - self.black) * (self.saturation * curved + grey)
        return np.clip(lifted, 0.0, 1.0).reshape(colours.shape)


def drawn_sensor(random: np.random.Generator) -> Sensor:
    """Mostly a good telephone in good light."""
    exposure = 2.0 ** float(np.clip(random.normal(0.08, 0.18), -0.4, 0.4))
    warmth, tint = random.normal(scale=0.04), random.normal(scale=0.015)
    is_blurred, is_moved = random.uniform(size=2) < (0.10, 0.05)
    angle = random.uniform(0.0, np.pi)
    is_grey = random.uniform() < 0.03
    saturation = float(np.clip(random.normal(0.93, 0.14), 0.45, 1.4))  # the tone curve adds some
    return Sensor(
        gains=(exposure * np.array([1.0 + warmth, 1.0 - tint, 1.0 - warmth])).astype(np.float32),
        contrast=float(random.uniform(0.1, 1.0)),
        black=float(random.beta(1.0, 8.0)) * 0.2,
        saturation=0.0 if is_grey else saturation,
        vignetting=float(random.beta(1.0, 4.0)) * 0.5,
        coarseness=float(1.0 + random.exponential(0.35)) if random.uniform() < 0.4 else 1.0,
        defocus=float(random.uniform(0.6, 1.8)) if is_blurred else float(random.uniform(0.0, 0.5)),
        motion=random.uniform(2.0, 9.0) * is_moved * np.array([np.cos(angle), np.sin(angle)]),
        sharpening=float(random.uniform(0.2, 0.9)) if random.uniform() < 0.4 else 0.0,
        noise=float(min(random.exponential(0.007), 0.05)),
        grain=float(random.uniform(0.3, 1.1)),
        jpeg_quality=int(random.uniform(35.0, 97.0)) if random.uniform() < 0.8 else None,
    )


def photographed(
    sensor: Sensor, picture: Float[np.ndarray, "S S 3"], random: np.random.Generator
) -> UInt8[np.ndarray, "S S 3"]:
    """The picture as this camera keeps it."""
    side = picture.shape[0]
    seen = _blurred(sensor, np.ascontiguousarray(picture, np.float32))
    if sensor.vignetting > 0.02:
        across = np.linspace(-1.0, 1.0, side, dtype=np.float32) ** 2
        seen = seen * (1.0 - 0.5 * sensor.vignetting * (across[:, None] + across))[..., None]
    toned = sensor.toned(seen)
    if sensor.noise > 0.002:
        row, column = random.integers(_NOISE_SIDE - side + 1, size=2)
        grains = _noise()[row : row + side, column : column + side]
        grains = cv2.GaussianBlur(grains, (0, 0), sensor.grain)
        # A blur by σ pixels leaves 1 / (2 √π σ) of white noise's deviation.
        strength = sensor.noise * max(2.0 * np.sqrt(np.pi) * sensor.grain, 1.0)
        noisy = toned + strength * np.sqrt(0.15 + 0.85 * toned) * grains
        toned = noisy if sensor.saturation > 0.0 else np.repeat(noisy[..., :1], 3, axis=-1)
    kept = (255.0 * np.clip(toned, 0.0, 1.0) + 0.5).astype(np.uint8)
    if sensor.jpeg_quality is None:
        return kept
    _, compressed = cv2.imencode(".jpg", kept[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, sensor.jpeg_quality])
    return np.ascontiguousarray(cv2.imdecode(compressed, cv2.IMREAD_COLOR)[..., ::-1])


@cache
def _noise() -> Float[np.ndarray, "N N 3"]:
    """Normally distributed; a photo takes a part of it, for drawing anew takes longer than all the rest."""
    return np.random.default_rng(0).standard_normal((_NOISE_SIDE, _NOISE_SIDE, 3), np.float32)


def _blurred(sensor: Sensor, picture: Float[np.ndarray, "S S 3"]) -> Float[np.ndarray, "S S 3"]:
    side = picture.shape[0]
    if sensor.defocus > 0.2:
        picture = cv2.GaussianBlur(picture, (0, 0), sensor.defocus)
    if sensor.motion.any():
        picture = cv2.filter2D(picture, -1, _streak(sensor.motion))
    if sensor.coarseness > 1.05:
        small = round(side / sensor.coarseness)
        picture = cv2.resize(picture, (small, small), interpolation=cv2.INTER_AREA)
        picture = cv2.resize(picture, (side, side), interpolation=cv2.INTER_CUBIC)
    if sensor.sharpening > 0.0:
        picture = picture + sensor.sharpening * (picture - cv2.GaussianBlur(picture, (0, 0), 1.2))
    return np.clip(picture, 0.0, 1.0)


def _streak(motion: Float[np.ndarray, "2"]) -> Float[np.ndarray, "K K"]:
    """The path of a point as a kernel that sums to 1."""
    reach = int(np.ceil(0.5 * np.abs(motion).max()))
    kernel = np.zeros((2 * reach + 1, 2 * reach + 1), np.float32)
    middle = np.array([reach, reach])
    ends = [tuple(int(at) for at in np.rint(16.0 * (middle + half * motion))) for half in (-0.5, 0.5)]
    cv2.line(kernel, ends[0], ends[1], (1.0,), 1, cv2.LINE_AA, 4)
    return kernel / kernel.sum()
