"""Writes MP4 films picture by picture: the file appears when it is whole, or not at all."""

from __future__ import annotations

import contextlib
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from jaxtyping import UInt8

from ..errors import StudioError
from ..paths import atomic_write

VIDEO_SUFFIXES = (".mp4", ".mov", ".mkv")

ENCODERS: tuple[tuple[str, dict[str, str]], ...] = (
    ("libx264", {"crf": "17", "preset": "veryfast"}),
    ("libopenh264", {"b": "12M"}),
    ("mpeg4", {"q:v": "3", "qmin": "2", "qmax": "5"}),
)
"""Names and options, best first. Only software: what a machine's encoder chip accepts cannot be known beforehand."""

#: MPEG-4 stores the length of a tick with 16 bits; frame rates of films (30000/1001) fit.
_MAX_RATE_NUMERATOR = 65535

_BT709, _LIMITED_RANGE = 1, 1
"""FFmpeg's numbers for the colours of HD films and for luma from 16 to 235."""


class VideoWriter:
    """Takes pictures of one size and writes them at a constant rate.

    Use it as a context manager. When the block ends by an error or by Ctrl-C nothing is left behind, and an older file
    of that name is untouched. Films need even sizes: an odd width or height grows by one pixel, the last column or
    row repeated, so that nothing of the picture is lost.
    """

    def __init__(
        self,
        path: Path,
        width: int,
        height: int,
        fps: float,
        *,
        encoders: tuple[tuple[str, dict[str, str]], ...] = ENCODERS,
    ) -> None:
        """
        Raises:
            ValueError: a size or rate that no film has.
            StudioError: the file's ending is not a film's.
        """
        self.path = Path(path)
        if width < 1 or height < 1 or not 0.0 < fps <= 1000.0:
            raise ValueError(f"no film is {width}x{height} at {fps} pictures a second")
        if self.path.suffix.lower() not in VIDEO_SUFFIXES:
            raise StudioError(
                f"{self.path.name} is not the name of a film", hint=f"let it end in {' or '.join(VIDEO_SUFFIXES)}"
            )
        self.width, self.height = width, height
        self.rate = exact_rate(fps)
        self.num_frames = 0
        self._encoders = encoders
        self._cleanup = contextlib.ExitStack()
        self._container: Any = None
        self._stream: Any = None

    @property
    def encoder(self) -> str:
        """Which encoder is at work; `mpeg4` films are larger and play in fewer browsers than H.264."""
        return str(self._stream.codec_context.name)

    def __enter__(self) -> VideoWriter:
        import av

        with contextlib.ExitStack() as stack:
            temporary = stack.enter_context(atomic_write(self.path))
            self._container = stack.enter_context(av.open(str(temporary), "w", options={"movflags": "+faststart"}))
            self._stream = self._open_stream()
            self._cleanup = stack.pop_all()
        return self

    def _open_stream(self) -> Any:
        from av.error import FFmpegError

        for name, options in self._encoders:
            try:
                stream = self._container.add_stream(name, rate=self.rate, options=dict(options))
            except (ValueError, FFmpegError):  # this build of FFmpeg lacks it: the next one will do
                continue
            stream.width, stream.height = self.width + self.width % 2, self.height + self.height % 2
            stream.pix_fmt = "yuv420p"
            stream.codec_context.time_base = 1 / self.rate
            # Said in the file too, since players guess by the picture's size otherwise and shift the colours.
            stream.codec_context.colorspace = _BT709
            stream.codec_context.color_primaries = _BT709
            stream.codec_context.color_trc = _BT709
            stream.codec_context.color_range = _LIMITED_RANGE
            return stream
        raise StudioError("no encoder for films was found", hint="install PyAV from its own wheel: pip install av")

    def write(self, rgb: UInt8[np.ndarray, "H W 3"]) -> None:
        """Add one picture (see `images.to_uint8`).

        Raises:
            ValueError: another size than the film's.
        """
        import av

        if rgb.shape != (self.height, self.width, 3):
            raise ValueError(f"the film is {self.width}x{self.height}, the picture {rgb.shape[1]}x{rgb.shape[0]}")
        if self.width % 2 or self.height % 2:
            rgb = np.pad(rgb, ((0, self.height % 2), (0, self.width % 2), (0, 0)), mode="edge")
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(rgb), format="rgb24")
        frame = frame.reformat(format="yuv420p", dst_colorspace=_BT709, dst_color_range=_LIMITED_RANGE)
        frame.pts, frame.time_base = self.num_frames, 1 / self.rate
        self._encode(frame)
        self.num_frames += 1

    def _encode(self, frame: Any) -> None:
        from av.error import FFmpegError

        try:
            self._container.mux(self._stream.encode(frame))
        except OSError:  # a full disk: `atomic_write` says so in words
            raise
        except (ValueError, FFmpegError) as error:
            raise StudioError(f"cannot encode {self.path.name}: {error}", hint="try another size") from error

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is not None:
            self._cleanup.__exit__(kind, error, traceback)
            return
        with self._cleanup:
            if self.num_frames == 0:
                raise ValueError("a film needs at least one picture")
            self._encode(None)  # the pictures that the encoder still holds back


def exact_rate(fps: float) -> Fraction:
    """The simplest fraction that is this rate: 29.97 means 30000/1001, as it does in films.

    Raises:
        ValueError: not a number above zero.
    """
    if not 0.0 < fps < float("inf"):
        raise ValueError(f"{fps} pictures a second")
    film = Fraction(round(fps) * 1000, 1001)
    if 0 < film.numerator <= _MAX_RATE_NUMERATOR and abs(float(film) - fps) < 0.005:
        return film
    denominator = 1001
    while (rate := Fraction(fps).limit_denominator(denominator)).numerator > _MAX_RATE_NUMERATOR:
        denominator //= 2
    return rate
