"""Work outlives the program: saved under any name, and after a kill the next start gives it back."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from desktop import Program
from nlfgs_studio.app.documents import document_of
from nlfgs_studio.app.projects import save_project
from nlfgs_studio.app.state import State
from nlfgs_studio.core.avatar.wardrobe import default_avatar
from nlfgs_studio.core.storage.project import read_project

pytestmark = pytest.mark.window

SLIDER = "neck y"
NAME = "Ünïcødé 文件.nlfgs"
WHOLE = (0, 0, 1280, 720)
FIRST_FILE = (500, 268)
"""In the list of the browser, below the way up and the folder `home`."""


@pytest.fixture
def start_again(screen, builtin_path, tmp_path):
    """Starts the program, each time with what the one before has left."""
    programs = []

    def start(*arguments: str) -> Program:
        for file in ("trace.jsonl", "stderr.txt"):
            (tmp_path / file).unlink(missing_ok=True)
        program = Program(screen, tmp_path, "--size", "1280x720", *arguments, NLFGS_STUDIO_AUTOSAVE_SECONDS="1")
        programs.append(program)
        return program

    yield start
    for program in programs:
        program.close()


def middle(rectangle, share=(0.5, 0.5)):
    left, top, width, height = rectangle
    return (left + share[0] * width, top + share[1] * height)


def turn_neck(program, settled, share):
    if SLIDER not in settled.rectangles:
        settled = program.after(lambda: program.click(*middle(settled.rectangles["rail Pose"])))
    slider = settled.rectangles[SLIDER]
    return program.after(lambda: program.drag(middle(slider), middle(slider, (share, 0.5))))


def question(program, act) -> None:
    """Do something that makes the window ask."""
    before = program.pixels(WHOLE)
    act()
    program.wait_for(lambda: np.any(program.pixels(WHOLE)[:80] != before[:80]), "question")
    time.sleep(0.3)


def kept(folder) -> list:
    return list((folder / "home" / "recovery").glob("[!.]*.nlfgs"))


def test_open_change_save_kill_recover_and_export(start_again, tmp_path, body):
    path = tmp_path / NAME
    save_project(path, State(document=document_of(default_avatar(body), body)))
    program = start_again()
    program.wait_until_open()
    question(program, lambda: program.key("ctrl+o"))
    program.click(*FIRST_FILE)
    time.sleep(0.3)
    program.key("Return")
    opened = program.settled(lambda line: line["status"] == f"opened {NAME}", since=0)

    turned = turn_neck(program, opened, 0.9)
    question(program, lambda: program.key("ctrl+shift+s"))
    program.key("Return")  # the name that is proposed
    saved = program.settled(lambda line: not line["unsaved"] and line["document"] == turned.document, since=0)
    assert saved.fields["status"] == f"saved {NAME}"
    program.wait_for(lambda: not kept(tmp_path), "end of what was kept")

    changed = turn_neck(program, saved, 0.2)
    assert changed.fields["unsaved"]
    program.wait_for(lambda: kept(tmp_path), "kept copy")
    time.sleep(0.5)
    program.process.send_signal(signal.SIGKILL)
    program.process.wait()
    on_disk = read_project(path).values["document"]["rotations"]

    program = start_again()
    first = program.wait_until_open()
    assert first.document not in (changed.document, turned.document)
    recovered = program.after(lambda: program.key("Return"))
    recovered = program.settled(lambda line: line["unsaved"], since=0)
    assert recovered.document == changed.document
    assert recovered.picture == changed.picture
    assert read_project(path).values["document"]["rotations"] == on_disk, "recovering writes nothing"
    program.after(lambda: program.key("ctrl+s"))
    program.settled(lambda line: not line["unsaved"], since=0)
    assert read_project(path).values["document"]["rotations"] != on_disk
    program.wait_for(lambda: not kept(tmp_path), "end of what was kept")
    program.ask_to_close()
    assert program.process.wait(10) == 0
    assert program.errors == ""
    assert list((tmp_path / "home" / "recovery").iterdir()) == []

    command = [sys.executable, "-m", "nlfgs_studio.app.cli", "export", str(path), "-o", str(tmp_path / "neck.ply")]
    subprocess.run(
        command, check=True, capture_output=True, env={**os.environ, "NLFGS_STUDIO_HOME": str(tmp_path / "home")}
    )
    assert (tmp_path / "neck.ply").stat().st_size > 1_000_000


def test_the_settings_are_kept_and_unsaved_work_survives_the_end_of_the_session(start_again, tmp_path):
    program = start_again()
    settled = program.wait_until_open()
    panel = program.after(lambda: program.click(*middle(settled.rectangles["rail Settings"])))
    x, y = middle(panel.rectangles["settings look"])
    program.click(x, y)
    time.sleep(0.4)
    program.click(x, y + 54)  # the second line of the list
    program.wait_for(lambda: program.pixels((200, 4, 10, 10)).mean() > 200, "light window")
    x, y = middle(panel.rectangles["settings font_size"])
    program.click(x, y)
    time.sleep(0.4)
    program.click(x, y + 78)  # "Large", the third
    narrow = panel.rectangles["rail Pose"][2]
    grown = program.settled(lambda line: line["rectangles"]["rail Pose"][2] > narrow, since=0)
    assert grown.fields["errors"] == []
    turned = turn_neck(program, grown, 0.8)
    program.process.send_signal(signal.SIGTERM)
    assert program.process.wait(10) == 143
    stored = json.loads((tmp_path / "home" / "settings" / "settings.json").read_text())["settings"]
    assert (stored["look"], stored["font_size"], stored["panel"]) == ("light", 18, "Pose")
    assert len(kept(tmp_path)) == 1

    program = start_again()
    program.wait_until_open()
    assert program.pixels((200, 4, 10, 10)).mean() > 100
    program.key("Escape")
    time.sleep(0.5)
    assert len(kept(tmp_path)) == 1, "later means later"
    program.ask_to_close()
    assert program.process.wait(10) == 0

    program = start_again()
    program.wait_until_open()
    program.after(lambda: program.key("Return"))
    recovered = program.settled(lambda line: line["unsaved"], since=0)
    assert recovered.document == turned.document
