"""Names in any script can be read, whatever fonts the system has."""

from __future__ import annotations

import pytest
from nlfgs_studio.app import lettering
from nlfgs_studio.app.lettering import OWN_FONT, font_for, has, spelled


@pytest.mark.parametrize("name", ["me.nlfgs", "Ünïcødé ő ł ß.npz", "Привет", "Ελλάδα", "a … → “b”"])
def test_what_the_windows_own_font_has_is_shown_in_it_unchanged(name):
    assert font_for(name) == OWN_FONT
    assert spelled(name) == name


def test_what_no_font_has_is_spelled(monkeypatch):
    monkeypatch.setattr(lettering, "_system_fonts", lambda: ())
    assert font_for("文件.nlfgs") is None
    assert spelled("文件.nlfgs") == "[6587 4ef6].nlfgs"
    assert spelled("カタ") == "[ka ta]"
    assert spelled("dạo") == "dao"
    assert spelled("x\ud800") == "x[d800]"
    assert all(has(OWN_FONT, letter) for letter in spelled("한글 😀 שלום"))


def test_a_font_of_the_system_is_taken_where_it_has_every_letter(monkeypatch):
    lacking = OWN_FONT.with_name("MaterialIcons.ttf")
    monkeypatch.setattr(lettering, "OWN_FONT", lacking)
    monkeypatch.setattr(lettering, "_system_fonts", lambda: (OWN_FONT,))
    assert font_for("abc") == OWN_FONT
    assert font_for("abc 文") is None
