"""The person as in a mirror, with what is said of them: where the face is, which way to turn, how good the picture is.

Nothing is written over the face: the frame has corners only, arrows stand at the rim, the meters below the picture.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

import dearpygui.dearpygui as dpg

from ...core.capture import shot as limits
from ...core.capture.shot import Box, Shot
from ..captured import Capturing, Glance
from ..palette import BACKDROP, BACKGROUND, TRACK
from ..state import Point
from ..theme import CLEAR, MUTED, TEXT, WARNING, WHITE, Colour, Item, Theme
from .source_picture import SourcePicture

GOOD: Colour = (116, 225, 170, 255)
GOOD_PART: Colour = (116, 225, 170, 110)
INK: Colour = (16, 18, 23, 255)
FLASH_SECONDS, TICK_SECONDS = 0.25, 0.9
METERS_HEIGHT = 34
"""Of the design, below the picture."""
WORDS_HEIGHT = 34
"""Of the design, below the meters."""
_CORNER = 0.22
"""Of the frame's side."""
_DIGIT = 0.22
"""Height of the countdown's number in the picture's; it stands in a corner, for the person has to see themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Meter:
    """A value on a line of which a part is good; all in 0..1 of the line."""

    label: str
    value: float
    low: float
    high: float

    @property
    def is_good(self) -> bool:
        return self.low <= self.value <= self.high


def meters(shot: Shot) -> tuple[Meter, ...]:
    """Distance, light and sharpness; none where nobody is seen."""
    body, face = shot.body, shot.face
    if shot.mode == "body" and body is not None:
        brightness = shot.brightness if face is None else face.brightness
        share, low, high, sharpness = body.share, limits.LEAST_BODY_SHARE, 0.98, body.sharpness
    elif face is not None:
        share, low, high = face.share, limits.LEAST_SHARE, limits.MOST_SHARE
        brightness, sharpness = face.brightness, face.sharpness
    else:
        return ()
    return (
        Meter(label="Distance", value=_near(share), low=_near(low), high=_near(high)),
        Meter(label="Light", value=brightness, low=limits.DARK, high=limits.BRIGHT),
        Meter(label="Sharpness", value=sharpness, low=limits.LEAST_SHARPNESS, high=1.0),
    )


def _near(share: float) -> float:
    """Steps that look alike from far and near."""
    return min(1.0, max(0.0, 1.0 + math.log(max(share, 1e-3)) / math.log(12.0)))


class GuidedPicture:
    """Draws into a list of its own; where it stands and how large it is, its owner says."""

    def __init__(self, theme: Theme, drawlist: Item, source: SourcePicture) -> None:
        self._theme = theme
        self._frame = dpg.add_draw_layer(parent=drawlist, show=False)
        self._ground = dpg.draw_rectangle((0, 0), (1, 1), fill=BACKGROUND, color=CLEAR, parent=self._frame)
        self._image = dpg.draw_image(source.tag, (0, 0), (1, 1), parent=self._frame)
        source.show_in(self._image)
        self._layer = dpg.add_draw_layer(parent=drawlist, show=False)
        self._shown: tuple[object, ...] = ()

    @property
    def is_shown(self) -> bool:
        return bool(self._shown)

    def hide(self) -> None:
        if self._shown:
            self._shown = ()
            dpg.hide_item(self._frame)
            dpg.hide_item(self._layer)

    def draw(
        self, capturing: Capturing, top_left: Point, size: Point, *, ground: Point = (0.0, 0.0), words: str = ""
    ) -> None:
        """The picture with its meters and large `words` below it, whose height `size` leaves out.

        What was drawn before is covered as far as `ground`.
        """
        now = time.monotonic()
        since = math.inf if capturing.taken_at is None else now - capturing.taken_at
        left = None if capturing.due is None else max(1, math.ceil(capturing.due - now))
        is_flashing = since < TICK_SECONDS
        shown = (capturing.glance, left, top_left, size, ground, since if is_flashing else None)
        if shown == self._shown:
            return
        self._shown = shown
        (x, y), (width, height) = top_left, size
        dpg.show_item(self._frame)
        dpg.show_item(self._layer)
        dpg.configure_item(self._ground, pmax=ground)
        dpg.configure_item(self._image, pmin=top_left, pmax=(x + width, y + height))
        dpg.delete_item(self._layer, children_only=True)
        glance = capturing.glance
        if glance is not None:
            self._draw_guidance(glance, top_left, size)
        if left is not None:
            self._draw_number(left, top_left, _DIGIT * height)
        if words:
            self._draw_words(words, (x + width / 2, y + height + self._theme.px(METERS_HEIGHT)), ground[0])
        if is_flashing:
            self._draw_flash(since, top_left, size)

    def _draw_guidance(self, glance: Glance, top_left: Point, size: Point) -> None:
        (x, y), (width, height) = top_left, size
        share = glance.share * width / glance.picture.shape[1]
        shot = glance.shot
        seen = shot.body if shot.mode == "body" else shot.face
        if seen is not None:
            box = _mirrored(seen.box, shot.width) if glance.is_mirrored else seen.box
            place = tuple(offset + share * value for offset, value in zip((x, y, x, y), box, strict=True))
            colour = GOOD if glance.advice.is_good else WARNING
            self._draw_corners(place, colour, top_left, size)
        wanted = glance.advice.wanted
        if wanted is not None and not glance.advice.is_new and (arrow := _ARROWS.get(wanted.name)) is not None:
            across, down = arrow
            self._draw_arrow(-across if glance.is_mirrored else across, down, top_left, size)
        self._draw_meters(meters(shot), (x, y + height), width)

    def _draw_corners(self, box: tuple[float, ...], colour: Colour, top_left: Point, size: Point) -> None:
        left, top, right, bottom = (
            min(max(value, low + 1), low + length - 1)
            for value, low, length in zip(box, (*top_left, *top_left), (*size, *size), strict=True)
        )
        reach = _CORNER * min(right - left, bottom - top)
        for x, inwards in ((left, reach), (right, -reach)):
            for y, down in ((top, reach), (bottom, -reach)):
                points = [(x + inwards, y), (x, y), (x, y + down)]
                dpg.draw_polyline(points, color=colour, thickness=self._theme.px(3), parent=self._layer)

    def _draw_arrow(self, across: int, down: int, top_left: Point, size: Point) -> None:
        """Two chevrons at the rim."""
        px, (x, y), (width, height) = self._theme.px, top_left, size
        reach = px(11)
        for step in (0, 1):
            inset = px(16) + step * px(11)
            tip_x = x + width / 2 + across * (width / 2 - inset)
            tip_y = y + height / 2 + down * (height / 2 - inset)
            points = [
                (tip_x - reach * (across * 0.7 + down), tip_y - reach * (down * 0.7 + across)),
                (tip_x, tip_y),
                (tip_x - reach * (across * 0.7 - down), tip_y - reach * (down * 0.7 - across)),
            ]
            dpg.draw_polyline(points, color=BACKDROP, thickness=px(8), parent=self._layer)
            dpg.draw_polyline(points, color=WHITE, thickness=px(4), parent=self._layer)

    def _draw_meters(self, shown: tuple[Meter, ...], top_left: Point, width: float) -> None:
        px, (x, y) = self._theme.px, top_left
        gap = px(10)
        length = (width - 2 * gap) / 3.0
        for number, meter in enumerate(shown):
            left, middle = x + number * (length + gap), y + px(10)
            self._line((left, middle), (left + length, middle), TRACK, px(6))
            good = (left + meter.low * length, middle), (left + meter.high * length, middle)
            self._line(*good, GOOD_PART, px(6))
            colour = GOOD if meter.is_good else WARNING
            at = left + min(1.0, max(0.0, meter.value)) * length
            dpg.draw_circle((at, middle), px(6), fill=colour, color=BACKDROP, parent=self._layer)
            text = dpg.draw_text((left, y + px(18)), meter.label, color=MUTED, size=px(13), parent=self._layer)
            dpg.bind_item_font(text, self._theme.fonts.tiny)

    def _draw_number(self, number: int, corner: Point, height: float) -> None:
        font = self._theme.fonts.huge
        text = str(number)
        width, tall = dpg.get_text_size(text, font=font) or (0.0, 1.0)
        radius = 0.62 * height
        x, y = middle = corner[0] + 1.1 * radius, corner[1] + 1.1 * radius
        dpg.draw_circle(middle, radius, fill=BACKDROP, color=CLEAR, parent=self._layer)
        share = height / tall
        item = dpg.draw_text(
            (x - share * width / 2, y - height / 2), text, color=WHITE, size=height, parent=self._layer
        )
        dpg.bind_item_font(item, font)

    def _draw_words(self, words: str, top: Point, room: float) -> None:
        """Large enough for somebody who stands some steps away, in a line that is no longer than `room`."""
        font = self._theme.fonts.huge
        width, tall = dpg.get_text_size(words, font=font) or (1.0, 1.0)
        height = min(self._theme.px(WORDS_HEIGHT), tall * room / max(width, 1.0))
        item = dpg.draw_text(
            (top[0] - width * height / tall / 2, top[1]), words, color=TEXT, size=height, parent=self._layer
        )
        dpg.bind_item_font(item, font)

    def _draw_flash(self, since: float, top_left: Point, size: Point) -> None:
        """White for a moment, then a tick at the rim."""
        px, (x, y), (width, height) = self._theme.px, top_left, size
        if since < FLASH_SECONDS:
            opacity = round(200 * (1.0 - since / FLASH_SECONDS))
            corner = (x + width, y + height)
            dpg.draw_rectangle(top_left, corner, fill=(255, 255, 255, opacity), color=CLEAR, parent=self._layer)
        middle = (x + width - px(24), y + px(26))
        dpg.draw_circle(middle, px(15), fill=GOOD, color=CLEAR, parent=self._layer)
        steps = ((-6, 0), (-2, 5), (7, -5))
        points = [(middle[0] + px(across), middle[1] + px(down)) for across, down in steps]
        dpg.draw_polyline(points, color=INK, thickness=px(3), parent=self._layer)

    def _line(self, start: Point, end: Point, colour: Colour, thickness: float) -> None:
        dpg.draw_line(start, end, color=colour, thickness=thickness, parent=self._layer)


_ARROWS: dict[str, tuple[int, int]] = {"left": (1, 0), "right": (-1, 0), "up": (0, -1), "down": (0, 1)}
"""Which way, in the camera's picture: the person's left is at its right."""


def _mirrored(box: Box, width: int) -> Box:
    left, top, right, bottom = box
    return width - right, top, width - left, bottom
