"""The PLY container: a table of numbers for each vertex, read and written without a copy per property.

Only what splat files use: one element `vertex` of plain numbers, binary. Elements after it are left alone.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from ..errors import StudioError
from ..paths import atomic_write

_TYPES = {
    **dict.fromkeys(("char", "int8"), "i1"),
    **dict.fromkeys(("uchar", "uint8"), "u1"),
    **dict.fromkeys(("short", "int16"), "i2"),
    **dict.fromkeys(("ushort", "uint16"), "u2"),
    **dict.fromkeys(("int", "int32"), "i4"),
    **dict.fromkeys(("uint", "uint32"), "u4"),
    **dict.fromkeys(("float", "float32"), "f4"),
    **dict.fromkeys(("double", "float64"), "f8"),
}
_NAMES = {"f4": "float", "i4": "int"}
_BYTE_ORDERS = {"binary_little_endian": "<", "binary_big_endian": ">"}
_MAX_HEADER_BYTES = 4 << 20
_MAX_LINE_BYTES = 4096
_HINT = "open a PLY that a Gaussian splatting program wrote"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PlyTable:
    """The vertices of a file, one row each, and the comments of its header."""

    vertices: np.ndarray
    """Structured: a field for each property."""
    comments: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return self.vertices.dtype.names or ()


@dataclass(slots=True)
class _Element:
    name: str
    count: int
    properties: list[tuple[str, str]]
    has_lists: bool = False


def write_table(path: Path, vertices: np.ndarray, comments: Sequence[str] = ()) -> None:
    """Write little-endian float32 and int32 fields; comments go behind the properties.

    `element vertex` is the header's third line, where readers of the SIBR kind look for it.

    Raises:
        StudioError: the place cannot be written to.
    """
    fields = [(name, vertices.dtype[name].str[1:]) for name in vertices.dtype.names or ()]
    lines = ["ply", "format binary_little_endian 1.0", f"element vertex {len(vertices)}"]
    lines += [f"property {_NAMES[kind]} {name}" for name, kind in fields]
    lines += [f"comment {comment}" for comment in comments]
    rows = vertices.astype([(name, "<" + kind) for name, kind in fields], copy=False)
    with atomic_write(Path(path)) as temporary, temporary.open("wb") as file:
        file.write("\n".join([*lines, "end_header", ""]).encode("ascii"))
        file.write(np.ascontiguousarray(rows).view(np.uint8).data)


def read_table(path: Path) -> PlyTable:
    """The vertices of a binary PLY; nothing is allocated before the file is seen to be as long as it claims.

    Raises:
        StudioError: absent, no PLY, a kind of PLY that holds no plain table, truncated.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            byte_order, elements, comments = _read_header(path, file)
            return PlyTable(vertices=_read_vertices(path, file, byte_order, elements), comments=tuple(comments))
    except OSError as error:
        reasons = {FileNotFoundError: "there is no such file", IsADirectoryError: "that is a folder"}
        reason = reasons.get(type(error), error.strerror or str(error))
        raise StudioError(f"cannot read {path}: {reason}", hint=_HINT) from error


def _read_header(path: Path, file: BinaryIO) -> tuple[str, list[_Element], list[str]]:
    start = file.readline(_MAX_LINE_BYTES)
    if not start:
        raise StudioError(f"{path.name} is empty", hint=_HINT)
    if start.strip() != b"ply":
        raise StudioError(f"{path.name} is not a PLY file", hint=_HINT)
    byte_order = ""
    elements: list[_Element] = []
    comments: list[str] = []
    while True:
        raw = file.readline(_MAX_LINE_BYTES)
        if not raw.endswith(b"\n") or file.tell() > _MAX_HEADER_BYTES:
            raise StudioError(f"the header of {path.name} is truncated or damaged", hint=_HINT)
        line = raw.decode("latin-1").strip()
        keyword, _, rest = line.partition(" ")
        words = rest.split()
        if keyword == "end_header":
            break
        if keyword == "comment":
            comments.append(rest)
        elif keyword == "format":
            byte_order = _byte_order(path, words)
        elif keyword == "element" and len(words) == 2 and words[1].isdecimal() and len(words[1]) < 16:
            elements.append(_Element(name=words[0], count=int(words[1]), properties=[]))
        elif keyword == "property" and elements and words[:1] == ["list"]:
            elements[-1].has_lists = True
        elif keyword == "property" and elements and len(words) == 2 and words[0] in _TYPES:
            elements[-1].properties.append((words[1], _TYPES[words[0]]))
        elif line and keyword != "obj_info":
            raise StudioError(f"the header of {path.name} has a line that is not PLY: '{line[:60]}'", hint=_HINT)
    if not byte_order:
        raise StudioError(f"the header of {path.name} does not say its format", hint=_HINT)
    return byte_order, elements, comments


def _byte_order(path: Path, words: list[str]) -> str:
    name = words[0] if words else ""
    if name == "ascii":
        raise StudioError(f"{path.name} is an ASCII PLY", hint="save it as binary PLY first")
    if name not in _BYTE_ORDERS:
        raise StudioError(f"{path.name} has the unknown PLY format '{name[:40]}'", hint=_HINT)
    return _BYTE_ORDERS[name]


def _read_vertices(path: Path, file: BinaryIO, byte_order: str, elements: list[_Element]) -> np.ndarray:
    skipped = 0
    for element in elements:
        if element.name == "vertex":
            break
        if element.has_lists:
            raise StudioError(f"{path.name} has lists before its vertices", hint=_HINT)
        skipped += element.count * sum(np.dtype(kind).itemsize for _, kind in element.properties)
    else:
        raise StudioError(f"{path.name} has no vertices", hint=_HINT)
    names = [name for name, _ in element.properties]
    if element.has_lists or not names or len(set(names)) != len(names):
        raise StudioError(f"the vertices of {path.name} are not a table of numbers", hint=_HINT)
    row = np.dtype([(name, byte_order + kind) for name, kind in element.properties])
    claimed, present = skipped + element.count * row.itemsize, os.fstat(file.fileno()).st_size - file.tell()
    if claimed > present:
        raise StudioError(
            f"{path.name} claims {claimed:,} bytes of vertices and has {max(0, present):,}",
            hint="it is truncated or damaged: copy or download it again",
        )
    file.seek(skipped, os.SEEK_CUR)
    return np.fromfile(file, row, element.count)
