"""Refine: the avatar gets better from its pictures while everything else goes on."""

from __future__ import annotations

import time
from collections.abc import Callable

import dearpygui.dearpygui as dpg

from ..material import HOLD_OUT_ONE_IN
from ..refined import Refinement
from ..refining import JOB
from ..state import State
from ..theme import ACCENT, WARNING, Icons, Item
from ..viewport.hud import duration
from .controls import heading, labelled, sentence, small_text, text_button, tooltip
from .curves import Curves
from .desk import Desk
from .trouble_lines import TroubleLines

TIMES: dict[str, float | None] = {"1 minute": 1.0, "5 minutes": 5.0, "10 minutes": 10.0, "Until I stop it": None}
"""Labels, and minutes."""
LEARNED, HELD_OUT = "learned from", "never seen"
FEW = f"With {HOLD_OUT_ONE_IN} pictures and more some are set apart, to judge it by what it has never seen."
PAUSE, GO_ON = "Let the machine rest for a while", "Go on from where it was paused"
CURVES_SECONDS = 0.5
"""Curves and numbers that change faster cannot be read."""
RATE_SECONDS = 5.0
"""Steps a second are counted over so long."""


def toggle_refining(desk: Desk) -> None:
    """Start it, or stop and keep what was made; not while that is being kept."""
    refining = desk.store.state.refining
    if refining.phase != "stopping":
        desk.run("stop_refining" if refining.is_on else "start_refining")


class RefinePanel:
    name = "Refine"
    icon = Icons.REFINE

    def __init__(self, desk: Desk, *, show_panel: Callable[[str], object]) -> None:
        self._desk = desk
        self._show_panel = show_panel
        self._shown: tuple[object, ...] = ()
        self._curves_of: tuple[object, ...] = ()
        self._curves_at = 0.0
        self._is_held = False

    def build(self, parent: Item) -> None:
        theme = self._desk.theme
        with dpg.child_window(width=-1, height=-1, parent=parent) as area:
            dpg.bind_item_theme(area, theme.scroll_area)
            self._build_lack()
            with dpg.group() as self._choices:
                self._build_choices()
            self._build_beginning()
            with dpg.group() as self._work:
                self._build_work()
                self._build_progress()
                self._trouble = TroubleLines(self._desk)
                self._build_curves()
            dpg.add_spacer(height=theme.px(8))

    def actions(self) -> None:
        """This panel has none beside its title."""

    def _build_lack(self) -> None:
        desk, theme = self._desk, self._desk.theme
        with dpg.group() as self._lack:
            dpg.add_text("There are no pictures of this avatar yet.", wrap=desk.inner_width)
            small_text(
                theme,
                "Take some with a camera, or add photos and films: an avatar is made of them, and gets better here.",
                wrap=desk.inner_width,
            )
            text_button(
                theme,
                "Take pictures",
                lambda: self._show_panel("Capture"),
                width=desk.inner_width,
                primary=True,
                tag="refine capture",
            )

    def _build_choices(self) -> None:
        desk, theme = self._desk, self._desk.theme
        self._pictures = small_text(theme, wrap=desk.inner_width)
        with labelled(desk, "Time") as width:
            self._time = dpg.add_combo(
                tuple(TIMES),
                tag="refine time",
                width=width,
                callback=lambda _sender, label: desk.run("set_refine", minutes=TIMES[label]),
            )
            tooltip(theme, self._time, "More time, more likeness; you can stop at any moment and keep what is there")

    def _build_beginning(self) -> None:
        """Also where nothing can be refined yet: it is chosen before an avatar is made."""
        desk = self._desk
        self._by_itself = dpg.add_checkbox(
            label="Start when an avatar is made",
            tag="refine by itself",
            callback=lambda _sender, on: desk.run("set_refine", starts_by_itself=on),
        )
        tooltip(desk.theme, self._by_itself, "What is made of your pictures gets better from its first moment on")

    def _build_work(self) -> None:
        desk, theme = self._desk, self._desk.theme
        self._continuous = dpg.add_checkbox(
            label="Learn from the camera, too",
            tag="refine continuous",
            callback=lambda _sender, on: desk.run("set_refine", continuous=on),
        )
        tooltip(theme, self._continuous, "While a camera drives the avatar, new views of you join the pictures")
        self._start = text_button(
            theme, "", lambda: toggle_refining(desk), width=desk.inner_width, primary=True, tag="refine start"
        )
        tooltip(theme, self._start, "Start, or stop and keep what was made (G)")

    def _build_progress(self) -> None:
        desk, theme = self._desk, self._desk.theme
        gap = theme.px(8)
        half = (desk.inner_width - gap) // 2
        with dpg.group(show=False) as self._progress:
            self._bar = dpg.add_progress_bar(width=desk.inner_width, height=theme.px(8))
            self._doing = small_text(theme, wrap=desk.inner_width)
            with dpg.group(horizontal=True, horizontal_spacing=gap):
                self._pause = text_button(
                    theme,
                    "",
                    lambda: desk.run("resume_refining" if desk.store.state.refining.is_paused else "pause_refining"),
                    width=half,
                    tag="refine pause",
                )
                self._pause_tip = tooltip(theme, self._pause, PAUSE)
                text_button(
                    theme,
                    "Throw away",
                    lambda: desk.run("revert_refining"),
                    width=half,
                    tip="End it; the avatar is as it was before",
                    tag="refine revert",
                )
            self._before = text_button(
                theme,
                "Hold to see before",
                lambda: None,
                width=desk.inner_width,
                tip="The avatar as it was before it was refined (B)",
                tag="refine before",
            )

    def _build_curves(self) -> None:
        desk, theme = self._desk, self._desk.theme
        with dpg.group(show=False) as self._plots:
            heading(theme, "Likeness (PSNR, dB)")
            self._psnr = Curves(
                theme, "refine psnr", width=desk.inner_width, tones={LEARNED: ACCENT, HELD_OUT: WARNING}, digits=1
            )
            self._few = small_text(theme, FEW, wrap=desk.inner_width)
            heading(theme, "Loss")
            self._loss = Curves(theme, "refine loss", width=desk.inner_width, tones={"loss": ACCENT}, digits=3)
            self._figures = small_text(theme, wrap=desk.inner_width)

    # Keeping up

    def sync(self, state: State) -> None:
        refining = state.refining
        if state.capturing.folder is None:
            self._desk.run("find_pictures")
        self._follow_hold()
        self._show_curves(refining)
        job = next((job for job in state.jobs if job.name == JOB), None)
        shown = (refining.phase, refining.is_paused, refining.trouble, refining.num_pictures, refining.avatar is None)
        shown = (*shown, bool(refining.figures), job, state.settings.refine, state.document.avatar is None)
        if shown == self._shown:
            return
        self._shown = shown
        has_pictures = refining.num_pictures > 0
        dpg.configure_item(self._lack, show=not (has_pictures or refining.is_on))
        for group in (self._choices, self._work):
            dpg.configure_item(group, show=has_pictures or refining.is_on)
        dpg.set_value(self._pictures, f"{refining.num_pictures} picture{'s' * (refining.num_pictures != 1)}")
        choices = state.settings.refine
        dpg.set_value(self._time, next((label for label, time in TIMES.items() if time == choices.minutes), ""))
        dpg.set_value(self._by_itself, choices.starts_by_itself)
        dpg.set_value(self._continuous, choices.continuous)
        dpg.configure_item(self._start, label="Stop and keep it" if refining.is_on else "Start")
        dpg.configure_item(self._start, enabled=state.document.avatar is not None and refining.phase != "stopping")
        dpg.configure_item(self._progress, show=refining.phase != "off")
        dpg.configure_item(self._pause, label="Go on" if refining.is_paused else "Pause")
        dpg.set_value(self._pause_tip, GO_ON if refining.is_paused else PAUSE)
        dpg.configure_item(self._pause, enabled=refining.phase == "refining")
        dpg.configure_item(self._before, enabled=refining.avatar is not None)
        if job is not None:
            left = "" if job.seconds_left is None else f", {duration(job.seconds_left)}"
            dpg.set_value(self._bar, job.fraction)
            doing = "Paused" if refining.is_paused else sentence(job.message or "refining")
            dpg.set_value(self._doing, doing if refining.is_paused else f"{doing}{left}")
        self._trouble.show(refining.trouble)
        dpg.configure_item(self._plots, show=bool(refining.figures))
        dpg.configure_item(self._few, show=refining.num_pictures < HOLD_OUT_ONE_IN)

    def _follow_hold(self) -> None:
        """The avatar as it was before, for as long as the button is held."""
        was_held, self._is_held = self._is_held, dpg.is_item_active(self._before)
        if was_held is not self._is_held:
            self._desk.run("show_before", on=self._is_held)

    def _show_curves(self, refining: Refinement) -> None:
        now = time.monotonic()
        if refining.figures is self._curves_of or not refining.figures or now - self._curves_at < CURVES_SECONDS:
            return
        self._curves_of, self._curves_at = refining.figures, now
        figures = refining.figures
        self._loss.show({"loss": [(each.seconds, each.loss) for each in figures]})
        judged = [(each.seconds, each.held_out_psnr) for each in figures if each.held_out_psnr is not None]
        self._psnr.show({LEARNED: [(each.seconds, each.psnr) for each in figures], HELD_OUT: judged})
        last = figures[-1]
        since = next(each for each in figures if last.seconds - each.seconds <= RATE_SECONDS)
        length = last.seconds - since.seconds
        rate = f"   {(last.step - since.step) / length:.0f} steps a second" if length > 0.0 else ""
        dpg.set_value(self._figures, f"{last.num_gaussians:,} Gaussians   colour degree {last.sh_degree}{rate}")
