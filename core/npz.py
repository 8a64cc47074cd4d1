"""Reads NPZ archives from anywhere: nothing is unpickled, nothing is read before its size is known and allowed.

An NPZ archive is a zip of `.npy` files. The header of each says type and shape; it is compared with what the caller
expects, and with the size that the archive states, before any of the data is unpacked. So a file of a few kilobytes
that claims or swells to gigabytes costs nothing.
"""

from __future__ import annotations

import ast
import re
import struct
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np

from .errors import StudioError

Shape = tuple[int | str, ...]
"""A number is that size, a name any size, the same wherever the name is used in one specification."""

_MAX_ENTRIES = 4096
_MAX_NDIM = 8
_MAX_HEADER_BYTES = 10_000
_CHUNK_BYTES = 1 << 20
_PYTHON_2_LONG = re.compile(r"(\d)L\b")
_KIND_NAMES = {
    "f": "floating-point numbers",
    "i": "integers",
    "u": "integers",
    "b": "truth values",
    "U": "text",
    "S": "text",
}
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    ValueError,  # UnicodeDecodeError is one too
    SyntaxError,
    TypeError,
    LookupError,
    EOFError,
    OverflowError,
    MemoryError,
    RecursionError,
    NotImplementedError,
    RuntimeError,
)
"""What zipfile, zlib and the parsing of a header raise for damaged files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArraySpecification:
    """What one array of an archive may be."""

    shapes: tuple[Shape, ...]
    """The shapes allowed; the first that fits is taken."""
    max_bytes: int
    """As stored, unpacked."""
    kinds: str = "f"
    """numpy's letters: f floating point, i and u integers, b truth values, U and S text."""
    dtype: str | None = None
    """The result is converted to it; None keeps the file's (in this machine's byte order)."""
    required: bool = True
    finite: bool = True
    """Whether NaN and infinity, also from the conversion, are refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrayHeader:
    """Type and shape of one array as its header states them."""

    shape: tuple[int, ...]
    dtype: np.dtype
    fortran_order: bool
    data_offset: int
    """Bytes before the data."""

    @property
    def num_bytes(self) -> int:
        count = 1
        for size in self.shape:
            count *= size
        return count * self.dtype.itemsize


@runtime_checkable
class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


def read_arrays(
    path: Path, specification: Mapping[str, ArraySpecification], *, folder: str = "", hint: str = ""
) -> dict[str, np.ndarray]:
    """The arrays that `specification` names (those present, where not required); other entries are not touched.

    `folder` is the archive's folder in which they lie, with its slash.

    Raises:
        StudioError: the file is absent, no NPZ archive, damaged, or an array is missing or not as specified; with
            `hint` where nothing better can be advised.
    """
    path = Path(path)
    with _opened(path, hint) as archive:
        entries = _entries(path, archive, hint)
        chosen: dict[str, tuple[zipfile.ZipInfo, ArrayHeader]] = {}
        sizes: dict[str, int] = {}
        for key, wanted in specification.items():
            entry = entries.get(folder + key)
            if entry is not None:
                header = _header(path, archive, key, entry, hint)
                _check_header(path, key, header, wanted, sizes, hint)
                chosen[key] = (entry, header)
            elif wanted.required:
                raise StudioError(f"{path.name} has no array '{key}'", hint=hint)
        return {
            key: _array(path, archive, key, info, header, specification[key], hint)
            for key, (info, header) in chosen.items()
        }


def read_text(path: Path, name: str, *, max_bytes: int, hint: str = "") -> str | None:
    """An entry of the archive that is UTF-8 text, such as JSON; None where there is no such entry.

    Raises:
        StudioError: as `read_arrays`, or the text is longer than `max_bytes`.
    """
    path = Path(path)
    with _opened(path, hint) as archive:
        if name not in archive.namelist():
            return None
        info = archive.getinfo(name)
        _check_packing(path, name, info, hint)
        if info.file_size > max_bytes:
            raise StudioError(
                f"'{name}' in {path.name} claims {info.file_size / 1e6:,.0f} MB, "
                f"more than the {max_bytes / 1e6:,.0f} MB that make sense",
                hint=hint,
            )
        try:
            with archive.open(info) as file:  # gives no more than the size that the entry claims, and checks the sum
                return file.read().decode("utf-8")
        except (*_BROKEN, OSError) as error:
            raise _damaged(path, name, hint) from error


def read_headers(path: Path, *, hint: str = "") -> dict[str, ArrayHeader]:
    """Type and shape of every array of the archive, by key; no data are read.

    Raises:
        StudioError: as `read_arrays`.
    """
    path = Path(path)
    with _opened(path, hint) as archive:
        entries = _entries(path, archive, hint)
        return {key: _header(path, archive, key, info, hint) for key, info in entries.items()}


def _opened(path: Path, hint: str) -> zipfile.ZipFile:
    try:
        with path.open("rb") as file:
            start = file.read(4)
        if path.suffix.lower() in {".pkl", ".pickle"} or start[:1] == b"\x80":
            raise StudioError(
                f"{path.name} is a Python pickle, which could run code when it is read",
                hint="use the .npz file instead",
            )
        if not start:
            raise StudioError(f"{path.name} is empty", hint=hint)
        if not start.startswith(b"PK"):
            raise StudioError(f"{path.name} is not an NPZ archive", hint=hint)
        return zipfile.ZipFile(path)
    except OSError as error:
        raise StudioError(f"cannot read {path}: {_reason(error)}", hint=hint) from error
    except _BROKEN as error:
        raise StudioError(f"{path.name} is truncated or damaged", hint=hint or "copy or download it again") from error


def _reason(error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return "there is no such file"
    if isinstance(error, IsADirectoryError):
        return "that is a folder"
    if isinstance(error, PermissionError):
        return "it may not be read"
    return error.strerror or "the disk does not deliver it"


def _entries(path: Path, archive: zipfile.ZipFile, hint: str) -> dict[str, zipfile.ZipInfo]:
    infos = archive.infolist()
    if len(infos) > _MAX_ENTRIES:
        raise StudioError(f"{path.name} holds {len(infos)} entries, more than any file of ours", hint=hint)
    entries = {info.filename.removesuffix(".npy"): info for info in infos if info.filename.endswith(".npy")}
    if not entries:
        raise StudioError(f"{path.name} is a zip archive without arrays", hint=hint)
    if len({info.filename for info in infos}) != len(infos):
        raise StudioError(f"{path.name} holds two entries of the same name", hint=hint)
    return entries


def _damaged(path: Path, key: str, hint: str) -> StudioError:
    return StudioError(
        f"array '{key}' of {path.name} is truncated or damaged", hint=hint or "copy or download it again"
    )


def _check_packing(path: Path, key: str, info: zipfile.ZipInfo, hint: str) -> None:
    if info.flag_bits & 0x1:
        raise StudioError(f"array '{key}' of {path.name} is encrypted", hint=hint)
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise StudioError(f"array '{key}' of {path.name} is packed in a way that NPZ does not use", hint=hint)


def _header(path: Path, archive: zipfile.ZipFile, key: str, info: zipfile.ZipInfo, hint: str) -> ArrayHeader:
    _check_packing(path, key, info, hint)
    try:
        with archive.open(info) as file:
            shape, fortran_order, dtype = _parse_header(file)
            return ArrayHeader(shape=shape, dtype=dtype, fortran_order=fortran_order, data_offset=file.tell())
    except (*_BROKEN, OSError) as error:
        raise _damaged(path, key, hint) from error


def _parse_header(file: _Readable) -> tuple[tuple[int, ...], bool, np.dtype]:
    """The header as `numpy.lib.format` documents it; numpy's own parser warns about files of Python 2."""
    magic = file.read(8)
    length_bytes = {b"\x01\x00": 2, b"\x02\x00": 4, b"\x03\x00": 4}[magic[6:]]
    length = int.from_bytes(file.read(length_bytes), "little")
    if magic[:6] != b"\x93NUMPY" or length > _MAX_HEADER_BYTES:
        raise ValueError("not a npy header")
    header = ast.literal_eval(_PYTHON_2_LONG.sub(r"\1", file.read(length).decode("utf-8")).strip())
    shape, fortran_order = header["shape"], header["fortran_order"]
    if len(shape) > _MAX_NDIM or any(not isinstance(size, int) or size < 0 for size in shape):
        raise ValueError(f"shape {shape}")
    return tuple(shape), bool(fortran_order), np.lib.format.descr_to_dtype(header["descr"])


def _check_header(
    path: Path, key: str, header: ArrayHeader, wanted: ArraySpecification, sizes: dict[str, int], hint: str
) -> None:
    if header.dtype.hasobject:
        raise StudioError(
            f"array '{key}' of {path.name} holds Python objects, which could run code when they are read", hint=hint
        )
    if header.dtype.kind not in wanted.kinds:
        expected = " or ".join(dict.fromkeys(_KIND_NAMES[kind] for kind in wanted.kinds))
        raise StudioError(f"array '{key}' of {path.name} has type {header.dtype}, expected {expected}", hint=hint)
    for shape in wanted.shapes:
        bound = _bound(header.shape, shape, sizes)
        if bound is not None:
            sizes.update(bound)
            break
    else:
        expected = " or ".join(_described(shape, sizes) for shape in wanted.shapes)
        raise StudioError(f"array '{key}' of {path.name} has shape {header.shape}, expected {expected}", hint=hint)
    if header.num_bytes > wanted.max_bytes:
        raise StudioError(
            f"array '{key}' of {path.name} claims {header.num_bytes / 1e6:,.0f} MB, "
            f"more than the {wanted.max_bytes / 1e6:,.0f} MB that make sense",
            hint=hint,
        )


def _bound(shape: tuple[int, ...], wanted: Shape, sizes: Mapping[str, int]) -> dict[str, int] | None:
    """The sizes of the names in `wanted` when `shape` fits it, else None."""
    if len(shape) != len(wanted):
        return None
    bound = dict(sizes)
    for size, expected in zip(shape, wanted, strict=True):
        if bound.setdefault(expected, size) != size if isinstance(expected, str) else expected != size:
            return None
    return bound


def _described(shape: Shape, sizes: Mapping[str, int]) -> str:
    words = [str(sizes.get(size, size) if isinstance(size, str) else size) for size in shape]
    return "(" + ", ".join(words) + ("," if len(words) == 1 else "") + ")"


def _array(
    path: Path,
    archive: zipfile.ZipFile,
    key: str,
    info: zipfile.ZipInfo,
    header: ArrayHeader,
    wanted: ArraySpecification,
    hint: str,
) -> np.ndarray:
    if info.file_size != header.data_offset + header.num_bytes:
        raise _damaged(path, key, hint)
    # Pages of an empty array cost memory only once written, so a false claim within the bound stays cheap too.
    buffer = np.empty(header.num_bytes, np.uint8)
    try:
        with archive.open(info) as file:
            file.read(header.data_offset)
            _fill(file, buffer.data)
        array = buffer.view(header.dtype).reshape(header.shape, order="F" if header.fortran_order else "C")
    except (*_BROKEN, OSError) as error:
        raise _damaged(path, key, hint) from error
    with np.errstate(over="ignore", invalid="ignore"):
        array = array.astype(wanted.dtype or header.dtype.newbyteorder("="), order="C", copy=False)
    if wanted.finite and array.dtype.kind == "f" and not np.isfinite(array).all():
        raise StudioError(f"array '{key}' of {path.name} holds numbers that are not finite", hint=hint)
    return array


def _fill(file: _Readable, buffer: memoryview) -> None:
    filled = 0
    while filled < len(buffer):
        chunk = file.read(min(_CHUNK_BYTES, len(buffer) - filled))
        if not chunk:
            raise EOFError("the data end early")
        buffer[filled : filled + len(chunk)] = chunk
        filled += len(chunk)
    if file.read(1):
        raise ValueError("the data go on after the array")
