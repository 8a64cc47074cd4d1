"""Settings: kept exactly, damaged ones cost only themselves, and a disk that refuses is said once."""

from __future__ import annotations

import errno
import json
import logging
import os
import time
from pathlib import Path

import pytest
from nlfgs_studio.app import settings as settings_module
from nlfgs_studio.app.actions import SetSettings
from nlfgs_studio.app.recent import RecentFiles
from nlfgs_studio.app.settings import (
    RefineChoices,
    Settings,
    autosave_seconds,
    read_settings,
    settings_path,
    write_settings,
)
from nlfgs_studio.app.settings_keeper import QUIET_SECONDS, SettingsKeeper
from nlfgs_studio.app.state import State
from nlfgs_studio.app.store import Store
from nlfgs_studio.core import paths

CHOSEN = Settings(
    look="light",
    font_size=19,
    autosave_seconds=12.5,
    panel="Shape",
    figures=False,
    window=(1601, 903),
    folder=Path("/tmp/Ünïcødé 文件"),
    refine=RefineChoices(minutes=None, starts_by_itself=False),
)


@pytest.fixture(autouse=True)
def folder(home) -> Path:
    return settings_path().parent


def test_settings_come_back(folder):
    write_settings(CHOSEN)
    assert read_settings() == CHOSEN
    assert [path.name for path in folder.iterdir()] == ["settings.json"]


def test_there_need_be_none(caplog):
    assert read_settings() == Settings()
    assert caplog.text == ""


@pytest.mark.parametrize(
    "text", ["", "{", "3", "[]", '{"format": "another"}', '{"format": "nlfgs-studio settings"}', "\x00", "[" * 99_999]
)
def test_a_damaged_file_gives_the_programs_own_and_a_word(text, caplog):
    settings_path().write_text(text)
    assert read_settings() == Settings()
    assert "settings" in caplog.text


def test_a_folder_in_its_place_or_a_file_of_gigabytes_does_not_matter(caplog, monkeypatch):
    settings_path().mkdir()
    assert read_settings() == Settings()
    settings_path().rmdir()
    write_settings(CHOSEN)
    monkeypatch.setattr(settings_module, "MAX_FILE_BYTES", 10)
    assert read_settings() == Settings()
    assert "bytes" in caplog.text


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("look", "neon"),
        ("look", None),
        ("font_size", 400),
        ("font_size", "16"),
        ("autosave_seconds", 0.0),
        ("autosave_seconds", 1e999),
        ("window", [10, 10]),
        ("window", [1000]),
        ("figures", 1),
        ("folder", 3),
    ],
)
def test_one_bad_value_costs_only_itself(name, value, caplog):
    write_settings(CHOSEN)
    content = json.loads(settings_path().read_text(encoding="utf-8"))
    content["settings"][name] = value
    content["settings"]["of the future"] = 1
    content["version"] = 2
    settings_path().write_text(json.dumps(content))
    read = read_settings()
    assert getattr(read, name) == getattr(Settings(), name)
    assert all(getattr(read, other) == getattr(CHOSEN, other) for other in CHOSEN.__dataclass_fields__ if other != name)
    assert name in caplog.text


@pytest.mark.parametrize("bad", [{"font_size": 3}, {"autosave_seconds": -1.0}, {"look": "x"}, {"window": (1, 1)}])
def test_values_that_make_no_sense_are_wrong_calls(bad):
    with pytest.raises(ValueError, match=next(iter(bad))):
        Settings(**bad)


def test_the_environment_overrules_the_autosave_interval(monkeypatch):
    for text, seconds in (("1", 1.0), ("x", 30.0), ("nan", 30.0), ("-5", 0.05), ("1e9", 3600.0)):
        monkeypatch.setenv("NLFGS_STUDIO_AUTOSAVE_SECONDS", text)
        assert autosave_seconds(Settings()) == seconds


class Reporting:
    """As much of the services as a keeper sees."""

    def __init__(self, settings: Settings) -> None:
        self.store = Store(State(settings=settings))
        self.said: list[tuple[str, str]] = []

    def report(self, message: str, *, hint: str = "", kind: str = "info") -> None:  # noqa: ARG002
        self.said.append((kind, message))


def settle(keeper: SettingsKeeper, now: float) -> None:
    keeper.tick(now)
    while keeper._jobs.running:
        time.sleep(0.005)
        keeper.tick(now)


def test_a_change_is_written_once_it_is_quiet():
    services = Reporting(Settings())
    keeper = SettingsKeeper(services)
    settle(keeper, 0.0)
    assert not settings_path().exists(), "nothing was chosen yet"
    for step in range(5):
        services.store.dispatch(SetSettings(settings=Settings(font_size=14 + step)))
        settle(keeper, 0.5 * step)
    assert not settings_path().exists()
    settle(keeper, 2.0 + QUIET_SECONDS)
    assert read_settings().font_size == 18
    services.store.dispatch(SetSettings(settings=CHOSEN))
    keeper.close()
    assert read_settings() == CHOSEN


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES])
def test_a_disk_that_refuses_is_said_once_per_spell_and_the_old_settings_stay(monkeypatch, number):
    write_settings(CHOSEN)
    services = Reporting(CHOSEN)
    keeper = SettingsKeeper(services)
    with monkeypatch.context() as patch:
        patch.setattr(paths.os, "fsync", lambda _: (_ for _ in ()).throw(OSError(number, os.strerror(number))))
        for size in (14, 15, 17):
            services.store.dispatch(SetSettings(settings=Settings(font_size=size)))
            settle(keeper, 10.0 * size)
            settle(keeper, 10.0 * size + 5.0)
        assert [kind for kind, _ in services.said] == ["warning"]
        assert read_settings() == CHOSEN
    services.store.dispatch(SetSettings(settings=Settings(font_size=20)))
    settle(keeper, 300.0)
    settle(keeper, 305.0)
    assert read_settings().font_size == 20
    assert services.said[-1][0] == "info"
    keeper.close()


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES])
def test_recent_files_that_cannot_be_kept_are_said_once_per_spell(monkeypatch, caplog, number):
    recent = RecentFiles()
    recent.add(Path("/a/Ünïcødé 文件.nlfgs"))
    with monkeypatch.context() as patch, caplog.at_level(logging.WARNING):
        patch.setattr(paths.os, "fsync", lambda _: (_ for _ in ()).throw(OSError(number, os.strerror(number))))
        for name in "bcd":
            recent.add(Path(f"/a/{name}"))
        assert len(caplog.records) == 1
    assert recent.read() == (Path("/a/Ünïcødé 文件.nlfgs"),)
    recent.add(Path("/a/e"))
    assert recent.read() == (Path("/a/e"), Path("/a/Ünïcødé 文件.nlfgs"))


def test_two_windows_share_the_recent_files():
    first, second = RecentFiles(), RecentFiles()
    first.add(Path("/a"))
    second.add(Path("/b"))
    first.add(Path("/c"))
    assert second.read() == (Path("/c"), Path("/b"), Path("/a"))
