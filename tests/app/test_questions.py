"""Enter accepts what a question proposes, and never what cannot be undone. Only the widgets are played."""

from __future__ import annotations

from unittest.mock import MagicMock

import pytest


@pytest.fixture
def dialogs(monkeypatch):
    from nlfgs_studio.app.panels import dialogs, modal

    theme = MagicMock()
    theme.px = round
    for module in (dialogs, modal):
        played = MagicMock()
        played.get_viewport_client_width.return_value = played.get_viewport_client_height.return_value = 1000
        monkeypatch.setattr(module, "dpg", played)
    for name in ("show", "text_button"):
        monkeypatch.setattr(dialogs, name, MagicMock())
    return dialogs.WindowDialogs(MagicMock(theme=theme), MagicMock())


@pytest.mark.parametrize(("destroys", "done"), [(False, ["last"]), (True, [])])
def test_enter_means_the_last_answer_but_cancel_where_something_is_destroyed(dialogs, destroys, done):
    did = []

    def answer(name):
        return lambda: (did.append(name), dialogs.close())

    answers = {"Another": answer("another"), "The last": answer("last")}
    dialogs.ask("A question", "Shall it be?", answers, destroys=destroys)
    assert dialogs.is_open
    dialogs.accept()
    assert did == done
    assert not dialogs.is_open
