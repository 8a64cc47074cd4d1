"""The built-in body's cache: one good file whatever happens. The making itself is stood in for by something quick."""

from __future__ import annotations

import subprocess
import sys
import threading
import types
from pathlib import Path

import numpy as np
import pytest
from nlfgs_studio.core.body.builtin import builtin_body_path, cache, clear_builtin_body
from nlfgs_studio.core.errors import Cancelled, StudioError
from nlfgs_studio.core.paths import cache_directory

ASSEMBLY = "nlfgs_studio.core.body.builtin.assembly"

BUILD_IN_ANOTHER_PROCESS = """
import sys, time, types
import numpy as np

def build(path, format_version, progress):
    with open(sys.argv[1], "a") as log:
        log.write("built\\n")
    time.sleep(0.5)
    np.savez(path, format_version=np.array(format_version))

assembly = types.ModuleType("assembly")
assembly.build = build
sys.modules["nlfgs_studio.core.body.builtin.assembly"] = assembly
from nlfgs_studio.core.body.builtin import builtin_body_path
print(builtin_body_path())
"""


@pytest.fixture
def builds(home, monkeypatch):
    """Stands in for the assembly; the list gets an entry for each time the body is made."""
    made: list[int] = []

    def build(path, format_version, progress):
        made.append(format_version)
        progress(0.5, "making")
        np.savez(path, format_version=np.array(format_version))
        progress(1.0, "made")

    assembly = types.ModuleType("assembly")
    assembly.build = build
    monkeypatch.setitem(sys.modules, ASSEMBLY, assembly)
    return made


def left_behind() -> list[str]:
    return sorted(path.name for path in cache_directory().iterdir() if path.suffix != ".lock")


def test_made_once_and_named_after_both_versions(builds):
    path = builtin_body_path()
    assert builtin_body_path() == path
    assert builds == [cache.FORMAT_VERSION]
    assert f"-v{cache.FORMAT_VERSION}-anny" in path.name
    assert np.load(path)["format_version"] == cache.FORMAT_VERSION


def test_progress_is_passed_on(builds):
    heard = []
    builtin_body_path(lambda fraction, what: heard.append((fraction, what)))
    assert heard == [(0.5, "making"), (1.0, "made")]


def test_another_format_is_made_anew(builds, monkeypatch):
    first = builtin_body_path()
    monkeypatch.setattr(cache, "FORMAT_VERSION", cache.FORMAT_VERSION + 1)
    assert builtin_body_path() != first
    assert len(builds) == 2


@pytest.mark.parametrize("damage", ["truncated", "flipped", "emptied"])
def test_damaged_file_is_made_anew(builds, damage):
    path = builtin_body_path()
    content = bytearray(path.read_bytes())
    if damage == "flipped":
        content[len(content) // 2] ^= 1
    path.write_bytes(content[: {"truncated": len(content) // 2, "flipped": None, "emptied": 0}[damage]])
    assert builtin_body_path() == path
    assert len(builds) == 2
    assert np.load(path)["format_version"] == cache.FORMAT_VERSION


def test_cancelling_leaves_nothing_behind(builds):
    def cancel(fraction, what):
        raise Cancelled

    with pytest.raises(Cancelled):
        builtin_body_path(cancel)
    assert left_behind() == []
    assert builtin_body_path().exists(), "and the next attempt is not locked out"


def test_clearing_frees_every_version(builds, monkeypatch):
    size = builtin_body_path().stat().st_size
    monkeypatch.setattr(cache, "FORMAT_VERSION", cache.FORMAT_VERSION + 1)
    size += builtin_body_path().stat().st_size
    assert clear_builtin_body() == size
    assert left_behind() == []
    assert clear_builtin_body() == 0


def test_threads_build_together_once(builds):
    paths = []
    threads = [threading.Thread(target=lambda: paths.append(builtin_body_path())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(paths) == 4
    assert len(set(paths)) == 1
    assert len(builds) == 1


def test_processes_build_together_once(home, tmp_path):
    log = tmp_path / "log"
    command = [sys.executable, "-c", BUILD_IN_ANOTHER_PROCESS, str(log)]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    outputs = {process.communicate(timeout=60)[0].strip() for process in processes}
    assert [process.returncode for process in processes] == [0, 0]
    assert log.read_text() == "built\n"
    (path,) = outputs
    assert np.load(Path(path))["format_version"] == cache.FORMAT_VERSION


def test_a_cache_that_cannot_be_written_is_the_persons_to_mend(builds):
    path = builtin_body_path()
    path.unlink()
    path.with_suffix(".lock").unlink()
    path.with_suffix(".lock").mkdir()
    with pytest.raises(StudioError, match="cannot write"):
        builtin_body_path()


def test_waiting_for_another_build_can_be_cancelled(builds):
    path = builtin_body_path()
    path.unlink()

    def cancel(fraction, what):
        assert "waiting" in what
        raise Cancelled

    with cache._locked(path.with_suffix(".lock"), lambda: None), pytest.raises(Cancelled):
        builtin_body_path(cancel)


def test_asking_for_the_path_loads_nothing_heavy():
    script = (
        "import sys; import nlfgs_studio.core.body.builtin; "
        "print([name for name in ('torch', 'scipy', 'anny', 'PIL') if name in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
