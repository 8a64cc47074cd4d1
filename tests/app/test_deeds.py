"""The list that the menu, the keyboard and the help are made from."""

from __future__ import annotations

from collections import Counter

import pytest
from nlfgs_studio.app.commands import COMMANDS


@pytest.fixture
def asked_for():
    """What was asked for, in order."""
    return []


@pytest.fixture
def deeds(asked_for):
    from nlfgs_studio.app.panels.deeds import deeds_of
    from nlfgs_studio.app.store import Store

    class Recorder:
        """Stands for the window's parts: remembers what is called."""

        store = Store()

        def run(self, command, **_arguments):
            assert command in COMMANDS
            asked_for.append(command)

        def __getattr__(self, name):
            return lambda *_arguments, **_words: asked_for.append(name)

    desk = Recorder()
    return deeds_of(
        desk,
        desk,
        desk,
        desk,
        desk,
        frame=lambda part: asked_for.append(f"frame {part}"),
        show_panel=lambda name: asked_for.append(f"show {name}"),
        leave=lambda: asked_for.append("leave"),
    )


def test_no_two_deeds_have_the_same_keys(deeds):
    counts = Counter(deed.keys for deed in deeds if deed.keys)
    assert [keys for keys, count in counts.items() if count > 1] == []


def test_keys_read_as_words(deeds):
    keys = {(deed.label, deed.keys) for deed in deeds}
    assert {("Undo", "Ctrl+Z"), ("Redo", "Ctrl+Shift+Z"), ("Redo", "Ctrl+Y")} <= keys
    assert ("Play or pause", "Space") in keys


def test_every_deed_asks_for_one_thing_and_the_same_label_for_the_same(deeds, asked_for):
    by_label = {}
    for deed in deeds:
        asked_for.clear()
        deed.action()
        assert len(asked_for) == 1
        assert by_label.setdefault((deed.menu, deed.label), asked_for[0]) == asked_for[0]
    # Both PLY exports differ in an argument only, and so do both sizes of the brush.
    assert len(set(by_label.values())) >= len(by_label) - 2


def test_what_cannot_be_done_with_nothing_open_is_known(deeds):
    possible = {deed.label: deed.is_possible() for deed in deeds if deed.is_possible is not None}
    assert not any(possible.values())
