"""What refining has made outlives the program, however it ends."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from nlfgs_studio.app.actions import SetSettings
from nlfgs_studio.app.autosave import REFINING_SECONDS, Autosave
from nlfgs_studio.app.commands import run
from nlfgs_studio.app.recovery import find_lost
from nlfgs_studio.app.services import Services
from nlfgs_studio.app.settings import Settings
from nlfgs_studio.app.store import Store
from refiners import FakeRefining, is_brighter, made_of

PATIENCE = 120.0

REFINE_AND_WAIT = """
import sys, time
import nlfgs_studio.core
from pathlib import Path
import pytest
from nlfgs_studio.app.autosave import Autosave
from nlfgs_studio.app.services import Services
from nlfgs_studio.app.store import Store
from nlfgs_studio.core.paths import recovery_directory
from refiners import FakeRefining, made_of

FakeRefining().stand_in(pytest.MonkeyPatch())
services = Services(Store(), drawing=False)
services.open("avatar.npz")
services.wait()
document = services.store.state.document
services.refining.offer(made_of(document.avatar, document.body))
services.refining.start(None)
autosave = Autosave(services)
while True:
    now = time.monotonic()
    services.tick(now)
    autosave.tick(now)
    if list(recovery_directory().glob("[0-9]*.nlfgs")):
        print("kept", flush=True)
    time.sleep(0.01)
"""


def test_a_program_that_is_killed_while_refining_leaves_the_live_avatar(folder, avatar):
    tests = Path(__file__).resolve().parents[1]
    (folder / "recovery").mkdir()
    environment = os.environ | {
        "PYTHONPATH": str(tests),
        "NLFGS_STUDIO_HOME": str(folder),
        "NLFGS_STUDIO_AUTOSAVE_SECONDS": "0.5",
    }
    program = subprocess.Popen(
        [sys.executable, "-c", REFINE_AND_WAIT], env=environment, cwd=folder, stdout=subprocess.PIPE, text=True
    )
    try:
        assert program.stdout is not None
        assert program.stdout.readline() == "kept\n"
    finally:
        program.kill()
        program.wait()
        program.stdout.close()

    (lost,) = find_lost()
    services = Services(Store(), drawing=False)
    try:
        services.open(lost.slot.path, is_recovery=True)
        services.wait()
        state = services.store.state
        assert state.unsaved
        assert is_brighter(state.document.avatar, avatar)
        assert "refined" in dict(state.document.avatar.provenance.details)
    finally:
        services.close()
        lost.slot.release()


@pytest.fixture
def refining(services, plain_body, monkeypatch) -> Services:
    """Services whose avatar is being refined, with something made."""
    FakeRefining().stand_in(monkeypatch)
    services.refining.offer(made_of(services.store.state.document.avatar, plain_body))
    run(services, "start_refining", seconds=PATIENCE)
    end = time.monotonic() + PATIENCE
    while services.tick(time.monotonic()).refining.avatar is None:
        assert time.monotonic() < end
    return services


def written(autosave: Autosave, now: float) -> int:
    """When the recovery file was written, after the frames of one moment; 0 where there is none."""
    autosave.tick(now)
    while autosave._jobs.running:
        time.sleep(0.005)
        autosave.tick(now)
    return max((path.stat().st_mtime_ns for path in Path("recovery").glob("*.nlfgs")), default=0)


def test_less_than_half_a_minute_is_lost_however_rarely_other_changes_are_kept(refining, folder):
    (folder / "recovery").mkdir(exist_ok=True)
    refining.store.dispatch(SetSettings(settings=Settings(autosave_seconds=3600.0)))
    autosave = Autosave(refining)
    assert REFINING_SECONDS <= 20.0, "the writing takes seconds, too"
    assert written(autosave, 0.0) == 0
    assert written(autosave, REFINING_SECONDS - 1.0) == 0
    first = written(autosave, REFINING_SECONDS + 0.1)
    assert first > 0
    newer = refining.store.state.refining.avatar
    while refining.tick(time.monotonic()).refining.avatar is newer:
        time.sleep(0.005)
    assert written(autosave, REFINING_SECONDS + 1.0) == first
    assert written(autosave, 2.0 * REFINING_SECONDS + 1.1) > first
    autosave.close(is_clean=True)


def test_a_failure_of_the_window_keeps_what_was_made_since_the_last_time(refining, folder):
    (folder / "recovery").mkdir(exist_ok=True)
    made = refining.store.state.refining.avatar
    autosave = Autosave(refining)
    autosave.close(is_clean=False)
    (lost,) = find_lost()
    services = Services(Store(), drawing=False)
    services.open(lost.slot.path, is_recovery=True)
    services.wait()
    assert services.store.state.document.avatar.parameters.sh.equal(made.parameters.sh)
    services.close()
    lost.slot.release()
