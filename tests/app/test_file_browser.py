"""A name is objected to when it is wrong, not while it is being typed."""

from __future__ import annotations

import pytest


@pytest.fixture
def objection(tmp_path):
    from nlfgs_studio.app.panels import file_browser

    (tmp_path / "me.png").touch()
    (tmp_path / "holidays").mkdir()

    def said(name: str, *, suffixes=(".png", ".jpg"), is_saving=False, is_typing=False) -> str:
        return file_browser.objection(tmp_path / name, suffixes, is_saving=is_saving, is_typing=is_typing)

    return said


@pytest.mark.parametrize("name", ["holi", "holidays", "holidays/", "nowhere/me", "me"])
def test_nothing_is_said_while_a_folder_or_no_ending_is_typed(objection, name):
    assert objection(name, is_typing=True) == ""
    assert objection(name, is_typing=True, suffixes=()) == ""


def test_what_cannot_be_opened_is_said(objection):
    assert objection("me.png") == ""
    assert objection("ME.PNG", is_saving=True) == ""
    assert objection("you.png", is_saving=True) == ""
    assert "no such file" in objection("you.png")
    for is_typing in (False, True):
        assert objection("me.txt", is_typing=is_typing) == "The name has to end in .png or .jpg"
    assert "has to end in" in objection("me")
    assert "no such folder" in objection("nowhere", suffixes=())
    assert objection("holidays", suffixes=()) == ""
