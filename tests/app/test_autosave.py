"""Unsaved work outlives the program: written in time, offered to the next start, gone when it is safe elsewhere."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from nlfgs_studio.app import recovery
from nlfgs_studio.app.actions import SetJoint, SetSettings
from nlfgs_studio.app.autosave import Autosave
from nlfgs_studio.app.commands import run
from nlfgs_studio.app.recovery import find_lost
from nlfgs_studio.app.services import Services
from nlfgs_studio.app.settings import Settings
from nlfgs_studio.app.store import Store
from nlfgs_studio.core.errors import StudioError
from nlfgs_studio.core.storage import project as project_module

POSE = (0.3, -0.2, 0.1)


@pytest.fixture(autouse=True)
def recoveries(tmp_path, monkeypatch):
    folder = tmp_path / "recovery"
    folder.mkdir()
    monkeypatch.setattr(recovery, "recovery_directory", lambda: folder)
    return folder


@pytest.fixture
def autosave(services) -> Iterator[Autosave]:
    autosave = Autosave(services)
    services.store.dispatch(SetSettings(settings=Settings(autosave_seconds=30.0)))
    yield autosave
    autosave.close(is_clean=True)


def change(services: Services, angle: float = 0.5) -> None:
    services.store.dispatch(SetJoint(joint=4, rotation=(angle, 0.0, 0.0)))


def settle(autosave: Autosave, now: float) -> None:
    """Frames at one moment until nothing is being written."""
    autosave.tick(now)
    while autosave._jobs.running:
        time.sleep(0.005)
        autosave.tick(now)


def projects(folder) -> list[str]:
    return [path.name for path in folder.glob("*.nlfgs")]


def test_a_change_is_written_after_the_interval_and_not_before(services, autosave, recoveries):
    settle(autosave, 0.0)
    change(services)
    settle(autosave, 10.0)
    settle(autosave, 39.0)
    assert projects(recoveries) == []
    settle(autosave, 40.1)
    (name,) = projects(recoveries)
    written = (recoveries / name).stat().st_mtime_ns
    settle(autosave, 200.0)
    assert (recoveries / name).stat().st_mtime_ns == written, "nothing has changed since"
    change(services, 0.7)
    settle(autosave, 201.0)
    settle(autosave, 230.0)
    assert (recoveries / name).stat().st_mtime_ns == written
    settle(autosave, 231.5)
    assert (recoveries / name).stat().st_mtime_ns > written
    assert projects(recoveries) == [name], "one for each program"


def test_a_shorter_interval_counts_at_once(services, autosave, recoveries):
    change(services)
    settle(autosave, 0.0)
    services.store.dispatch(SetSettings(settings=Settings(autosave_seconds=2.0)))
    settle(autosave, 1.0)
    settle(autosave, 3.1)
    assert len(projects(recoveries)) == 1


def test_it_is_gone_after_a_save_an_undo_and_a_clean_close(services, autosave, recoveries):
    for settled in (lambda: run(services, "save_as", path="saved.nlfgs"), lambda: run(services, "undo")):
        change(services, 0.1 + len(services.store._history.past))
        settle(autosave, 0.0)
        settle(autosave, 31.0)
        assert len(projects(recoveries)) == 1
        settled()
        services.wait()
        settle(autosave, 32.0)
        assert projects(recoveries) == []
    change(services, 1.1)
    settle(autosave, 40.0)
    settle(autosave, 80.0)
    assert len(projects(recoveries)) == 1
    autosave.close(is_clean=True)
    assert list(recoveries.iterdir()) == []


def test_a_failure_keeps_even_what_was_not_due(services, autosave, recoveries):
    change(services)
    settle(autosave, 0.0)
    autosave.close(is_clean=False)
    (lost,) = find_lost()
    assert lost.belongs_to == services.store.state.file.path
    lost.slot.discard()
    lost.slot.release()
    assert list(recoveries.iterdir()) == []


def test_what_was_lost_comes_back_unsaved_under_its_former_path(services, autosave, recoveries, folder):
    run(services, "set_joint", joint="left elbow", rotation=POSE)
    settle(autosave, 0.0)
    autosave.close(is_clean=False)
    (lost,) = find_lost()
    assert find_lost() == [], "it is locked"
    assert lost.name == "avatar.npz"
    assert abs(lost.time - time.time()) < 60.0
    other = Services(Store())
    later = Autosave(other)
    later.adopt(lost)
    other.open(lost.slot.path, is_recovery=True)
    other.wait()
    state = other.store.state
    assert state.document.rotations == services.store.state.document.rotations
    assert state.unsaved
    assert state.file.path == folder / "avatar.npz"
    assert state.recent[0] == folder / "avatar.npz"
    assert lost.slot.path.exists(), "until the work is kept elsewhere"
    settle(later, 0.0)
    settle(later, 31.0)
    assert not lost.slot.path.exists()
    assert len(projects(recoveries)) == 1
    run(other, "save_as", path="mine.nlfgs")
    other.wait()
    settle(later, 32.0)
    assert projects(recoveries) == []
    later.close(is_clean=True)
    other.close()
    assert list(recoveries.iterdir()) == []


def test_later_leaves_it_for_the_next_start_and_discard_does_not(services, autosave, recoveries):
    change(services)
    autosave.close(is_clean=False)
    (lost,) = find_lost()
    lost.slot.release()
    (lost,) = find_lost()
    lost.slot.discard()
    lost.slot.release()
    assert find_lost() == []


def test_what_another_window_keeps_is_not_offered(services, autosave, recoveries):
    change(services)
    settle(autosave, 0.0)
    settle(autosave, 31.0)
    assert len(projects(recoveries)) == 1
    assert find_lost() == []


def test_damaged_recoveries_are_said_and_left_alone(recoveries, caplog):
    (recoveries / "1-a.nlfgs").write_bytes(b"PK half")
    (recoveries / "1-a.lock").touch()
    (recoveries / "2-b.lock").touch()
    assert find_lost() == []
    assert "1-a.nlfgs" in caplog.text
    assert sorted(path.name for path in recoveries.iterdir()) == ["1-a.lock", "1-a.nlfgs"]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES])
def test_a_disk_that_fails_is_said_once_per_spell_and_nothing_is_destroyed(
    services, autosave, recoveries, monkeypatch, number
):
    change(services)
    settle(autosave, 0.0)
    settle(autosave, 31.0)
    (name,) = projects(recoveries)
    before = (recoveries / name).read_bytes()
    write = project_module._write_archive

    def fail(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(project_module, "_write_archive", fail)
    change(services, 0.9)
    for now in (40.0, 71.0, 72.0, 103.0, 104.0, 135.0):
        settle(autosave, now)
    said = [entry.status for entry in services.store.state.log if entry.status.kind == "error"]
    assert len(said) == 1
    assert "unsaved work" in said[0].message
    assert (recoveries / name).read_bytes() == before
    monkeypatch.setattr(project_module, "_write_archive", write)
    settle(autosave, 140.0)
    settle(autosave, 171.0)
    assert "works again" in services.store.state.status.message
    assert (recoveries / name).read_bytes() != before
    monkeypatch.setattr(project_module, "_write_archive", fail)
    change(services, 1.2)
    settle(autosave, 180.0)
    settle(autosave, 211.0)
    assert len([entry for entry in services.store.state.log if entry.status.kind == "error"]) == 2


def test_a_recovery_folder_that_cannot_be_used_is_said_once(services, autosave, monkeypatch):
    def refuse() -> None:
        raise StudioError("cannot make the folder", hint="set NLFGS_STUDIO_HOME")

    monkeypatch.setattr(recovery, "recovery_directory", refuse)
    assert find_lost() == []
    change(services)
    for now in (0.0, 31.0, 32.0, 63.0):
        settle(autosave, now)
    said = [entry for entry in services.store.state.log if entry.status.kind == "error"]
    assert len(said) == 1


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES])
def test_a_save_that_fails_is_said_and_the_old_file_stays(services, folder, monkeypatch, number):
    run(services, "save_as", path="mine.nlfgs")
    services.wait()
    before = (folder / "mine.nlfgs").read_bytes()
    change(services)

    def fail(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(project_module, "_write_archive", fail)
    run(services, "save")
    with pytest.raises(StudioError, match=r"mine\.nlfgs"):
        services.wait()
    state = services.store.state
    assert state.unsaved
    assert state.status.kind == "error"
    assert state.status.hint
    assert (folder / "mine.nlfgs").read_bytes() == before


def test_a_slot_that_another_program_took_away_is_not_used(recoveries, monkeypatch):
    """Its `find_lost` may run between the opening of the lock and the locking."""
    lock, taken = recovery.try_to_lock, []

    def late(file) -> bool:
        if len(taken) == 0:
            taken.append(Path(file.name))
            taken[0].unlink()
        elif len(taken) == 1:
            taken.append(Path(file.name))
            return False
        return lock(file)

    monkeypatch.setattr(recovery, "try_to_lock", late)
    slot = recovery.new_slot()
    monkeypatch.undo()
    assert [path.name for path in recoveries.iterdir()] == [slot.path.with_suffix(".lock").name]
    assert slot.path.with_suffix(".lock") not in taken
    slot.release()


def test_a_folder_that_knows_no_locks_is_told(recoveries, monkeypatch):
    monkeypatch.setattr(recovery, "try_to_lock", lambda _: False)
    with pytest.raises(StudioError, match="locked"):
        recovery.new_slot()
    assert list(recoveries.iterdir()) == []


LEAVE_BEHIND = """
import sys, time
from pathlib import Path
from nlfgs_studio.app import recovery
recovery.recovery_directory = lambda: Path(sys.argv[1])
slot = recovery.new_slot()
Path(slot.path).write_bytes(b"kept")
print(slot.path, flush=True)
time.sleep(60)
"""


def test_the_lock_dies_with_the_process_whatever_ends_it(recoveries, monkeypatch):
    monkeypatch.setattr(recovery, "former_path", lambda _: None)
    process = subprocess.Popen([sys.executable, "-c", LEAVE_BEHIND, str(recoveries)], stdout=subprocess.PIPE, text=True)
    path = process.stdout.readline().strip()
    assert find_lost() == []
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    (lost,) = find_lost()
    assert str(lost.slot.path) == path
    lost.slot.discard()
    lost.slot.release()
