"""Shape: the betas, which make one body of the model into this person's."""

from __future__ import annotations

import dearpygui.dearpygui as dpg

from ...core.body.model import BodyModel
from ..actions import SetBeta
from ..state import State
from ..theme import Icons, Item
from .controls import FoldingGroup, ValueRow, icon_button, small_text
from .desk import Desk

STANDARD_DEVIATIONS = 3.0
"""Betas are in standard deviations of the people the model was made from."""
BUILTIN_BODY_BETAS = 10
"""The built-in body's first betas are the whole body's, the others the face's."""
BUILTIN_MEANINGS = {0: "height"}
"""What can be said of a component in a word; the others mix weight, muscle, sex and proportions."""


class ShapePanel:
    name = "Shape"
    icon = Icons.SHAPE

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._body: BodyModel | None = None
        self._values: tuple[float, ...] = ()
        self._rows: list[ValueRow] = []

    def build(self, parent: Item) -> None:
        theme = self._desk.theme
        small_text(theme, "Standard deviations from the average body")
        self._list = dpg.add_child_window(width=-1, height=-1, parent=parent)
        dpg.bind_item_theme(self._list, theme.scroll_area)

    def actions(self) -> None:
        icon_button(
            self._desk.theme, Icons.RESET, "Back to the avatar's own shape", lambda: self._desk.run("reset_shape")
        )

    def sync(self, state: State) -> None:
        document = state.document
        if document.body is not self._body:
            self._build_rows(document.body)
        if document.betas is not self._values:
            self._values = document.betas
            for row, value in zip(self._rows, self._values, strict=True):
                row.show(value)

    def _build_rows(self, body: BodyModel | None) -> None:
        self._body, self._values, self._rows = body, (), []
        dpg.delete_item(self._list, children_only=True)
        if body is None:
            return
        dpg.push_container_stack(self._list)
        if body.identity.source == "builtin":
            split = min(BUILTIN_BODY_BETAS, body.num_betas)
            self._build_group("Body", "Body", range(split), BUILTIN_MEANINGS)
            self._build_group("Face", "Face", range(split, body.num_betas), {})
        else:
            self._build_group("Components", "Shape", range(body.num_betas), {})
        dpg.pop_container_stack()

    def _build_group(self, title: str, label: str, indices: range, meanings: dict[int, str]) -> None:
        def rows() -> list[ValueRow]:
            made = [
                ValueRow(
                    self._desk,
                    f"beta {index}",
                    f"{label} {number}, {meanings[index]}" if index in meanings else f"{label} {number}",
                    low=-STANDARD_DEVIATIONS,
                    high=STANDARD_DEVIATIONS,
                    change=lambda value, index=index: SetBeta(index=index, value=value),
                )
                for number, index in enumerate(indices, start=1)
            ]
            self._rows += made
            return made

        FoldingGroup(title, is_open=True, build=rows)
