"""Buttons for poses, hand shapes and faces that have a name."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import dearpygui.dearpygui as dpg

from ...core.body.model import BodyModel
from ...core.body.presets import HAND_SHAPES, POSE_PRESETS, expression_presets
from .controls import labelled, small_text
from .desk import Desk

COLUMNS, GAP, HEIGHT = 3, 6, 28
"""Of the design."""
SIDES = {"Both": "both", "Left": "left", "Right": "right"}


def _grid(desk: Desk, kind: str, names: Sequence[str], press: Callable[[str], object]) -> None:
    """Small buttons in rows of three."""
    theme = desk.theme
    width = (desk.inner_width - (COLUMNS - 1) * theme.px(GAP)) // COLUMNS
    for start in range(0, len(names), COLUMNS):
        with dpg.group(horizontal=True, horizontal_spacing=theme.px(GAP)):
            for name in names[start : start + COLUMNS]:
                button = dpg.add_button(
                    label=name,
                    tag=f"{kind} {name}",
                    width=width,
                    height=theme.px(HEIGHT),
                    callback=lambda _sender, _value, name: press(name),
                    user_data=name,
                )
                dpg.bind_item_font(button, theme.fonts.small)
    dpg.add_spacer(height=theme.px(4))


def pose_presets(desk: Desk) -> None:
    """Make the buttons of the poses, and those of the hands with the choice of the side, under headings that fold."""
    with dpg.collapsing_header(label="Poses", default_open=True), dpg.group() as grid:
        dpg.bind_item_theme(grid, desk.theme.tight)
        _grid(desk, "pose", POSE_PRESETS, lambda name: desk.run("set_pose_preset", name=name))
    with dpg.collapsing_header(label="Hand shapes", tag="hand shapes"), dpg.group() as grid:
        dpg.bind_item_theme(grid, desk.theme.tight)
        with labelled(desk, "Hand") as width:
            side = dpg.add_combo(tuple(SIDES), default_value=next(iter(SIDES)), width=width, tag="hand side")

        def take(shape: str) -> None:
            desk.run("set_hand_shape", shape=shape, side=SIDES[dpg.get_value(side)])

        _grid(desk, "hand", HAND_SHAPES, take)


def face_presets(desk: Desk, body: BodyModel) -> None:
    """Make the buttons of the expressions that this body's face can show, or say why there is only one."""
    names = expression_presets(body.expression_names)
    with dpg.group() as grid:
        dpg.bind_item_theme(grid, desk.theme.tight)
        _grid(desk, "face", names, lambda name: desk.run("set_expression_preset", name=name))
        if len(names) == 1:
            small_text(
                desk.theme,
                "This body's face has numbered components, which have no ready expressions.",
                wrap=desk.inner_width,
            )
