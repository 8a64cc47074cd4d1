"""Checkpoints: whole or refused, few, and of no use to another network."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from nlfgs_studio.core.distillation.checkpoints import (
    KEPT,
    TrainingState,
    checkpoints,
    read_checkpoint,
    restore,
    write_checkpoint,
)
from nlfgs_studio.core.distillation.settings import TrainingSettings
from nlfgs_studio.core.errors import StudioError
from torch import nn


def _parts(width: int = 3) -> tuple[nn.Module, nn.Module, torch.optim.AdamW]:
    torch.manual_seed(width)
    network, average = nn.Linear(width, 2), nn.Linear(width, 2)
    optimizer = torch.optim.AdamW(network.parameters(), 0.1)
    network(torch.ones(1, width)).sum().backward()
    optimizer.step()
    return network, average, optimizer


SETTINGS = replace(TrainingSettings(), steps=77)
STATE = TrainingState(step=5, photos=40, seconds=12.5, commands=("train", "train --resume"))


def test_everything_comes_back(tmp_path: Path) -> None:
    network, average, optimizer = _parts()
    path = write_checkpoint(tmp_path, SETTINGS, STATE, network, average, optimizer)
    checkpoint = read_checkpoint(path)
    assert checkpoint.settings == SETTINGS
    assert checkpoint.state == STATE
    torch.manual_seed(9)
    other, other_average = nn.Linear(3, 2), nn.Linear(3, 2)
    other_optimizer = torch.optim.AdamW(other.parameters(), 0.1)
    restore(checkpoint, other, other_average, other_optimizer)
    for mine, theirs in ((network, other), (average, other_average)):
        for weight, same in zip(mine.parameters(), theirs.parameters(), strict=True):
            assert torch.equal(weight, same)
    for weight, same in zip(network.parameters(), other.parameters(), strict=True):
        for moment in ("exp_avg", "exp_avg_sq"):
            assert torch.equal(optimizer.state[weight][moment], other_optimizer.state[same][moment])
        assert float(other_optimizer.state[same]["step"]) == STATE.step


def test_only_the_newest_are_kept(tmp_path: Path) -> None:
    for step in range(1, KEPT + 3):
        write_checkpoint(tmp_path, SETTINGS, replace(STATE, step=step), *_parts())
    assert [read_checkpoint(path).state.step for path in checkpoints(tmp_path)] == [KEPT + 1, KEPT + 2]


def test_what_was_just_written_stays_though_others_are_later(tmp_path: Path) -> None:
    for step in (20, 30, 10):
        path = write_checkpoint(tmp_path, SETTINGS, replace(STATE, step=step), *_parts())
        assert read_checkpoint(path).state.step == step
    assert [read_checkpoint(path).state.step for path in checkpoints(tmp_path)] == [10, 30]


def test_one_that_knows_no_commands_is_gone_on_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nlfgs_studio.core.distillation.checkpoints.asdict", _as_before)
    path = write_checkpoint(tmp_path, SETTINGS, STATE, *_parts())
    assert read_checkpoint(path).state == replace(STATE, commands=())


def _as_before(state: TrainingState) -> dict[str, float]:
    return {"step": state.step, "photos": state.photos, "seconds": state.seconds}


def test_another_network_is_refused(tmp_path: Path) -> None:
    checkpoint = read_checkpoint(write_checkpoint(tmp_path, SETTINGS, STATE, *_parts(3)))
    with pytest.raises(StudioError, match="other sizes: weight"):
        restore(checkpoint, *_parts(4))


def test_damaged_files_are_refused(tmp_path: Path) -> None:
    path = write_checkpoint(tmp_path, SETTINGS, STATE, *_parts())
    whole = path.read_bytes()
    for content in (b"", whole[: len(whole) // 2], b"x" * 200, whole.replace(b"nlfgs-training-1", b"nlfgs-training-9")):
        path.write_bytes(content)
        with pytest.raises(StudioError):
            read_checkpoint(path)
    path.unlink()
    with pytest.raises(StudioError, match="no file"):
        read_checkpoint(path)


def test_a_folder_that_is_gone_is_said(tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="does not exist"):
        write_checkpoint(tmp_path / "gone", SETTINGS, STATE, *_parts())
