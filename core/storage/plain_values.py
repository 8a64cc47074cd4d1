"""Values made of plain parts (numbers, text, tuples, frozen dataclasses) to JSON and back, by their annotations.

A dataclass becomes an object with its fields, so a new field with a default needs no work: older files leave it out.
What is not plain (a `Motion`, say) is a leaf: the caller says what stands for it.
"""

from __future__ import annotations

import enum
import math
import reprlib
import types
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

Json = Any
"""None, a truth value, number or text, a list of these, or a dict from text to these."""


def to_plain(
    value: object, leaves: Mapping[type, Callable[[Any], Json]], *, without: frozenset[str] = frozenset()
) -> Json:
    """JSON of a value; `without` names fields of the outermost dataclass that are left out.

    Raises:
        TypeError: a part is neither plain nor a leaf.
        ValueError: a number is not finite.
    """
    if value is None or (isinstance(value, bool | int | str) and not isinstance(value, enum.Enum)):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError("a number is not finite")
        return value
    if type(value) in leaves:
        return leaves[type(value)](value)
    if isinstance(value, enum.Enum):
        return value.name
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, tuple):
        return [to_plain(part, leaves) for part in value]
    if isinstance(value, Mapping):
        return {_key(key): to_plain(part, leaves) for key, part in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        names = (field.name for field in fields(value) if field.init and field.name not in without)
        return {name: to_plain(getattr(value, name), leaves) for name in names}
    raise TypeError(f"{type(value).__name__} is no plain value")


def _key(key: object) -> str:
    if not isinstance(key, str):
        raise TypeError("only text can be a key")
    return key


class PlainReader:
    """Reads what `to_plain` gave. `names` resolves annotations whose types a module imports for checkers only."""

    def __init__(self, leaves: Mapping[type, Callable[[Json], Any]], names: Mapping[str, Any]) -> None:
        self._leaves = leaves
        self._names = dict(names)
        self._hints: dict[type, dict[str, Any]] = {}
        self.unknown: set[str] = set()
        """Fields met that their dataclasses do not have: a later program of the same version wrote them."""

    def read(self, kind: Any, plain: Json, where: str) -> Any:
        """A value of that annotation.

        Raises:
            ValueError: `plain` is none; the message says `where`.
        """
        if kind is Any:
            return plain
        if kind in self._leaves:
            return self._leaves[kind](plain)
        origin = get_origin(kind)
        if origin in (Union, types.UnionType):
            return self._any_of(get_args(kind), plain, where)
        if origin is Literal:
            if plain not in get_args(kind):
                raise ValueError(f"{where} is {plain!r}")
            return plain
        if origin is tuple:
            return self._tuple(get_args(kind), plain, where)
        if isinstance(origin, type) and issubclass(origin, Mapping):
            _, part = get_args(kind)
            return {
                key: self.read(part, value, f"{where}.{key}") for key, value in _checked(dict, plain, where).items()
            }
        if is_dataclass(kind):
            return self.read_dataclass(kind, plain, where)
        return _scalar(kind, plain, where)

    def read_dataclass(
        self, kind: Any, plain: Json, where: str, *, given: Mapping[str, Any] = types.MappingProxyType({})
    ) -> Any:
        """A dataclass whose fields come from `given`, where not there from `plain`, else are the defaults."""
        values = _checked(dict, plain, where)
        hints = self._hints.get(kind)
        if hints is None:
            hints = self._hints[kind] = get_type_hints(kind, localns=self._names)
        known = {field.name: field for field in fields(kind) if field.init}
        self.unknown |= {f"{where}.{name}" for name in values if name not in known}
        arguments = dict(given)
        for name, field in known.items():
            if name in given:
                continue
            if name in values:
                arguments[name] = self.read(hints[name], values[name], f"{where}.{name}")
            elif field.default is MISSING and field.default_factory is MISSING:
                raise ValueError(f"{where} has no {name}")
        try:
            return kind(**arguments)
        except (TypeError, ValueError) as error:
            raise ValueError(f"{where}: {error}") from error

    def _tuple(self, parts: tuple[Any, ...], plain: Json, where: str) -> tuple[Any, ...]:
        values = _checked(list, plain, where)
        if len(parts) == 2 and parts[1] is Ellipsis:
            parts = (parts[0],) * len(values)
        if len(parts) != len(values):
            raise ValueError(f"{where} has {len(values)} parts, not {len(parts)}")
        if all(part is float for part in parts):  # most of a file: poses
            return tuple(_scalar(float, value, where) for value in values)
        return tuple(
            self.read(part, value, f"{where}[{index}]")
            for index, (part, value) in enumerate(zip(parts, values, strict=True))
        )

    def _any_of(self, kinds: tuple[Any, ...], plain: Json, where: str) -> Any:
        """The first alternative that fits; of dataclasses the one that has all the fields."""
        if plain is None and type(None) in kinds:
            return None
        fitting = [kind for kind in kinds if kind is not type(None)]
        if len(fitting) > 1:
            fitting = [kind for kind in fitting if not is_dataclass(kind) or _has_fields(kind, plain)]
        problems: list[str] = []
        for kind in fitting:
            try:
                return self.read(kind, plain, where)
            except ValueError as error:  # noqa: PERF203 - a handful of alternatives
                problems.append(str(error))
        raise ValueError(problems[0] if problems else f"{where} is none of what it may be")


def _has_fields(kind: Any, plain: Json) -> bool:
    return isinstance(plain, dict) and set(plain) <= {field.name for field in fields(kind)}


def _checked(kind: type, plain: Json, where: str) -> Any:
    if not isinstance(plain, kind):
        raise ValueError(f"{where} is {_shown(plain)}")
    return plain


def _scalar(kind: Any, plain: Json, where: str) -> Any:
    if kind is float and type(plain) in (int, float):
        try:
            value = float(plain)
        except OverflowError:
            value = math.inf
        if math.isfinite(value):
            return value
    elif kind in (bool, int, str) and type(plain) is kind:
        return plain
    elif kind is Path and isinstance(plain, str) and "\0" not in plain:
        return Path(plain)
    elif (
        isinstance(kind, type) and issubclass(kind, enum.Enum) and isinstance(plain, str) and plain in kind.__members__
    ):
        return kind[plain]
    elif kind is not type(None) and not isinstance(kind, type):
        raise TypeError(f"{where}: {kind} is no plain type")
    raise ValueError(f"{where} is {_shown(plain)}")


def _shown(plain: Json) -> str:
    return reprlib.repr(plain)  # shortened: it may be as long as the file
