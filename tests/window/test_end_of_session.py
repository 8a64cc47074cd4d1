"""What the person chose, and work that was not saved, outlive a session that ends while the program is open."""

from __future__ import annotations

import json
import signal
import time

import pytest

pytestmark = pytest.mark.window

SLIDER = "neck y"


def middle(rectangle, share=(0.5, 0.5)):
    left, top, width, height = rectangle
    return (left + share[0] * width, top + share[1] * height)


def turn_neck(program, settled, share):
    if SLIDER not in settled.rectangles:
        settled = program.after(lambda: program.click(*middle(settled.rectangles["rail Pose"])))
    slider = settled.rectangles[SLIDER]
    return program.after(lambda: program.drag(middle(slider), middle(slider, (share, 0.5))))


def kept(folder) -> list:
    return list((folder / "home" / "recovery").glob("[!.]*.nlfgs"))


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
    turn_neck(program, grown, 0.8)
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
