"""`train-prior`: what it refuses before any work, and how it is asked to stop."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
import torch
from nlfgs_studio.app.cli.arguments import parse
from nlfgs_studio.app.cli.program import EXIT_MENDABLE, main
from nlfgs_studio.app.cli.progress import ProgressLine, asked_to_stop
from nlfgs_studio.app.cli.train_prior import _command
from nlfgs_studio.core.distillation.checkpoints import TrainingState, write_checkpoint
from nlfgs_studio.core.distillation.settings import TrainingSettings


def _refusal(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["train-prior", *arguments]) == EXIT_MENDABLE
    return capsys.readouterr().err


def test_a_folder_with_a_training_is_not_begun_anew(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "checkpoint-00000010.safetensors").write_bytes(b"")
    assert "holds a training already" in _refusal(capsys, "--out", str(tmp_path))
    assert "damaged" in _refusal(capsys, "--out", str(tmp_path), "--resume")


def test_an_empty_folder_cannot_be_gone_on_with(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "no checkpoint" in _refusal(capsys, "--out", str(tmp_path), "--resume")
    assert "no file" in _refusal(capsys, "--out", str(tmp_path), "--resume", str(tmp_path / "checkpoint"))


def test_only_the_newest_of_the_folder_is_gone_on_from(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    network, average = torch.nn.Linear(1, 1), torch.nn.Linear(1, 1)
    optimizer = torch.optim.AdamW(network.parameters())
    older, _ = (
        write_checkpoint(tmp_path, TrainingSettings(), TrainingState(step=step), network, average, optimizer)
        for step in (10, 20)
    )
    assert "holds a later checkpoint" in _refusal(capsys, "--out", str(tmp_path), "--resume", str(older))
    assert "lies outside" in _refusal(capsys, "--out", str(tmp_path / "other"), "--resume", str(older))


@pytest.mark.parametrize("seed", ["640064", "640065"])
def test_the_people_who_judge_are_not_taught_with(
    seed: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "kept to judge with" in _refusal(capsys, "--out", str(tmp_path), "--seed", seed)
    assert "kept to judge with" in _refusal(capsys, "--out", str(tmp_path), "--set", f"seed={seed}")


def test_a_command_is_kept_without_this_machines_folders() -> None:
    arguments = ["train-prior", "--out", "/home/me/prior/", "--resume=/home/me/prior/c", "--set", "network.encoder=a/b"]
    kept = "nlfgs-studio train-prior --out prior --resume=c --set network.encoder=a/b"
    assert _command(parse(arguments), arguments) == kept


def test_unknown_settings_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "no setting 'speed'" in _refusal(capsys, "--out", str(tmp_path), "--set", "speed=3")
    assert "stride must be above 0" in _refusal(capsys, "--out", str(tmp_path), "--set", "network.stride=0")
    assert "steps cannot be 0" in _refusal(capsys, "--out", str(tmp_path), "--steps", "0")


def test_a_place_that_is_no_folder_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_bytes(b"")
    assert "cannot make the folder" in _refusal(capsys, "--out", str(tmp_path / "file" / "within"))


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--out", "x", "--json", "y"],
        ["--out", "x", "--minutes", "0"],
        ["--out", "x", "--from", "y"],
        ["--out", "x", "--people", "3"],
        ["--out", "x", "--resume", "--preset", "gpu"],
        ["--evaluate", "--resume"],
        ["--evaluate", "--seed", "0"],
        ["--evaluate", "--set", "steps=3"],
        ["--evaluate", "--download"],
        ["--evaluate", "--from", "y", "--people", "3"],
    ],
)
def test_what_does_not_go_together_is_bad_usage(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["train-prior", *arguments])
    assert ended.value.code == 2


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_asks_and_the_second_ends(number: signal.Signals) -> None:
    class EndedError(Exception):
        pass

    def end(*_: object) -> None:
        raise EndedError

    before = signal.signal(number, end)
    try:
        with asked_to_stop(ProgressLine(), "ending") as stopped:
            assert not stopped()
            signal.raise_signal(number)
            assert stopped()
            with pytest.raises(EndedError):
                signal.raise_signal(number)
        assert signal.getsignal(number) is end
    finally:
        signal.signal(number, before)
