"""The options of `render` that say how the avatar is looked at."""

from __future__ import annotations

import numpy as np
import pytest
from nlfgs_studio.app.cli import main
from nlfgs_studio.app.cli.arguments import MESH_LAYERS, MESH_STYLES, MODES, parse
from nlfgs_studio.core.rendering.display import Display, MeshLayer, MeshStyle, Mode
from PIL import Image


def rendered(folder, *arguments: str) -> np.ndarray:
    options = ["--size", "64x48", "--background", "#336699", *arguments]
    assert main(["render", "avatar.npz", "-o", "picture-out.png", *options]) == 0
    return np.asarray(Image.open(folder / "picture-out.png"))


def test_the_choices_are_those_of_the_display():
    assert (*MODES,) == tuple(mode.value for mode in Mode)
    assert (*MESH_LAYERS,) == tuple(layer.value for layer in MeshLayer)
    assert (*MESH_STYLES,) == tuple(style.value for style in MeshStyle)
    options, plain = parse(["render", "a", "-o", "a.png"]), Display()
    given = (options.mode, options.mesh, options.mesh_style, options.floor, options.grid, options.transparent)
    assert given == (plain.mode, plain.mesh, plain.mesh_style, plain.floor, plain.grid, plain.transparent)


def test_every_mode_is_another_picture(folder):
    pictures = [rendered(folder, "--mode", mode) for mode in MODES]
    for number, one in enumerate(pictures):
        assert one.shape == (48, 64, 3)
        assert one[0, 0].tolist() == [0x33, 0x66, 0x99]
        assert all((one != other).any() for other in pictures[:number])


@pytest.mark.parametrize(
    "arguments",
    [
        ("--mesh", "over", "--mesh-style", "both"),
        ("--floor",),
        ("--grid",),
        ("--fov", "70"),
        ("--yaw", "40"),
        ("--pitch", "-30"),
        ("--splat-size", "0.2"),
        ("--background-image", "picture.png"),
        ("--samples", "3"),
    ],
)
def test_each_option_changes_the_picture(folder, arguments):
    plain = rendered(folder)
    assert (rendered(folder, *arguments) != plain).any()


def test_a_body_that_has_turned_around_is_seen_from_its_front(folder):
    front, back = rendered(folder).astype(int), rendered(folder, "--yaw", "180").astype(int)
    turned = rendered(folder, "--pose", "pelvis=0,180,0").astype(int)
    assert np.abs(turned - front).mean() < 0.1 * np.abs(back - front).mean()


@pytest.mark.parametrize(
    "arguments", [("--mode", "wool"), ("--fov", "300"), ("--splat-size", "0"), ("--samples", "9"), ("--mesh", "beside")]
)
def test_what_makes_no_sense_is_refused(arguments, capsys):
    with pytest.raises(SystemExit) as refused:
        parse(["render", "a", "-o", "a.png", *arguments])
    assert refused.value.code == 2
    assert arguments[0] in capsys.readouterr().err


def test_a_picture_behind_that_is_not_there_is_said(folder, capsys):
    assert main(["render", "avatar.npz", "-o", "a.png", "--background-image", "nowhere.png"]) == 2
    assert "nowhere.png" in capsys.readouterr().err
    assert not (folder / "a.png").exists()
