"""The command line: quick where nothing is to be done, whole files or none, and exit codes."""

from __future__ import annotations

import contextlib
import io
import os
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import torch
from nlfgs_studio.app.cli import main, program
from nlfgs_studio.app.cli.arguments import FRAMES, VIDEO_SUFFIXES, parse
from nlfgs_studio.app.cli.progress import ProgressLine
from nlfgs_studio.app.scene import FRAMES as SCENE_FRAMES
from nlfgs_studio.core.images import read_image
from nlfgs_studio.core.storage import video
from nlfgs_studio.core.storage.gaussian_ply import read_ply
from nlfgs_studio.core.storage.motion_npz import read_motion

PROGRAM = [sys.executable, "-m", "nlfgs_studio.app.cli"]
HEAVY = ("torch", "numba", "numpy", "dearpygui", "scipy", "OpenGL", "av", "PIL")


def rendered(*arguments: str) -> int:
    return main(["render", "avatar.npz", "--size", "64x48", *arguments])


@pytest.mark.parametrize("module", ["nlfgs_studio.app.cli", "nlfgs_studio.app.doctor"])
def test_importing_loads_nothing_heavy(module):
    program = f"import sys, {module}; print([name for name in {HEAVY!r} if name in sys.modules])"
    finished = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert finished.stdout.strip() == "[]"


@pytest.mark.skipif(os.name == "nt", reason="Windows does not tell what its children took")
@pytest.mark.parametrize("option", ["--version", "--help"])
def test_version_and_help_come_at_once(option):
    """In processor time, which other programs on the machine do not lengthen much."""

    import resource

    def seconds() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        finished = subprocess.run([*PROGRAM, option], capture_output=True, text=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert "nlfgs-studio" in finished.stdout
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    assert min(seconds() for _ in range(3)) < 0.3


def test_help_names_every_command_there_is_and_no_other(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    listed = {line.split()[0] for line in capsys.readouterr().out.splitlines() if re.match(r" {4}\S", line)}
    assert listed == {*program._COMMANDS}


def test_what_the_light_module_repeats_is_true():
    assert tuple(SCENE_FRAMES) == FRAMES
    assert VIDEO_SUFFIXES == video.VIDEO_SUFFIXES


@pytest.mark.parametrize(
    ("arguments", "avatar"),
    [
        ([], "default"),
        (["a.npz"], "a.npz"),
        (["--renderer", "cpu"], "default"),
        (["open", "a.npz"], "a.npz"),
        (["--source", "camera:0"], "default"),
    ],
)
def test_without_a_command_the_window_opens(arguments, avatar):
    options = parse(arguments)
    assert (options.command, options.avatar) == ("open", avatar)


BAD_USAGE = {
    "no output": ["render", "default"],
    "unknown ending": ["render", "default", "-o", "a.gif"],
    "unknown ending of an export": ["export", "default", "-o", "a.obj"],
    "size in words": ["render", "default", "-o", "a.png", "--size", "large"],
    "size of nothing": ["render", "default", "-o", "a.png", "--size", "0x100"],
    "size beyond memory": ["render", "default", "-o", "a.png", "--size", "99999x99999"],
    "moved by two": ["--motion", "walk.npz", "--source", "camera:0"],
    "turning picture": ["render", "default", "-o", "a.png", "--turntable"],
    "transparent film": ["render", "default", "-o", "a.mp4", "--transparent"],
    "camera of no motion": ["render", "default", "-o", "a.png", "--camera", "motion"],
    "moment of a film": ["render", "default", "-o", "a.mp4", "--at", "3"],
    "no time at all": ["render", "default", "-o", "a.mp4", "--seconds", "0"],
    "rate not a number": ["render", "default", "-o", "a.mp4", "--fps", "nan"],
    "pose of two angles": ["render", "default", "-o", "a.png", "--pose", "neck=1,2"],
    "pose without angles": ["render", "default", "-o", "a.png", "--pose", "neck"],
    "expression not a number": ["render", "default", "-o", "a.png", "--expression", "jawOpen=wide"],
    "negative frame": ["export", "default", "-o", "a.ply", "--frame", "-1"],
    "unknown axis": ["export", "default", "-o", "a.ply", "--up", "x"],
    "unknown colour": ["render", "default", "-o", "a.png", "--background", "white"],
}


@pytest.mark.parametrize("name", BAD_USAGE)
def test_bad_usage_ends_with_2_before_anything_is_loaded(name, capsys, folder):
    with pytest.raises(SystemExit) as ended:
        main(BAD_USAGE[name])
    assert ended.value.code == 2
    assert "error:" in capsys.readouterr().err


def test_a_picture_is_rendered_and_posed(folder, plain_body):
    assert rendered("-o", "a.png") == 0
    action = plain_body.expression_names[0]
    assert rendered("-o", "b.png", "--pose", "left_shoulder=0,0,-80", "--expression", f"{action}=2") == 0
    first, second = read_image(folder / "a.png"), read_image(folder / "b.png")
    assert first.shape == (48, 64, 3)
    assert (first - second).abs().max() > 0.2


def test_the_background_is_what_was_asked_for(folder):
    assert rendered("-o", "a.png", "--background", "#ff8000") == 0
    assert torch.allclose(read_image(folder / "a.png")[0, 0], torch.tensor([1.0, 128 / 255, 0.0]), atol=1e-6)


def test_a_transparent_picture_has_no_background(folder):
    from PIL import Image

    assert rendered("-o", "a.png", "--transparent") == 0
    with Image.open(folder / "a.png") as image:
        alpha = np.asarray(image)[..., 3]
    assert alpha[0, 0] == 0
    assert alpha.max() == 255


def test_a_picture_of_a_motion_shows_the_moment_asked_for(folder, motion):
    assert rendered("-o", "a.png", "--motion", "motion.npz") == 0
    assert rendered("-o", "b.png", "--motion", "motion.npz", "--at", "0.4") == 0
    assert not torch.equal(read_image(folder / "a.png"), read_image(folder / "b.png"))


def film_facts(path) -> tuple[int, float, tuple[int, int]]:
    """Pictures, rate, and size."""
    import av

    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        num_frames = sum(1 for _ in container.decode(stream))
        return num_frames, float(stream.average_rate), (stream.width, stream.height)


@pytest.mark.parametrize(
    ("options", "num_frames", "fps"),
    [([], 15, 30.0), (["--fps", "12"], 6, 12.0), (["--seconds", "0.25"], 8, 30.0), (["--turntable"], 15, 30.0)],
)
def test_a_film_keeps_the_clips_length(folder, options, num_frames, fps):
    """Half a second at 32 frames a second: at most 30 pictures a second are shown."""
    assert rendered("-o", "a.mp4", "--motion", "motion.npz", *options) == 0
    assert film_facts(folder / "a.mp4") == (num_frames, pytest.approx(fps), (64, 48))


def test_real_motion_capture_on_the_default_avatar_keeps_its_length(folder, real_data, builtin_path):
    """601 frames at 120 a second."""
    motion = str(real_data / "motion" / "amass_sample.npz")
    assert main(["render", "default", "--motion", motion, "-o", "a.mp4", "--size", "48x48"]) == 0
    assert film_facts(folder / "a.mp4") == (150, pytest.approx(30.0), (48, 48))


def test_a_film_without_a_motion_turns_once(folder):
    assert rendered("-o", "a.mp4", "--seconds", "0.2", "--fps", "20") == 0
    assert film_facts(folder / "a.mp4")[0] == 4


@pytest.mark.parametrize("options", [[], ["--motion", "motion.npz", "--turntable"]])
def test_a_turning_film_never_cuts_the_avatar_off(folder, options):
    import av

    background = ["--background", "#000000"]
    assert rendered("-o", "a.mp4", "--seconds", "0.5", "--fps", "16", *background, *options) == 0
    with av.open(str(folder / "a.mp4")) as container:
        for frame in container.decode(video=0):
            pixels = frame.to_ndarray(format="rgb24").astype(int)
            border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
            assert border.max() < 40
            assert pixels.max() > 100


def test_a_motion_without_a_camera_says_so(folder, capsys):
    assert rendered("-o", "a.png", "--motion", "motion.npz", "--camera", "motion") == 2
    assert "holds no camera" in capsys.readouterr().err


def test_the_motions_own_camera_is_used(folder, motion):
    from dataclasses import replace

    from nlfgs_studio.core.cameras import OrbitCamera
    from nlfgs_studio.core.storage.motion_npz import write_motion

    camera = OrbitCamera(distance=9.0).camera(40, 30)
    write_motion(folder / "filmed.npz", replace(motion, camera=camera))
    assert read_motion(folder / "filmed.npz").camera is not None
    arguments = ["render", "avatar.npz", "--motion", "filmed.npz", "--camera", "motion", "-o", "a.png"]
    assert main(arguments) == 0
    assert read_image(folder / "a.png").shape == (30, 40, 3)


def test_exports_are_whole_and_posed_by_the_frame_asked_for(folder, capsys, avatar):
    assert main(["export", "avatar.npz", "-o", "a.ply"]) == 0
    assert main(["export", "avatar.npz", "-o", "b.ply", "--motion", "motion.npz", "--frame", "15"]) == 0
    assert main(["export", "avatar.npz", "-o", "c.ply", "--rigged", "--up", "-y"]) == 0
    assert main(["export", "avatar.npz", "-o", "d.npz"]) == 0
    capsys.readouterr()
    first, second = read_ply(folder / "a.ply"), read_ply(folder / "b.ply")
    assert (second.means - first.means)[:, 2].median() == pytest.approx(0.4, abs=0.02)
    for name in ("c.ply", "d.npz"):
        assert main(["export", name, "-o", "e.ply"]) == 0
        again = read_ply(folder / "e.ply")
        assert torch.allclose(again.means, first.means, atol=1e-5)
    assert main(["export", "avatar.npz", "-o", "f.ply", "--motion", "motion.npz", "--frame", "16"]) == 2
    assert "0 to 15" in capsys.readouterr().err
    assert not (folder / "f.ply").exists()


def test_an_avatar_file_holds_no_pose(folder, capsys):
    assert main(["export", "avatar.npz", "-o", "a.npz", "--motion", "motion.npz"]) == 2
    assert "no pose" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["render", "absent.npz", "-o", "a.png"], "absent.npz"),
        (["render", "avatar.npz", "-o", "nowhere/a.png"], "nowhere"),
        (["render", "avatar.npz", "-o", "a.png", "--motion", "avatar.npz"], "avatar.npz"),
        (["render", "avatar.npz", "-o", "a.png", "--renderer", "crayons"], "crayons"),
        (["render", "avatar.npz", "-o", "a.png", "--pose", "tail=0,0,0"], "tail"),
        (["render", "avatar.npz", "-o", "a.png", "--expression", "purr=1"], "purr"),
        (["export", "avatar.npz", "-o", "nowhere/a.ply"], "nowhere"),
    ],
)
def test_what_can_be_mended_is_said_with_exit_code_2(folder, capsys, arguments, words):
    before = sorted(folder.iterdir())
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert error.startswith("nlfgs-studio: ")
    assert words in error
    assert "Traceback" not in error
    assert sorted(folder.iterdir()) == before


def test_without_a_display_the_window_says_what_to_do_instead(folder, capsys, monkeypatch):
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    assert main(["avatar.npz"]) == 2
    assert "render" in capsys.readouterr().err


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT to send")
def test_ctrl_c_ends_a_film_cleanly(folder):
    arguments = ["render", "avatar.npz", "--motion", "motion.npz", "-o", "a.mp4", "--size", "1600x1600", "--fps", "240"]
    (folder / "a.mp4").write_bytes(b"an older film")
    process = subprocess.Popen([*PROGRAM, *arguments], stderr=subprocess.PIPE, text=True)
    try:
        deadline = time.monotonic() + 60.0
        while not list(folder.glob(".nlfgs-studio.a.*.mp4")) and process.poll() is None:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        _, error = process.communicate(timeout=30.0)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 130, error
    assert "Traceback" not in error
    assert not list(folder.glob(".nlfgs-studio.a.*.mp4"))
    assert (folder / "a.mp4").read_bytes() == b"an older film"


def test_doctor_writes_json(folder, monkeypatch, capsys):
    import json

    monkeypatch.delenv("DISPLAY", raising=False)
    assert main(["doctor", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    topics = {finding["topic"]: finding for finding in report["findings"]}
    assert {"torch", "CUDA", "OpenGL", "display", "built-in body", "SMPL-X file", "numba", "gsplat"} <= set(topics)
    assert topics["torch"]["found"]
    assert all(finding["cost"] for finding in report["findings"] if not finding["found"])


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_is_a_bar_in_a_terminal_that_goes_away(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    stream = Terminal()
    with ProgressLine(stream) as line:
        now[0] = 2.0
        line.show(0.25, "half of a half")
    text = stream.getvalue()
    assert "######........" in text
    assert "25 %" in text
    assert "6 s left" in text
    assert text.endswith("\r\x1b[K")


def test_progress_is_a_line_now_and_then_elsewhere(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    stream = io.StringIO()
    with ProgressLine(stream) as line:
        for step in range(1, 301):
            now[0] = 0.1 * step
            line.show(step / 400, "drawing")
    lines = stream.getvalue().splitlines()
    assert 2 <= len(lines) <= 5
    assert "\r" not in stream.getvalue()
    assert "drawing" in lines[0]


def test_a_ctrl_c_that_a_library_swallowed_ends_the_work_all_the_same():
    handler = signal.getsignal(signal.SIGINT)
    with ProgressLine(io.StringIO()) as line:
        with contextlib.suppress(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            line.show(0.5, "on and on")
    assert signal.getsignal(signal.SIGINT) is handler


def test_quick_work_shows_nothing():
    stream = Terminal()
    with ProgressLine(stream) as line:
        line.show(0.5, "soon done")
    assert stream.getvalue() == ""
