"""The shape of the code: layers, light imports, one place for each heavy library, files short enough to read."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted(path for folder in ("app", "core") for path in (ROOT / folder).rglob("*.py"))
HEAVY = ("anny", "av", "cv2", "dearpygui", "gsplat", "mediapipe", "numba", "OpenGL", "smplx", "torch")

#: The only files that may name each library.
HOMES = {
    "anny": r"core/body/builtin/.*",
    "av": r"core/(storage/video|tracking/file_source)\.py",
    "cv2": r"core/(tracking/(camera_source|scaling)|opencv)\.py",
    "dearpygui": r"app/(window|theme|lettering|shortcuts|viewport/.*|panels/.*)(\.py)?",
    "gsplat": r"core/rendering/gsplat_(renderer|build)\.py",
    "mediapipe": r"core/tracking/mediapipe_graphs\.py",
    "numba": r"core/kernels\.py",
    "OpenGL": r"app/viewport/.*|core/rendering/opengl_.*\.py",
    "smplx": r"core/body/.*",
}


def test_layers_hold():
    finished = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr


@pytest.mark.parametrize("module", ["nlfgs_studio.core", "nlfgs_studio.app.cli"])
def test_importing_loads_nothing_heavy(module):
    program = f"import sys, {module}; print([name for name in {HEAVY!r} if name in sys.modules])"
    finished = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert finished.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("program", "said"),
    [
        (
            "import nlfgs_studio.core.nlf.reader; from nlfgs_studio.core.tracking.tracker import load; load()",
            "mediapipe",
        ),
        ("import nlfgs_studio.core.synthetic.photo", "OpenCV"),
    ],
    ids=["photos and tracking", "made-up photos"],
)
def test_without_opencv_it_is_said_what_is_missing(program, said):
    program = f"import sys; sys.modules['cv2'] = None; {program}"
    finished = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    *_, last = finished.stderr.splitlines()
    assert last.startswith("nlfgs_studio.core.errors.StudioError")
    assert said in last


@pytest.mark.parametrize("library", HOMES)
def test_each_library_is_imported_in_one_place(library):
    pattern = re.compile(rf"^\s*(import|from) {library}(\.|\s|$)", re.MULTILINE)
    users = [path.relative_to(ROOT).as_posix() for path in SOURCES if pattern.search(path.read_text(encoding="utf-8"))]
    strays = [user for user in users if not re.fullmatch(HOMES[library], user) and user != "app/doctor.py"]
    assert not strays


def test_imports_inside_the_product_are_relative():
    strays = [path for path in SOURCES if re.search(r"^\s*(import|from) nlfgs_studio", path.read_text(), re.MULTILINE)]
    assert not strays


def test_files_are_short_enough_to_read():
    long = {str(path.relative_to(ROOT)): n for path in SOURCES if (n := len(path.read_text().splitlines())) > 350}
    assert not long


def test_pickles_are_never_loaded():
    pattern = re.compile(r"allow_pickle\s*=\s*True|pickle\.load|torch\.load\(")
    strays = [path for path in SOURCES if pattern.search(path.read_text(encoding="utf-8"))]
    assert not strays
