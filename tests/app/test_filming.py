"""Pictures and films of what the window shows, and how the view is asked for it."""

from __future__ import annotations

import math
import os
import stat

import numpy as np
import pytest
from nlfgs_studio.app import clipboard, filming
from nlfgs_studio.app.commands import run
from nlfgs_studio.app.filming import film_of
from nlfgs_studio.app.services import Services
from nlfgs_studio.app.store import Store
from nlfgs_studio.core.errors import Cancelled, StudioError
from nlfgs_studio.core.rendering.display import Mode
from PIL import Image


def pixels(path) -> np.ndarray:
    return np.asarray(Image.open(path))


def num_pictures(path) -> int:
    import av

    with av.open(str(path)) as film:
        return sum(1 for _ in film.decode(video=0))


def test_a_picture_is_what_the_view_shows(services, folder):
    run(services, "frame", part="body")
    run(services, "set_view", background=(0.0, 0.0, 1.0))
    run(services, "save_picture", path="ünï.png", size=(120, 90))
    services.wait()
    splats = pixels(folder / "ünï.png")
    assert splats.shape == (90, 120, 3)
    assert splats[0, 0].tolist() == [0, 0, 255]
    assert (splats != [0, 0, 255]).any(axis=-1).sum() > 300
    run(services, "set_display", mode="mesh")
    run(services, "save_picture", path="mesh", size=(120, 90), samples=2)
    services.wait()
    assert np.abs(pixels(folder / "mesh.png").astype(int) - splats).max() > 50
    assert services.store.state.status.message == "saved the picture mesh.png"


def test_a_transparent_picture_keeps_its_alpha(services, folder):
    run(services, "frame", part="body")
    run(services, "save_picture", path="a.png", size=(80, 60), transparent=True)
    services.wait()
    alpha = pixels(folder / "a.png")[..., 3]
    assert alpha[0, 0] == 0
    assert alpha.max() > 250
    assert not services.store.state.view.display.transparent


def test_a_picture_file_lies_behind_the_avatar(services, folder):
    Image.new("RGB", (50, 50), (200, 30, 90)).save(folder / "behind.png")
    run(services, "set_background_picture", path="behind.png")
    assert services.backdrops.of(services.store.state.view.display) is None
    services.wait()
    assert services.backdrops.of(services.store.state.view.display) is not None
    run(services, "save_picture", path="a.png", size=(80, 60))
    services.wait()
    assert pixels(folder / "a.png")[0, 0].tolist() == [200, 30, 90]
    run(services, "set_background_picture", path=None)
    assert services.backdrops.of(services.store.state.view.display) is None


def test_a_damaged_picture_behind_is_said_once(services, folder):
    (folder / "broken.png").write_bytes(b"no picture")
    run(services, "set_background_picture", path="broken.png")
    display = services.store.state.view.display
    assert services.backdrops.of(display) is None
    with pytest.raises(StudioError, match=r"broken\.png"):
        services.wait()
    assert services.backdrops.of(display) is None
    assert services.store.state.jobs == ()


def test_a_film_shows_the_motion_or_turns_around(services, folder):
    assert film_of(services.store.state) == filming.Film(seconds=4.0, fps=30.0, turning=True)
    run(services, "save_film", path="turn", size=(64, 48), seconds=0.4, fps=10.0)
    services.wait()
    assert num_pictures(folder / "turn.mp4") == 4
    run(services, "open_motion", path="motion.npz", playing=False)
    services.wait()
    motion = services.store.state.playback.motion
    film = film_of(services.store.state)
    assert (film.seconds, film.fps, film.turning) == (motion.seconds, 30.0, False)
    run(services, "save_film", path="motion.mp4", size=(64, 48))
    services.wait()
    assert num_pictures(folder / "motion.mp4") == film.num_frames


def test_a_cancelled_film_leaves_nothing(services, folder):
    (folder / "film.mp4").write_bytes(b"older")
    run(services, "save_film", path="film.mp4", size=(64, 48), seconds=20.0)
    run(services, "cancel", job="film")
    with pytest.raises(Cancelled):
        services.wait()
    assert (folder / "film.mp4").read_bytes() == b"older"
    assert not [path for path in folder.iterdir() if path.name.startswith((".film", "film.mp4."))]


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        ("save_picture", {"path": "a.jpg"}),
        ("save_picture", {"path": "a.png", "size": (9000, 100)}),
        ("save_picture", {"path": "a.png", "samples": 9}),
        ("save_film", {"path": "a.gif"}),
        ("save_film", {"path": "a.mp4", "fps": math.nan}),
        ("set_background_picture", {"path": "nowhere.png"}),
        ("set_fov", {"degrees": 179.0}),
        ("select_joint", {"joint": "tail"}),
    ],
)
def test_what_makes_no_sense_is_said(services, command, arguments):
    before = services.store.state
    with pytest.raises(StudioError):
        run(services, command, **arguments)
    assert services.store.state is before


def test_without_an_avatar_there_is_nothing_to_take():
    services = Services(Store(), keeps_recent=False)
    for command in ("save_picture", "save_film"):
        with pytest.raises(StudioError, match="nothing"):
            run(services, command, path="a" + (".png" if command == "save_picture" else ".mp4"))
    services.close()


def test_a_renderer_that_cannot_film_is_replaced_and_said(services, folder):
    from nlfgs_studio.app.actions import SetView

    services.store.dispatch(SetView(renderer="crayons"))
    run(services, "save_picture", path="a.png", size=(32, 32))
    services.wait()
    assert pixels(folder / "a.png").shape[:2] == (32, 32)
    said = [entry.status.message for entry in services.store.state.log if entry.status.kind == "warning"]
    assert len(said) == 1
    assert "crayons" in said[0]


def test_an_unwritable_place_is_said(services, tmp_path):
    run(services, "save_picture", path=tmp_path / "absent" / "a.png", size=(32, 32))
    with pytest.raises(StudioError):
        services.wait()


def test_the_field_of_view_keeps_the_size_of_the_avatar(services):
    def height_at_target() -> float:
        orbit = services.store.state.view.orbit
        return orbit.distance * math.tan(orbit.vertical_fov / 2.0)

    before = height_at_target()
    run(services, "set_fov", degrees=70.0)
    assert math.degrees(services.store.state.view.orbit.vertical_fov) == pytest.approx(70.0)
    assert height_at_target() == pytest.approx(before)


def test_the_display_changes_piece_by_piece(services):
    run(services, "set_display", mode="rings", grid=True)
    run(services, "set_display", floor=True)
    display = services.store.state.view.display
    assert (display.mode, display.grid, display.floor) == (Mode.RINGS, True, True)
    with pytest.raises(ValueError, match="sideways"):
        run(services, "set_display", mode="sideways")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the clipboard's tools are Linux's")
def test_a_copied_picture_reaches_the_tool(services, folder, monkeypatch):
    tool = folder / "xclip"
    tool.write_text(f'#!/bin/sh\ncat > "{folder}/pasted.png"\n')
    tool.chmod(tool.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    run(services, "copy_picture", size=(64, 48))
    services.wait()
    assert pixels(folder / "pasted.png").shape == (48, 64, 3)


def test_without_a_clipboard_the_person_is_told_what_to_install(services, monkeypatch):
    monkeypatch.setattr(clipboard.shutil, "which", lambda _: None)
    with pytest.raises(StudioError) as refused:
        run(services, "copy_picture")
    assert "install" in refused.value.hint or "save" in refused.value.hint
