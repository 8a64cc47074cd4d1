"""The drawn timeline: a ruler, a row of diamonds for each kind of key, a row of clips, and the playhead.

Press on a key or clip to choose it, drag it to another moment, drag the end of a clip or of the timeline; anywhere else
the playhead follows the mouse. One drag is one step of undo.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import cast

import dearpygui.dearpygui as dpg

from ...core.body.timeline import (
    EMPTY,
    LONGEST,
    ROWS,
    SHORTEST,
    Row,
    Timeline,
    has_key,
    moved_key,
    with_changed_clip,
)
from ..actions import BeginDrag, EndDrag, SetTimeline
from ..lettering import spelled
from ..state import State
from ..theme import (
    ACCENT,
    ACCENT_HOVERED,
    ACCENT_QUIET,
    BACKGROUND,
    CARD,
    CLEAR,
    ERROR,
    FAINT,
    LINE,
    MUTED,
    TEXT,
    WARNING,
    Colour,
    Item,
)
from .desk import Desk
from .timeline_geometry import ClipHit, Geometry, Hit, KeyHit, MomentHit, span_of

LABELS: dict[Row, str] = {"pose": "Pose", "expression": "Face", "camera": "Camera"}
LABEL_WIDTH, RULER_HEIGHT, ROW_HEIGHT, DIAMOND, STILL = 104, 20, 24, 6, 3
"""Of the design; `STILL` is how far the mouse goes before it drags."""
LABEL_ROOM = 36
"""Of the design, for a moment's name at the right of its line."""
GREEN = (84, 184, 132, 255)
COLOURS: dict[Row, Colour] = {"pose": ACCENT, "expression": GREEN, "camera": WARNING}
Selected = KeyHit | ClipHit | None


@dataclass(slots=True, kw_only=True)
class _Held:
    """What the mouse holds since it was pressed."""

    hit: Hit
    timeline: Timeline
    """As it was then."""
    x: float
    span: float
    has_moved: bool = False


class Track:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.selected: Selected = None
        self._held: _Held | None = None
        self._width = 1
        self._drawn: tuple[object, ...] = ()
        self._cursor_at = -1.0
        self._geometry = self._geometry_of(EMPTY)

    @property
    def row_places(self) -> list[float]:
        """Where each row begins, in pixels from the drawing's top."""
        return [self._geometry.row_top(row) for row in (*ROWS, "clips")]

    def build(self, parent: Item) -> None:
        self._area = dpg.add_child_window(parent=parent, no_scrollbar=True, no_scroll_with_mouse=True)
        dpg.bind_item_theme(self._area, self._desk.theme.scroll_area)
        self._drawlist = dpg.add_drawlist(1, 1, parent=self._area, tag="timeline")
        self._content = dpg.add_draw_node(parent=self._drawlist)
        self._cursor = dpg.add_draw_node(parent=self._drawlist)
        with dpg.handler_registry():
            dpg.add_mouse_click_handler(button=dpg.mvMouseButton_Left, callback=lambda: self._pressed())
            dpg.add_mouse_move_handler(callback=lambda: self._moved())
            dpg.add_mouse_release_handler(button=dpg.mvMouseButton_Left, callback=lambda: self._released())

    def layout(self, left: int, top: int, width: int) -> None:
        self._width = max(1, width)
        height = self._desk.theme.px(RULER_HEIGHT + (len(ROWS) + 1) * ROW_HEIGHT)
        dpg.configure_item(self._area, pos=(left, top), width=self._width, height=height)
        dpg.configure_item(self._drawlist, width=self._width, height=height)
        self._drawn = ()

    def _geometry_of(self, timeline: Timeline) -> Geometry:
        px = self._desk.theme.px
        return Geometry(
            left=px(LABEL_WIDTH),
            right=self._width - px(14),
            # What is held does not slip away from under the mouse.
            span=self._held.span if self._held is not None else span_of(timeline),
            ruler_height=px(RULER_HEIGHT),
            row_height=px(ROW_HEIGHT),
            scale=self._desk.theme.scale,
        )

    # The mouse

    def _mouse(self) -> tuple[float, float]:
        x, y = dpg.get_mouse_pos(local=False)
        left, top = dpg.get_item_rect_min(self._drawlist)
        return x - left, y - top

    def _pressed(self) -> None:
        if not dpg.is_item_hovered(self._drawlist) or self._desk.store.state.document.body is None:
            return
        timeline = self._desk.store.state.document.timeline
        x, y = self._mouse()
        hit = self._geometry.hit(timeline, x, y)
        if hit is None:
            return
        self._held = _Held(hit=hit, timeline=timeline, x=x, span=self._geometry.span)
        if isinstance(hit, MomentHit):
            self.selected = None
            self._desk.run("scrub", seconds=hit.seconds)
            return
        if isinstance(hit, KeyHit | ClipHit):
            self.selected = hit
        self._desk.send(BeginDrag())

    def _moved(self) -> None:
        held = self._held
        if held is None:
            return
        x, _ = self._mouse()
        held.has_moved |= abs(x - held.x) >= self._desk.theme.px(STILL)
        if isinstance(held.hit, MomentHit):
            self._desk.run("scrub", seconds=self._geometry.seconds(x))
        elif held.has_moved:
            self._desk.send(SetTimeline(timeline=self._dragged(held, x)))

    def _dragged(self, held: _Held, x: float) -> Timeline:
        """The timeline as it was when the drag began, with what is held at the mouse."""
        hit, before = held.hit, held.timeline
        # What was taken hold of beside its middle is moved by as much as the mouse, not to it.
        moved = (x - held.x) * held.span / max(1.0, self._geometry.right - self._geometry.left)
        if isinstance(hit, KeyHit):
            seconds = _moment(hit.seconds + moved)
            self.selected = KeyHit(row=hit.row, seconds=seconds)
            return moved_key(before, hit.row, hit.seconds, seconds)
        if isinstance(hit, ClipHit):
            clip = before.clips[hit.index]
            if hit.part == "end":
                clip = replace(clip, duration=max(SHORTEST, _moment(clip.duration + moved)))
            else:
                clip = replace(clip, start=_moment(clip.start + moved))
            return with_changed_clip(before, hit.index, clip)
        return replace(before, duration=max(SHORTEST, _moment(before.duration + moved)))

    def _released(self) -> None:
        held, self._held = self._held, None
        if held is None:
            return
        self._drawn = ()
        if isinstance(held.hit, MomentHit):
            return
        playhead = self._desk.services.playhead
        self._desk.send(EndDrag())
        state = self._desk.store.state
        if state.playback.motion is None and held.has_moved and not playhead.is_touched(state):
            playhead.show(state.playback.seconds)

    # Drawing

    def sync(self, state: State) -> None:
        timeline = state.document.timeline
        shown = (timeline, self.selected, state.document.body is None, self._held is None)
        seconds = state.playback.seconds if state.playback.motion is None else 0.0
        if any(new is not old and new != old for new, old in zip(shown, self._drawn or (None,) * 4, strict=True)):
            self._drawn = shown
            self._geometry = self._geometry_of(timeline)
            dpg.delete_item(self._content, children_only=True)
            dpg.push_container_stack(self._content)
            self._draw_grounds(timeline)
            self._draw_clips(timeline)
            self._draw_keys(timeline)
            dpg.pop_container_stack()
            self._cursor_at = -1.0
        if seconds != self._cursor_at:
            self._cursor_at = seconds
            self._draw_cursor(seconds, is_recording=state.recording)

    def forget_what_is_gone(self, timeline: Timeline) -> None:
        """Undo may have taken away what was chosen."""
        chosen = self.selected
        if isinstance(chosen, KeyHit):
            is_there = has_key(timeline, chosen.row, chosen.seconds)
        else:
            is_there = chosen is not None and chosen.index < len(timeline.clips)
        if not is_there:
            self.selected = None

    def _draw_grounds(self, timeline: Timeline) -> None:
        geometry, px, fonts = self._geometry, self._desk.theme.px, self._desk.theme.fonts
        end = geometry.x(timeline.duration)
        for row, label in {**LABELS, "clips": "Clips"}.items():
            top = geometry.row_top(cast(Row, row))
            bottom = top + geometry.row_height - px(2)
            dpg.draw_rectangle(
                (geometry.left, top), (geometry.right, bottom), color=CLEAR, fill=BACKGROUND, rounding=px(4)
            )
            dpg.draw_rectangle((geometry.left, top), (end, bottom), color=CLEAR, fill=CARD, rounding=px(4))
            name = dpg.draw_text((px(30), top + px(3)), label, color=MUTED, size=px(14))
            dpg.bind_item_font(name, fonts.small)
        for seconds in geometry.ticks():
            x = geometry.x(seconds)
            dpg.draw_line((x, px(RULER_HEIGHT - 5)), (x, geometry.height - px(2)), color=LINE)
            if x + px(LABEL_ROOM) <= geometry.right:
                name = dpg.draw_text((x + px(4), px(1)), f"{seconds:g} s", color=FAINT, size=px(13))
                dpg.bind_item_font(name, fonts.tiny)
        # The timeline's end can be taken hold of on the ruler.
        dpg.draw_line((end, 0), (end, geometry.height - px(2)), color=MUTED)
        dpg.draw_triangle((end, px(RULER_HEIGHT - 4)), (end, px(2)), (end - px(9), px(2)), color=MUTED, fill=MUTED)

    def _draw_clips(self, timeline: Timeline) -> None:
        geometry, px = self._geometry, self._desk.theme.px
        top = geometry.row_top("clips")
        for index, clip in enumerate(timeline.clips):
            chosen = isinstance(self.selected, ClipHit) and self.selected.index == index
            left, right = geometry.x(clip.start), geometry.x(clip.end)
            corners = ((left, top + px(2)), (right, top + geometry.row_height - px(4)))
            dpg.draw_rectangle(*corners, color=ACCENT_HOVERED if chosen else ACCENT, fill=ACCENT_QUIET, rounding=px(4))
            if clip.fade:
                whole = geometry.x(clip.start + min(clip.fade, clip.duration))
                dpg.draw_line((left, corners[1][1]), (whole, corners[0][1]), color=ACCENT_HOVERED, thickness=px(1))
            room = int((right - left - px(12)) / px(7))
            if room > 2:
                name = spelled(clip.motion.name)
                name = name if len(name) <= room else f"{name[: room - 1]}…"
                text = dpg.draw_text((left + px(6), top + px(3)), name, color=TEXT, size=px(13))
                dpg.bind_item_font(text, self._desk.theme.fonts.tiny)

    def _draw_keys(self, timeline: Timeline) -> None:
        geometry, px = self._geometry, self._desk.theme.px
        for row in ROWS:
            middle = geometry.row_top(row) + 0.5 * (geometry.row_height - px(2))
            keys = timeline.keys(row)
            for first, second in pairwise(keys):
                if first.easing != "hold":
                    ends = ((geometry.x(first.seconds), middle), (geometry.x(second.seconds), middle))
                    dpg.draw_line(*ends, color=COLOURS[row], thickness=px(1))
            for key in keys:
                chosen = self.selected == KeyHit(row=row, seconds=key.seconds)
                x, radius = geometry.x(key.seconds), px(DIAMOND + (2 if chosen else 0))
                corners = [(x - radius, middle), (x, middle - radius), (x + radius, middle), (x, middle + radius)]
                dpg.draw_polygon([*corners, corners[0]], color=TEXT if chosen else CARD, fill=COLOURS[row])

    def _draw_cursor(self, seconds: float, *, is_recording: bool) -> None:
        geometry, px = self._geometry, self._desk.theme.px
        dpg.delete_item(self._cursor, children_only=True)
        colour = ERROR if is_recording else TEXT
        x = geometry.x(seconds)
        if x > geometry.right:
            return
        dpg.draw_line((x, 0), (x, geometry.height - px(2)), color=colour, thickness=px(2), parent=self._cursor)
        flag = [(x - px(6), 0), (x + px(6), 0), (x + px(6), px(7)), (x, px(13)), (x - px(6), px(7)), (x - px(6), 0)]
        dpg.draw_polygon(flag, color=colour, fill=colour, parent=self._cursor)


def _moment(seconds: float) -> float:
    """On the timeline, to the hundredth."""
    return min(max(0.0, round(seconds, 2)), LONGEST)
