"""Names in any script can be read, whatever fonts the system has."""

from __future__ import annotations

import shutil
import sys

import pytest
from nlfgs_studio.app import lettering
from nlfgs_studio.app.driven import Driving
from nlfgs_studio.app.lettering import OWN_FONT, find_system_fonts, font_for, has, spelled
from nlfgs_studio.app.state import State
from nlfgs_studio.app.viewport.hud import sign_of


@pytest.mark.parametrize("name", ["me.nlfgs", "Ünïcødé ő ł ß.npz", "Привет", "Ελλάδα", "a … → “b”"])
def test_what_the_windows_own_font_has_is_shown_in_it_unchanged(name):
    assert font_for(name) == OWN_FONT
    assert spelled(name) == name


def test_what_no_font_has_is_spelled(monkeypatch):
    monkeypatch.setattr(lettering, "_system_fonts", ())
    assert font_for("文件.nlfgs") is None
    assert spelled("文件.nlfgs") == "[6587 4ef6].nlfgs"
    assert spelled("カタ") == "[ka ta]"
    assert spelled("dạo") == "dao"
    assert spelled("x\ud800") == "x[d800]"
    assert all(has(OWN_FONT, letter) for letter in spelled("한글 😀 שלום"))


def test_a_font_of_the_system_is_taken_where_it_has_every_letter(monkeypatch):
    lacking = OWN_FONT.with_name("MaterialIcons.ttf")
    monkeypatch.setattr(lettering, "OWN_FONT", lacking)
    monkeypatch.setattr(lettering, "_system_fonts", (OWN_FONT,))
    assert font_for("abc") == OWN_FONT
    assert font_for("abc 文") is None


def test_fonts_of_the_system_are_taken_once_they_were_looked_for(monkeypatch, tmp_path):
    folder = tmp_path / "truetype" / "dejavu"
    folder.mkdir(parents=True)
    shutil.copy(OWN_FONT, folder / "DejaVuSans.ttf")
    shutil.copy(OWN_FONT, folder / "NobodyKnowsThis.ttf")
    monkeypatch.setattr(lettering, "OWN_FONT", OWN_FONT.with_name("MaterialIcons.ttf"))
    monkeypatch.setattr(lettering, "FONT_FOLDERS", {sys.platform: (str(tmp_path), str(tmp_path / "missing"))})
    monkeypatch.setattr(lettering, "_system_fonts", ())
    assert font_for("abc") is None
    find_system_fonts()
    assert font_for("abc") == folder / "DejaVuSans.ttf"


def test_the_sign_of_a_film_can_be_read():
    driving = Driving(phase="running", source="/films/跳舞.mp4", title="跳舞.mp4")
    assert sign_of(State(driving=driving)) == "driven by [8df3 821e].mp4"
