"""Training: it learns, repeats, goes on where it was broken off, and keeps what it learned."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from nlfgs_studio.core.body.model import BodyModel
from nlfgs_studio.core.distillation.checkpoints import checkpoints, read_checkpoint
from nlfgs_studio.core.distillation.curve import append_to_curve, cut_curve, read_curve
from nlfgs_studio.core.distillation.photos import collated, photo_batches
from nlfgs_studio.core.distillation.plots import draw_curve
from nlfgs_studio.core.distillation.settings import TrainingSettings
from nlfgs_studio.core.distillation.trainer import MAX_LOST, WEIGHTS, Sitting, Trainer, train
from nlfgs_studio.core.errors import StudioError
from nlfgs_studio.core.images import read_image
from nlfgs_studio.core.nlf.network import NlfGs
from nlfgs_studio.core.nlf.weights import read_facts, read_weights
from painted_photos import TINY, PaintedStudio

_ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def studio(plain_body: BodyModel) -> PaintedStudio:
    return PaintedStudio(plain_body)


def _trained(
    studio: PaintedStudio,
    folder: Path,
    settings: TrainingSettings = TINY,
    *,
    resume: bool = False,
    stop_at: int = 10**9,
) -> Trainer:
    trainer = Trainer(settings, studio.canon())
    if resume:
        trainer.go_on_from(read_checkpoint(checkpoints(folder)[-1]))
    batches = photo_batches(lambda: studio, settings, first=trainer.state.step)
    train(
        trainer,
        batches,
        Sitting(folder=folder, command="a test", facts={}),
        report=lambda *_: None,
        stopped=lambda: trainer.state.step >= stop_at,
    )
    return trainer


def _timeless(folder: Path) -> list[dict[str, float]]:
    return [
        {name: value for name, value in line.items() if name not in {"seconds", "photos_per_second"}}
        for line in read_curve(folder)
    ]


@pytest.fixture(scope="module")
def unbroken(studio: PaintedStudio, tmp_path_factory: pytest.TempPathFactory) -> tuple[Trainer, Path]:
    folder = tmp_path_factory.mktemp("unbroken")
    return _trained(studio, folder), folder


def test_the_same_seed_gives_the_same_curve_also_when_it_is_broken_off(
    studio: PaintedStudio, unbroken: tuple[Trainer, Path], tmp_path: Path
) -> None:
    _trained(studio, tmp_path, stop_at=6)
    assert checkpoints(tmp_path)[-1].name == "checkpoint-00000006.safetensors"
    trainer = _trained(studio, tmp_path, resume=True)
    assert read_facts(tmp_path / WEIGHTS)["command"] == "a test; a test"
    assert _timeless(tmp_path) == _timeless(unbroken[1])
    for mine, whole in ((trainer.network, unbroken[0].network), (trainer.average.network, unbroken[0].average.network)):
        for (name, weight), other in zip(mine.state_dict().items(), whole.state_dict().values(), strict=True):
            assert torch.equal(weight, other), name


def test_the_terms_of_every_stage_are_in_the_curve(unbroken: tuple[Trainer, Path]) -> None:
    lines = read_curve(unbroken[1])
    assert [line["step"] for line in lines] == [3, 6, 9, 12]
    terms = {"relative", "pixels", "heat", "colors", "kernels", "opacities"}
    assert terms <= lines[0].keys()
    assert {*terms, "absolute", "offsets", "pictures", "silhouettes"} <= lines[1].keys()


def test_what_is_shipped_is_the_average_with_how_it_came_about(unbroken: tuple[Trainer, Path]) -> None:
    trainer, folder = unbroken
    network = read_weights(folder / WEIGHTS)
    for (name, weight), other in zip(
        network.state_dict().items(), trainer.average.network.state_dict().values(), strict=True
    ):
        torch.testing.assert_close(weight, other, atol=1e-3, rtol=1e-3, msg=name)
    facts = read_facts(folder / WEIGHTS)
    assert {"command": "a test", "seed": "0", "steps": "12", "photos": "48"}.items() <= facts.items()


def test_it_learns(studio: PaintedStudio) -> None:
    """One batch over and over: found and coloured better than by what is given."""
    settings = replace(TINY, learning_rate=3e-3, evidence_dropped=0.0, part_dropped=0.0)
    (batch,) = itertools.islice(photo_batches(lambda: studio, settings, first=3), 1)
    trainer = Trainer(settings, studio.canon())
    pictures = []
    for _ in range(36):
        terms, missed = trainer.step(batch, 0.5)
        pictures += [float(terms["pictures"])] if "pictures" in terms else []
    found, given = (pixels[missed.seen].median() for pixels in (missed.pixels, missed.fit_pixels))
    assert float(found) < 0.5 * float(given)
    assert pictures[-1] < 0.8 * pictures[0]


def test_a_spoiled_photo_teaches_nothing_and_many_end_it(studio: PaintedStudio) -> None:
    (batch,) = itertools.islice(photo_batches(lambda: studio, TINY), 1)
    trainer = Trainer(TINY, studio.canon())
    before = {name: weight.clone() for name, weight in trainer.network.state_dict().items()}
    spoiled = replace(batch, points=torch.full_like(batch.points, torch.nan))
    trainer.step(spoiled, 0.5)
    for name, weight in trainer.network.state_dict().items():
        assert torch.equal(weight, before[name]), name
    for _ in range(MAX_LOST - 2):
        trainer.step(spoiled, 0.5)
    with pytest.raises(StudioError, match="came apart"):
        trainer.step(spoiled, 0.5)


def test_a_training_that_comes_apart_is_saved_first(studio: PaintedStudio, tmp_path: Path) -> None:
    settings = replace(TINY, pictures_every=0)
    (batch,) = itertools.islice(photo_batches(lambda: studio, settings), 1)
    spoiled = replace(batch, points=torch.full_like(batch.points, torch.nan))
    trainer = Trainer(settings, studio.canon())
    sitting = Sitting(folder=tmp_path, command="a test", facts={})
    with pytest.raises(StudioError, match="came apart"):
        train(trainer, itertools.repeat(spoiled), sitting, report=lambda *_: None, stopped=lambda: False)
    assert read_checkpoint(checkpoints(tmp_path)[-1]).state == trainer.state
    assert trainer.state.step == MAX_LOST - 1


def test_one_that_ended_stays_as_it_is(studio: PaintedStudio, unbroken: tuple[Trainer, Path]) -> None:
    written = checkpoints(unbroken[1])[-1].stat().st_mtime_ns
    again = _trained(studio, unbroken[1], resume=True)
    assert again.state == unbroken[0].state
    assert checkpoints(unbroken[1])[-1].stat().st_mtime_ns == written


def test_pictures_that_cannot_be_drawn_end_nothing(
    studio: PaintedStudio, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def draw(_: NlfGs) -> torch.Tensor:
        raise RuntimeError("on another device")

    trainer = Trainer(replace(TINY, steps=1), studio.canon())
    sitting = Sitting(folder=tmp_path, command="a test", facts={}, draw=draw)
    batches = photo_batches(lambda: studio, trainer.settings)
    assert train(trainer, batches, sitting, report=lambda *_: None, stopped=lambda: False)
    assert "on another device" in caplog.text


def test_time_decides_where_minutes_were_given(studio: PaintedStudio, tmp_path: Path) -> None:
    trainer = Trainer(replace(TINY, steps=10**6, pictures_every=0), studio.canon())
    sitting = Sitting(folder=tmp_path, minutes=0.003, command="a test", facts={})
    ended = train(
        trainer, photo_batches(lambda: studio, trainer.settings), sitting, report=lambda *_: None, stopped=lambda: False
    )
    assert ended
    assert checkpoints(tmp_path)
    assert read_curve(tmp_path)[-1]["progress"] == 1.0


def test_the_curve_forgets_what_is_done_again(tmp_path: Path) -> None:
    for step in (10, 20, 30):
        append_to_curve(tmp_path, {"step": step})
    with (tmp_path / "curve.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"step": 4')
    cut_curve(tmp_path, 20)
    assert read_curve(tmp_path) == [{"step": 10}, {"step": 20}]


_HALF = """
import sys
import torch
import nlfgs_studio.core
from nlfgs_studio.core.body.loader import load_body
from nlfgs_studio.core.distillation.photos import collated
from nlfgs_studio.core.distillation.processes import joined
from nlfgs_studio.core.distillation.trainer import Trainer
from pathlib import Path
from dataclasses import replace
from painted_photos import TINY, PaintedStudio

torch.set_num_threads(1)
studio = PaintedStudio(load_body(Path(sys.argv[1])))
settings = replace(TINY, pictures_every=0)
with joined("cpu") as processes:
    trainer = Trainer(settings, studio.canon(), processes)
    share = settings.batch // processes.count
    first = processes.rank * share
    trainer.step(collated([studio.photo(number) for number in range(first, first + share)], settings), 0.5)
    gradients = torch.cat([weight.grad.flatten() for weight in trainer.network.parameters()])
    weights = torch.cat([weight.detach().flatten() for weight in trainer.network.parameters()])
    torch.save({"gradients": gradients, "weights": weights}, f"{sys.argv[2]}-{processes.rank}.pt")
"""


def test_two_processes_learn_as_one(studio: PaintedStudio, plain_body_path: Path, tmp_path: Path) -> None:
    """Half of the photos each: the same gradients in both, and those of one process with all of them."""

    def start(rank: int) -> subprocess.Popen[bytes]:
        environment = {
            **os.environ, "RANK": str(rank), "WORLD_SIZE": "2", "LOCAL_RANK": str(rank), "MASTER_ADDR": "127.0.0.1",
            "MASTER_PORT": str(29500 + os.getpid() % 2000), "PYTHONPATH": str(_ROOT / "tests"),
        }  # fmt: skip
        command = [sys.executable, "-c", _HALF, str(plain_body_path), str(tmp_path / "made")]
        return subprocess.Popen(command, env=environment, stderr=subprocess.PIPE)

    running = [start(0), start(1)]
    settings = replace(TINY, pictures_every=0)
    trainer = Trainer(settings, studio.canon())
    trainer.step(collated([studio.photo(number) for number in range(settings.batch)], settings), 0.5)
    alone = torch.cat([weight.grad.flatten() for weight in trainer.network.parameters() if weight.grad is not None])
    for each in running:
        _, errors = each.communicate(timeout=300)
        assert each.returncode == 0, errors.decode()
    first, second = (torch.load(tmp_path / f"made-{rank}.pt") for rank in range(2))
    assert torch.equal(first["gradients"], second["gradients"])
    assert torch.equal(first["weights"], second["weights"])
    torch.testing.assert_close(first["gradients"], alone, atol=2e-4, rtol=2e-3)


def test_the_curve_can_be_looked_at(unbroken: tuple[Trainer, Path], tmp_path: Path) -> None:
    empty, flat = tmp_path / "empty.png", tmp_path / "flat.png"
    draw_curve(empty, [])
    draw_curve(flat, [{"photos": 0, "heat": 2.0}])
    draw_curve(flat, [{"photos": 8, "heat": 2.0}, {"photos": 16, "heat": 2.0}])
    drawn = [read_image(path) for path in (empty, flat, unbroken[1] / "curve.png")]
    inks = [int((picture < 0.9).any(-1).sum()) for picture in drawn]
    assert inks[0] < inks[1] < inks[2]
