"""The whole way through the window by mouse and keys, as a person goes it once; what remains lies on the disk."""

from __future__ import annotations

import signal
import time

import numpy as np
import pytest
import torch
from nlfgs_studio.app.documents import document_of
from nlfgs_studio.app.projects import open_project, save_project
from nlfgs_studio.app.scene import Scene
from nlfgs_studio.app.state import State
from nlfgs_studio.core.avatar.wardrobe import default_avatar
from nlfgs_studio.core.body.joints import JOINT_NAMES
from nlfgs_studio.core.storage.gaussian_ply import read_ply

pytestmark = pytest.mark.window

NAME = "Ünïcødé 文件.nlfgs"
FOREARM = (0.697, 0.248)
"""Of the picture's width and height, when the whole body is framed in its T-pose."""
FIRST_FILE = (500, 268)
"""In the list of the browser, below the way up and the folder `home`."""
NUM_STEPS = 10


def in_picture(settled, place) -> tuple[float, float]:
    left, top, width, height = settled.rectangles["picture"]
    return left + place[0] * width, top + place[1] * height


def on_ring(settled) -> tuple[float, float]:
    """Where the chosen joint's ring about z can be taken hold of."""
    left, top, _, _ = settled.rectangles["picture"]
    x, y = settled.fields["handles"]["z"]
    return left + x, top + y


def turned_by_ring(program, settled, down: float):
    x, y = on_ring(settled)
    return program.after(lambda: program.drag((x, y), (x - 0.4 * down, y + down)))


def turn_in_steps(program, settled) -> None:
    """A ring stays where it is while its joint turns about it: each drag begins at the same place."""
    x, y = on_ring(settled)
    for step in range(NUM_STEPS):
        program.drag((x, y), (x - 4, y + 12 + step), steps=2)


def at_two_seconds(settled) -> tuple[float, float]:
    """On the ruler: 104 px of names, 14 px of room, and 12 % more time than the four seconds that last."""
    left, top, width, _ = settled.rectangles["timeline"]
    return left + 104 + (width - 118) * 2.0 / (4.0 * 1.12), top + 10


def answer(program, ask, act) -> None:
    """Make the window ask, wait until the question stands, and answer it."""
    whole = (0, 0, 1280, 80)
    before = program.pixels(whole)
    ask()
    program.wait_for(lambda: np.any(program.pixels(whole) != before), "question")
    time.sleep(0.4)
    act()


def kept(folder) -> list:
    return list((folder / "home" / "recovery").glob("[!.]*.nlfgs"))


def gaussians_in(path):
    """What a project shows."""
    return Scene().gaussians(State(document=open_project(path, lambda *_: None).document))


def test_open_pose_undo_keyframe_play_save_kill_recover_export(start_again, tmp_path, body):
    path = tmp_path / NAME
    save_project(path, State(document=document_of(default_avatar(body), body)))
    program = start_again()
    program.wait_until_open()

    def choose_the_file() -> None:
        program.click(*FIRST_FILE)
        time.sleep(0.3)
        program.key("Return")

    answer(program, lambda: program.key("ctrl+o"), choose_the_file)
    program.settled(lambda line: line["status"] == f"opened {NAME}", since=0)
    opened = program.after(lambda: program.key("f"))

    chosen = program.after(lambda: program.click(*in_picture(opened, FOREARM)))
    assert chosen.fields["selected_joint"] == JOINT_NAMES.index("left_elbow")
    turned = program.after(lambda: turn_in_steps(program, chosen))
    assert turned.document != opened.document
    undone = program.after(lambda: program.key(*["ctrl+z"] * NUM_STEPS))
    assert (undone.document, undone.picture) == (opened.document, chosen.picture)
    assert not undone.fields["unsaved"]
    posed = program.after(lambda: program.key(*["ctrl+shift+z"] * NUM_STEPS))
    assert (posed.document, posed.picture) == (turned.document, turned.picture)

    first = program.after(lambda: program.key("k"))
    later = program.after(lambda: program.click(*at_two_seconds(first)))
    turned_by_ring(program, later, 40)
    second = program.after(lambda: program.key("k"))
    assert second.fields["keys"]["pose"] == pytest.approx([0.0, 2.0], abs=0.02)
    pictures = len(program.trace())
    program.key("space")
    program.wait_for(lambda: len(program.trace()) > pictures + 4, "pictures of what plays")
    held = program.after(lambda: program.key("space"))
    assert held.fields["seconds"] > 0.0
    assert not held.fields["playing"]

    program.after(lambda: program.key("ctrl+s"))
    saved = program.settled(lambda line: line["status"] == f"saved {NAME}" and not line["unsaved"], since=0)
    program.wait_for(lambda: not kept(tmp_path), "end of what was kept")
    on_disk = path.read_bytes()
    lost = turned_by_ring(program, saved, 60)
    assert lost.fields["unsaved"]
    program.wait_for(lambda: kept(tmp_path), "kept copy")
    time.sleep(0.5)
    program.process.send_signal(signal.SIGKILL)
    program.process.wait()

    program = start_again()
    assert program.wait_until_open().document != lost.document
    program.key("Return")  # the question is whether to recover
    program.settled(lambda line: line["unsaved"], since=0)
    recovered = program.after(lambda: program.key("f"))
    assert recovered.document == lost.document
    assert recovered.fields["keys"] == second.fields["keys"]
    assert path.read_bytes() == on_disk, "recovering writes nothing"

    def type_the_name() -> None:
        program.key("ctrl+a")
        program.type("pose.ply")
        program.key("Return")

    answer(program, lambda: program.key("ctrl+e"), type_the_name)
    program.settled(lambda line: line["status"] == "exported pose.ply", since=0)
    before_kill = gaussians_in(path).means
    program.after(lambda: program.key("ctrl+s"))
    program.settled(lambda line: not line["unsaved"] and line["document"] == lost.document, since=0)
    exported = read_ply(tmp_path / "pose.ply").means
    assert torch.allclose(exported, gaussians_in(path).means, atol=1e-4)
    assert (exported - before_kill).abs().max() > 0.01

    program.after(lambda: program.key("k"))
    answer(program, program.ask_to_close, lambda: program.key("Escape"))
    assert program.process.poll() is None, "unsaved work is asked about"
    program.after(lambda: program.key("ctrl+z"))
    program.wait_for(lambda: not kept(tmp_path), "end of what was kept")
    program.ask_to_close()
    assert program.process.wait(10) == 0
    assert program.errors == ""
    assert program.trace()[-1]["errors"] == []
    assert list((tmp_path / "home" / "recovery").iterdir()) == []
