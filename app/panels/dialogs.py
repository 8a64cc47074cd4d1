"""The questions that the window asks: which file, and what becomes of unsaved work."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import dearpygui.dearpygui as dpg

from ..actions import OfferStandIn, SetSettings
from ..lettering import show
from ..state import Document, State
from .controls import text_button
from .desk import Desk
from .file import FileActions, document_name
from .file_browser import FileBrowser
from .modal import Modal

WIDTH, HEIGHT = 500, 168


class WindowDialogs:
    """At most one question is open; `sync` goes on when the saving it waits for is done."""

    def __init__(self, desk: Desk, files: FileActions) -> None:
        self._desk = desk
        self._files = files
        self._browser = FileBrowser(
            desk.theme,
            lambda: desk.store.state.settings.folder or Path.cwd(),
            recent=lambda: desk.store.state.recent,
            chosen=self._remember_folder,
        )
        self._question = Modal(desk.theme, width=WIDTH, height=HEIGHT)
        self._proposal: Callable[[], object] | None = None
        """What Enter means to the open question."""
        self._offered: Path | None = None
        """The file whose avatar could stand on another body."""
        self._after_saving: tuple[Document, Callable[[], object]] | None = None

    @property
    def is_open(self) -> bool:
        return self._browser.is_open or self._question.is_open

    def close(self) -> None:
        """Answer "cancel"."""
        self._browser.close()
        self._question.close()
        self._after_saving = None
        if self._offered is not None:
            self._offered = None
            self._desk.send(OfferStandIn(source=None))

    def accept(self) -> None:
        """Answer "yes", if something is asked."""
        if self._browser.is_open:
            self._browser.accept()
        elif self._question.is_open and self._proposal is not None:
            self._proposal()

    def choose_to_open(self, title: str, suffixes: tuple[str, ...], then: Callable[[Path], object]) -> None:
        self._browser.show(title, suffixes, then)

    def choose_to_save(
        self, title: str, suffixes: tuple[str, ...], suggestion: str, then: Callable[[Path], object]
    ) -> None:
        self._browser.show(title, suffixes, then, saving_as=suggestion)

    def choose_folder(self, title: str, then: Callable[[Path], object]) -> None:
        self._browser.show(title, (), then)

    def _remember_folder(self, folder: Path) -> None:
        store = self._desk.store
        store.dispatch(SetSettings(settings=replace(store.state.settings, folder=folder)))

    def settle_unsaved(self, doing: str, then: Callable[[], object]) -> None:
        """Go on at once where nothing is unsaved, else when the person has saved or given the work up."""
        state = self._desk.store.state
        if not state.unsaved:
            then()
            return
        self.ask(
            "Unsaved changes",
            f"Save the changes to {document_name(state.file)} before {doing}?",
            {"Discard changes": lambda: self._give_up(then), "Save": lambda: self._save(then)},
        )

    def ask(
        self,
        title: str,
        text: str,
        answers: dict[str, Callable[[], None]],
        *,
        cancel: str = "Cancel",
        destroys: bool = False,
    ) -> None:
        """Ask; `cancel` closes the question. The last of the answers is proposed, unless it `destroys` something."""
        theme = self._desk.theme
        *_, last = answers
        self._proposal = self.close if destroys else answers[last]
        width, gap = theme.px(WIDTH - 40), theme.px(8)
        button_width = (width - len(answers) * gap) // (len(answers) + 1)
        with self._question.content(title):
            show(theme, dpg.add_text(wrap=width), text)
            dpg.add_spacer(height=theme.px(10))
            with dpg.group(horizontal=True, horizontal_spacing=gap):
                text_button(theme, cancel, self.close, width=button_width)
                for label, answer in answers.items():
                    button = text_button(theme, label, answer, width=button_width, primary=label == last)
                    if destroys and label == last:
                        dpg.bind_item_theme(button, theme.danger_button)

    def _give_up(self, then: Callable[[], object]) -> None:
        self.close()
        then()

    def _save(self, then: Callable[[], object]) -> None:
        self.close()
        self._desk.services.refining.keep_now()  # what goes on changing is never saved
        self._after_saving = (self._desk.store.state.document, then)
        self._files.save()

    def layout(self) -> None:
        self._browser.layout()
        self._question.layout()

    def sync(self, state: State) -> None:
        if state.stand_in_offered != self._offered:
            self._offered = state.stand_in_offered
            if self._offered is not None:
                self._ask_about_stand_in(self._offered)
        self._go_on_after_saving(state)

    def _ask_about_stand_in(self, path: Path) -> None:
        def accept() -> None:
            self.close()
            self._desk.run("open", source=path, stand_in=True)

        self.ask(
            "The body is missing",
            f"{path.name} was made on a body that is not on this machine. Open it on one with the same faces?",
            {"Open it": accept},
        )

    def _go_on_after_saving(self, state: State) -> None:
        """Not where the saving was called off or failed."""
        if self._after_saving is None:
            return
        document, then = self._after_saving
        is_saved = state.document is document and not state.unsaved
        is_under_way = self.is_open or any(job.name == "save" for job in state.jobs)
        if is_saved or not is_under_way:
            self._after_saving = None
        if is_saved:
            then()
