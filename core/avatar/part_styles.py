"""How the parts of an avatar are shown: hidden, or tinted; plain values that a document keeps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WHITE = (1.0, 1.0, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class PartStyle:
    """How one group of an avatar's Gaussians is shown; its colours are multiplied by the tint."""

    group: str
    visible: bool = True
    tint: tuple[float, float, float] = WHITE

    def __post_init__(self) -> None:
        if len(self.tint) != 3 or not all(0.0 <= value <= 1.0 for value in self.tint):
            raise ValueError(f"a tint is three numbers in 0 to 1, not {self.tint}")

    @property
    def is_plain(self) -> bool:
        return self.visible and self.tint == WHITE


def with_style(styles: Sequence[PartStyle], style: PartStyle) -> tuple[PartStyle, ...]:
    """The styles with that of one group changed; groups shown as they are need none."""
    others = [other for other in styles if other.group != style.group]
    return tuple(sorted([*others, *([] if style.is_plain else [style])], key=lambda each: each.group))
