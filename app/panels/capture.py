"""Capture: pictures of oneself, by a camera or from files, and the avatar that is made of them."""

from __future__ import annotations

from collections.abc import Callable

import dearpygui.dearpygui as dpg

from ...core.capture.shot import Mode
from ...core.tracking.camera_source import is_camera
from ...core.tracking.file_source import FILM_SUFFIXES, PHOTO_SUFFIXES
from ..captured import Capturing, will_be_made_of
from ..commands.creation import JOB
from ..lettering import show
from ..settings import COUNTDOWNS
from ..state import State
from ..theme import Icons, Item
from ..viewport.guided_picture import METERS_HEIGHT, GuidedPicture
from ..viewport.source_picture import SourcePicture
from .controls import labelled, sentence, small_text, text_button, tooltip
from .desk import Desk
from .kept_pictures import KeptPictures
from .outline import OutlineSection
from .photo import PhotoSection
from .source_choice import SourceChoice
from .trouble_lines import TroubleLines

PICTURE_HEIGHT = 236
"""Of the design, at most."""
WELCOME = "Pictures of yourself become your avatar. They stay on this machine."
NO_CAMERA = (
    "No camera was found: choose photos or a film of yourself. They become your avatar, and stay on this machine."
)
START = "Looks at you and says what to do; nothing is kept but the pictures you take (P)"
STOP = "Lets go of the camera or the film; your pictures stay (P)"
OLD = "Outlines changed: make your avatar anew, or let it get better by them."
MODES: dict[str, Mode] = {"Head and shoulders": "face", "Whole body": "body"}


class CapturePanel:
    name = "Capture"
    icon = Icons.PHOTO_CAMERA

    def __init__(
        self,
        desk: Desk,
        source: SourcePicture,
        *,
        create_from_photo: Callable[[], object],
        show_panel: Callable[[str], object],
    ) -> None:
        self._desk = desk
        self._show_panel = show_panel
        self._source = source
        self._choice = SourceChoice(
            desk,
            tag="capture source",
            tip="Who looks at you: a camera, or a film or a photo in its place",
            question="A film or a photo to take pictures from",
            chosen=self._choose,
            chosen_file=lambda path: desk.run("start_capture", source=path),
        )
        self._pictures = KeptPictures(desk, self.import_file)
        self._outline = OutlineSection(desk)
        self._photo = PhotoSection(desk, create_from_photo)
        self._shown: tuple[object, ...] = ()
        self._was_corrected = False
        self._picture_size: tuple[int, int] | None = None
        self._place: tuple[float, float] = (1.0, 1.0)

    def build(self, parent: Item) -> None:
        theme = self._desk.theme
        with dpg.child_window(width=-1, height=-1, parent=parent) as self._area:
            dpg.bind_item_theme(self._area, theme.scroll_area)
            with dpg.group() as self._taking:
                self._build_source()
                self._build_picture()
                self._build_deeds()
                self._build_what_next()
                self._build_choices()
            self._outline.build()
            self._pictures.build()
            with dpg.group() as self._from_photo:
                self._photo.build()
            dpg.add_spacer(height=theme.px(8))

    def actions(self) -> None:
        """This panel has none beside its title."""

    def _build_source(self) -> None:
        desk, theme = self._desk, self._desk.theme
        self._welcome = small_text(theme, WELCOME, wrap=desk.inner_width)
        self._choice.build()
        self._start = text_button(
            theme,
            "Start the camera",
            self.toggle_camera,
            width=desk.inner_width,
            tag="capture start",
        )
        self._start_tip = tooltip(theme, self._start, START)
        self._doing = small_text(theme, wrap=desk.inner_width)
        self._trouble = TroubleLines(
            desk, retry=lambda: desk.run("retry_capture"), tip="Opens the camera or the film again"
        )

    def _build_picture(self) -> None:
        desk, theme = self._desk, self._desk.theme
        with dpg.group(show=False) as self._looking:
            self._drawlist = dpg.add_drawlist(1, 1, tag="capture picture")
            self._guided = GuidedPicture(theme, self._drawlist, self._source)
            self._advice = dpg.add_text("", wrap=desk.inner_width)
            dpg.bind_item_font(self._advice, theme.fonts.strong)

    def _build_deeds(self) -> None:
        desk, theme = self._desk, self._desk.theme
        half = (desk.inner_width - theme.px(8)) // 2
        with dpg.group(horizontal=True, horizontal_spacing=theme.px(8)):
            self._shutter = text_button(
                theme,
                "Take a picture",
                lambda: desk.run("take_picture"),
                width=half,
                tip="Takes what the camera sees (Space); pressed again, also what was refused",
                tag="capture shutter",
            )
            self._make = text_button(
                theme,
                "Make my avatar",
                self.make_avatar,
                width=half,
                primary=True,
                tip="Of all pictures below; one is enough",
                tag="capture make",
            )
        self._count = small_text(theme, wrap=desk.inner_width)
        with dpg.group(show=False) as self._job:
            self._bar = dpg.add_progress_bar(width=desk.inner_width, height=theme.px(8))
            self._stage = small_text(theme, wrap=desk.inner_width)
            text_button(
                theme, "Cancel", lambda: desk.run("cancel", job=JOB), width=desk.inner_width, tip="Nothing changes"
            )

    def _build_what_next(self) -> None:
        desk, theme = self._desk, self._desk.theme
        half = (desk.inner_width - theme.px(8)) // 2
        with dpg.group(show=False) as self._next:
            self._news = dpg.add_text("", wrap=desk.inner_width)
            self._notes = small_text(theme, wrap=desk.inner_width)
            with dpg.group(horizontal=True, horizontal_spacing=theme.px(8)):
                self._refine = text_button(
                    theme,
                    "",
                    self._let_it_get_better,
                    width=half,
                    primary=True,
                    tip="It becomes more like your pictures, for as long as you like (G)",
                    tag="capture refine",
                )
                text_button(
                    theme,
                    "Drive it",
                    self._drive_it,
                    width=half,
                    primary=True,
                    tip="The camera moves it as you move",
                    tag="capture drive",
                )

    def _build_choices(self) -> None:
        desk, theme = self._desk, self._desk.theme
        with labelled(desk, "Picture of") as width:
            self._mode = dpg.add_combo(
                tuple(MODES),
                tag="capture mode",
                width=width,
                callback=lambda _sender, label: desk.run("set_capture", mode=MODES[label]),
            )
            tooltip(theme, self._mode, "Begin with the head; of the whole body a countdown lets you step back")
        with dpg.group() as self._stepping_back, labelled(desk, "Countdown") as width:
            self._countdown = dpg.add_combo(
                [f"{seconds} s" for seconds in COUNTDOWNS],
                tag="capture countdown",
                width=width,
                callback=lambda _sender, label: desk.run("set_capture", countdown=int(label.split()[0])),
            )
            tooltip(theme, self._countdown, "How long you have to step back")
        self._automatic = dpg.add_checkbox(
            label="Automatic",
            tag="capture automatic",
            callback=lambda _sender, on: desk.run("set_capture", is_automatic=on),
        )
        tooltip(
            theme,
            self._automatic,
            "The shutter goes by itself when a view is new, sharp and still; of the whole body, again and again",
        )

    # What its buttons do

    def toggle_camera(self) -> None:
        """Start to look by the source that is chosen, or stop."""
        if self._desk.store.state.capturing.is_on:
            self._desk.run("stop_capture")
        else:
            self._desk.run("start_capture", source=self._choice.source or None)

    def _choose(self, source: str) -> None:
        if self._desk.store.state.capturing.is_on:
            self._desk.run("start_capture", source=source)

    def import_file(self) -> None:
        """Ask for a photo or a film, and keep its pictures."""
        self._desk.dialogs.choose_to_open(
            "A photo or a film of yourself",
            (*PHOTO_SUFFIXES, *FILM_SUFFIXES),
            lambda path: self._desk.run("import_pictures", paths=(path,)),
        )

    def make_avatar(self) -> None:
        self._desk.dialogs.settle_unsaved("making your avatar", lambda: self._desk.run("make_avatar"))

    def _let_it_get_better(self) -> None:
        """Show how it does; begin unless that goes on already."""
        if not self._desk.store.state.refining.is_on:
            self._desk.run("start_refining")
        self._show_panel("Refine")

    def _drive_it(self) -> None:
        """By the camera that took the pictures; without one the panel asks."""
        source = self._choice.source
        if is_camera(source):
            self._desk.run("start_driving", source=source)
        self._show_panel("Drive")

    # Keeping up

    def sync(self, state: State) -> None:
        capturing = state.capturing
        if capturing.folder is None:
            self._desk.run("find_pictures")
        self._choice.sync(state, capturing.source if capturing.is_on else "")
        self._show_picture(capturing)
        self._pictures.sync(state)
        self._photo.sync(state)
        self._outline.sync(state)
        for group in (self._taking, self._from_photo):
            dpg.configure_item(group, show=state.correcting is None)
        is_corrected = state.correcting is not None
        if is_corrected and not self._was_corrected:
            dpg.set_y_scroll(self._area, 0.0)  # what to do stands above the pictures
        self._was_corrected = is_corrected
        job = next((job for job in state.jobs if job.name == JOB), None)
        progress = self._desk.services.capturer.progress
        # Of the pictures that the open avatar was made of; the default person was made of none.
        is_made = state.document.avatar is not None and state.refining.num_pictures > 0 and job is None
        is_refined = state.refining.is_on
        shown = (capturing, state.settings.capture, job, progress, state.driving.cameras, is_made, is_refined)
        shown = (*shown, state.file.notes)
        if shown == self._shown:
            return
        self._shown = shown
        is_looking = capturing.phase == "running"
        dpg.configure_item(self._start, label="Stop" if capturing.is_on else "Start")
        dpg.set_value(self._start_tip, STOP if capturing.is_on else START)
        is_first = state.driving.cameras != () and not (capturing.is_on or capturing.pictures)
        dpg.bind_item_theme(self._start, self._desk.theme.primary_button if is_first else 0)
        dpg.configure_item(self._welcome, show=not (capturing.pictures or capturing.is_on))
        dpg.set_value(self._welcome, NO_CAMERA if state.driving.cameras == () else WELCOME)
        doing = {"preparing": "Opening the camera", "stopping": "Letting go"}.get(capturing.phase, "")
        if progress is not None and progress.message:
            doing = sentence(progress.message)
        dpg.configure_item(self._doing, show=bool(doing) and capturing.trouble is None)
        dpg.set_value(self._doing, doing)
        self._trouble.show(capturing.trouble)
        dpg.configure_item(
            self._shutter, enabled=is_looking, label="Call it off" if capturing.due else "Take a picture"
        )
        count = len(capturing.pictures)
        dpg.configure_item(self._make, enabled=count > 0 and job is None)
        is_old = is_made and capturing.outlines_changed
        dpg.bind_item_theme(self._make, 0 if is_made and not is_old else self._desk.theme.primary_button)
        dpg.configure_item(self._next, show=is_made)
        dpg.set_value(self._news, OLD if is_old else "Your avatar is there.")
        dpg.configure_item(self._refine, label="See it get better" if is_refined else "Let it get better")
        notes = state.file.notes if is_made else ()
        dpg.configure_item(self._notes, show=bool(notes))
        show(self._desk.theme, self._notes, "\n".join(sentence(each) for each in notes))
        dpg.configure_item(self._count, show=count > 0)
        dpg.set_value(self._count, will_be_made_of(capturing.pictures))
        dpg.configure_item(self._job, show=job is not None)
        if job is not None:
            dpg.set_value(self._bar, job.fraction)
            dpg.set_value(self._stage, sentence(job.message or job.name))
        chosen = state.settings.capture
        dpg.set_value(self._mode, next(label for label, mode in MODES.items() if mode == chosen.mode))
        dpg.set_value(self._automatic, chosen.is_automatic)
        dpg.set_value(self._countdown, f"{chosen.countdown} s")
        dpg.configure_item(self._stepping_back, show=chosen.mode == "body")

    def _show_picture(self, capturing: Capturing) -> None:
        size = self._source.size if capturing.is_on else None
        dpg.configure_item(self._looking, show=size is not None)
        if size is None:
            return
        if size != self._picture_size:
            self._picture_size = size
            room = self._desk.inner_width, self._desk.theme.px(PICTURE_HEIGHT)
            share = min(room[0] / size[0], room[1] / size[1])
            self._place = (round(share * size[0]), round(share * size[1]))
            height = self._place[1] + self._desk.theme.px(METERS_HEIGHT)
            dpg.configure_item(self._drawlist, width=room[0], height=height)
        left = (self._desk.inner_width - self._place[0]) // 2
        self._guided.draw(capturing, (left, 0), self._place)
        refusal, glance = capturing.refusal, capturing.glance
        if refusal is not None:
            words = f"Not taken: {refusal.message}. {sentence(refusal.hint)}. Press again to take it all the same."
        else:
            words = "" if glance is None else sentence(glance.advice.text)
        dpg.set_value(self._advice, words)
