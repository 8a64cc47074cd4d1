"""Expression: the named actions of the face, region by region."""

from __future__ import annotations

import re

import dearpygui.dearpygui as dpg

from ...core.body.model import BodyModel
from ..actions import SetExpressionValue, TakeOver
from ..state import State
from ..theme import Icons, Item
from .controls import FoldingGroup, ValueRow, icon_button, search_field
from .desk import Desk
from .presets import face_presets

REGIONS = {
    "brow": "Brows",
    "eye": "Eyes",
    "cheek": "Cheeks",
    "nose": "Nose",
    "jaw": "Jaw",
    "mouth": "Mouth",
    "tongue": "Tongue",
}
OTHER_REGION = "Components"
"""Where an expression basis has no names, as in licensed files, there are only numbers."""


def region_of(name: str) -> str:
    """`browInnerUp` belongs to the brows."""
    return next((region for start, region in REGIONS.items() if name.startswith(start)), OTHER_REGION)


def action_label(name: str) -> str:
    """`browInnerUp` reads "Brow inner up"."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()
    return words[:1].upper() + words[1:]


class ExpressionPanel:
    name = "Expression"
    icon = Icons.EXPRESSION

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._body: BodyModel | None = None
        self._shown: tuple[object, ...] = (None, None, None)
        self._rows: dict[int, ValueRow] = {}
        self._groups: list[FoldingGroup] = []

    def build(self, parent: Item) -> None:
        search_field("search expression", "Search expressions", self._filter)
        self._list = dpg.add_child_window(width=-1, height=-1, parent=parent)
        dpg.bind_item_theme(self._list, self._desk.theme.scroll_area)

    def actions(self) -> None:
        icon_button(
            self._desk.theme, Icons.RESET, "Reset the whole expression", lambda: self._desk.run("reset_expression")
        )

    def _filter(self, text: str) -> None:
        for group in self._groups:
            group.filter(text)

    def sync(self, state: State) -> None:
        document = state.document
        if document.body is not self._body:
            self._build_rows(document.body)
        driving = state.driving
        shown = (document.expression, driving.pose, driving.held_actions)
        if any(new is not old for new, old in zip(shown, self._shown, strict=True)):
            self._shown = shown
            values = state.shown.expression
            for index, row in self._rows.items():
                row.show(values[index])
                row.show_held(index in driving.held_actions)

    def _build_rows(self, body: BodyModel | None) -> None:
        self._body, self._shown, self._rows, self._groups = body, (None, None, None), {}, []
        dpg.delete_item(self._list, children_only=True)
        if body is None:
            return
        regions: dict[str, list[int]] = {}
        for index, name in enumerate(body.expression_names):
            regions.setdefault(region_of(name), []).append(index)
        dpg.push_container_stack(self._list)
        face_presets(self._desk, body)
        for region in (*REGIONS.values(), OTHER_REGION):
            if region in regions:
                self._groups.append(self._build_region(body, region, regions[region]))
        dpg.pop_container_stack()

    def _build_region(self, body: BodyModel, region: str, indices: list[int]) -> FoldingGroup:
        def rows() -> list[ValueRow]:
            for index in indices:
                low, high = body.expression_ranges[index].tolist()
                self._rows[index] = ValueRow(
                    self._desk,
                    f"expression {index}",
                    action_label(body.expression_names[index]),
                    low=low,
                    high=high,
                    change=lambda value, index=index: SetExpressionValue(index=index, value=value),
                    takes_over=TakeOver(actions=(index,)),
                )
            return [self._rows[index] for index in indices]

        return FoldingGroup(region, is_open=True, build=rows)
