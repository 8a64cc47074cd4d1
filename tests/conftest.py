"""Fixtures of the whole suite: shapes are checked at run time, files go to the test's folder, no thread is leaked."""

from __future__ import annotations

import os
import threading
import traceback
from collections.abc import Iterator
from pathlib import Path

import nlfgs_studio.core  # noqa: F401 - before numpy, whose threads it sets
import pytest
from jaxtyping import install_import_hook

ROOT = Path(__file__).resolve().parent.parent
REAL_DATA = ROOT.parent / "shared" / "data"


def _modules_to_check() -> list[str]:
    """The modules of core whose annotations are checked at run time; compiled kernels cannot carry a checker."""
    checked = [
        path.relative_to(ROOT).with_suffix("")
        for path in sorted((ROOT / "core").rglob("*.py"))
        if path.name not in ("__init__.py", "kernels.py")
        and not any(mark in path.read_text(encoding="utf-8") for mark in ("@kernel", "@device_function"))
    ]
    return [".".join(("nlfgs_studio", *path.parts)) for path in checked]


install_import_hook(_modules_to_check(), "beartype.beartype")

import torch  # noqa: E402 - the checker must be in place before the program is imported

torch.set_num_threads(1 if "PYTEST_XDIST_WORKER" in os.environ else 2)


@pytest.fixture(scope="session")
def builtin_path() -> Path:
    """The built-in body's file, built once and kept in the user's cache."""
    from nlfgs_studio.core.body.builtin import builtin_body_path

    return builtin_body_path()


@pytest.fixture(scope="session")
def body(builtin_path):
    """The built-in body."""
    from nlfgs_studio.core.body.loader import load_body

    return load_body(builtin_path)


@pytest.fixture(scope="session")
def plain_body_path(tmp_path_factory) -> Path:
    """A small SMPL-X file with no parts, shells or UV, but with pose directions and hand components."""
    import numpy as np
    from bodies import plain_body_arrays

    path = tmp_path_factory.mktemp("bodies") / "SMPLX_NEUTRAL.npz"
    np.savez(path, **plain_body_arrays())
    return path


@pytest.fixture(scope="session")
def plain_body(plain_body_path):
    from nlfgs_studio.core.body.loader import load_body

    return load_body(plain_body_path)


@pytest.fixture
def home(tmp_path, monkeypatch) -> Path:
    """An empty home for the program's own files: nothing of the person's settings is read or written."""
    monkeypatch.setenv("NLFGS_STUDIO_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Real videos, photos and motion that do not travel with the project."""
    if not REAL_DATA.is_dir():
        pytest.skip(f"no real material at {REAL_DATA.relative_to(ROOT.parent)} beside the project")
    return REAL_DATA


@pytest.fixture(autouse=True)
def _no_leaked_threads(request) -> Iterator[None]:
    """Threads that a test starts must end with it; the pool that runs compiled kernels lives on purpose."""
    before = set(threading.enumerate())
    yield
    leaked = [t for t in threading.enumerate() if t not in before and not t.name.startswith(("kernel", "Thread-tqdm"))]
    for thread in leaked:
        thread.join(2.0)
    alive = [thread.name for thread in leaked if thread.is_alive()]
    assert not alive, f"threads left running: {alive}\n{''.join(traceback.format_stack(limit=1))}"
