"""Names in any script: in a font of the system where the window's own lacks a letter, else spelled in Latin ones.

DearPyGui gives an item one font and cannot join two, so a text is shown in the first font that has all of its letters.
"""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Iterable
from functools import cache
from importlib import resources
from itertools import groupby
from pathlib import Path
from typing import Any

import dearpygui.dearpygui as dpg
from PIL import ImageFont

from .. import assets
from .theme import Item, Theme

OWN_FONT = Path(str(resources.files(assets))) / "Inter-Regular.ttf"
FONT_FOLDERS = {
    "linux": ("/usr/share/fonts", "/usr/local/share/fonts", "~/.local/share/fonts", "~/.fonts"),
    "darwin": ("/System/Library/Fonts", "/Library/Fonts", "~/Library/Fonts"),
    "win32": ("C:/Windows/Fonts", "~/AppData/Local/Microsoft/Windows/Fonts"),
}
FONT_NAMES = (
    *("NotoSansCJK-Regular.ttc", "NotoSansCJKsc-Regular.otf", "wqy-microhei.ttc", "wqy-zenhei.ttc", "DejaVuSans.ttf"),
    *("PingFang.ttc", "Hiragino Sans GB.ttc", "AppleSDGothicNeo.ttc", "Arial Unicode.ttf"),
    *("msyh.ttc", "YuGothM.ttc", "malgun.ttf", "segoeui.ttf", "arial.ttf"),
)
"""Fonts that systems come with: each has Latin letters and those of other scripts."""
ABSENT = "\uffff"
"""No font has a glyph for this: what is drawn in its place stands for every letter that is not there."""
FONT_SIZE = 15
"""Of the design: such fonts look larger than the window's own."""

_system_fonts: tuple[Path, ...] = ()
"""Those of `FONT_NAMES` that `find_system_fonts` has found."""
_loaded: dict[tuple[str, int], Item] = {}
"""Fonts of the system in DearPyGui, by file and size."""
_usual: dict[Item, Item] = {}
"""The fonts of items that have one of the system's for now."""


def show(theme: Theme, item: Item, text: str, *, as_label: bool = False) -> None:
    """Give an item a text, or a label, in a font that has its letters."""
    said = text if bind(theme, item, text) else spelled(text)
    if as_label:
        dpg.configure_item(item, label=said)
    else:
        dpg.set_value(item, said)


def bind(theme: Theme, item: Item, text: str) -> bool:
    """Give an item a font that has all letters of a text, its usual one if that has; whether there is one."""
    font = font_for(text)
    if font is not None and font != OWN_FONT:
        _usual.setdefault(item, dpg.get_item_font(item) or 0)
        dpg.bind_item_font(item, _in_context(font, theme.px(FONT_SIZE)))
    elif item in _usual:
        dpg.bind_item_font(item, _usual.pop(item))
    return font is not None


def font_for(text: str) -> Path | None:
    """The first font that has all letters of a text; None where no font at hand does."""
    return next((font for font in (OWN_FONT, *_system_fonts) if all(has(font, letter) for letter in text)), None)


def spelled(text: str) -> str:
    """With what the window's own font lacks in words: accents left off, else the letter's name or number in Unicode."""
    runs = [(known, list(run)) for known, run in groupby(text, key=lambda letter: has(OWN_FONT, letter))]
    return "".join("".join(run) if known else _in_words(run) for known, run in runs)


@cache
def has(font: Path, letter: str) -> bool:
    return letter.isspace() or _drawn(font, letter) != _drawn(font, ABSENT)


def _drawn(font: Path, letter: str) -> bytes:
    mask: Any = _opened(font).getmask(letter)  # a sequence of bytes; Pillow's types do not say so
    return bytes(mask) + repr(mask.size).encode()


@cache
def _opened(font: Path) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(font, FONT_SIZE)


def find_system_fonts() -> None:
    """Look through the folders of fonts, on a thread beside the frames; until then such names are spelled."""
    global _system_fonts
    folders = [Path(folder).expanduser() for folder in FONT_FOLDERS.get(sys.platform, ())]
    found = {path.name: path for folder in folders if folder.is_dir() for path in folder.rglob("*.*t[tc][fc]")}
    fonts = tuple(found[name] for name in FONT_NAMES if name in found)
    for font in fonts:
        _opened(font)
    _system_fonts = fonts


def _in_words(letters: Iterable[str]) -> str:
    words: list[str] = []
    for letter in letters:
        plain = "".join(part for part in unicodedata.normalize("NFKD", letter) if not unicodedata.combining(part))
        if plain and all(has(OWN_FONT, part) for part in plain):
            words.append(plain)
            continue
        *_, word = unicodedata.name(letter, f"-{ord(letter):x}").lower().replace("-", " ").split()
        words.append(word)
    return "".join(words) if all(len(word) == 1 for word in words) else f"[{' '.join(words)}]"


def _in_context(font: Path, size: int) -> Item:
    key = (str(font), size)
    if key not in _loaded or not dpg.does_item_exist(_loaded[key]):
        with dpg.font_registry():
            _loaded[key] = dpg.add_font(*key)
    return _loaded[key]
