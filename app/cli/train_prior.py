"""`nlfgs-studio train-prior`: the network taught by made-up people, or judged by those that it never saw."""

from __future__ import annotations

import argparse
import contextlib
import functools
import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...core.body.body_registry import builtin_body
from ...core.errors import StudioError
from ...core.locks import alone_in
from ...core.paths import check_writable
from .output import write_json, write_text
from .progress import ProgressLine, asked_to_stop

if TYPE_CHECKING:
    from ...core.distillation.checkpoints import Checkpoint
    from ...core.distillation.settings import TrainingSettings
    from ...core.synthetic.photo import PhotoStudio


def train_prior(options: argparse.Namespace) -> None:
    """What the options ask for.

    Raises:
        StudioError: settings that do not hold together, a folder or checkpoint that cannot be used.
        KeyboardInterrupt: it was stopped; all that was learned is saved.
    """
    if options.evaluate:
        _evaluate(options)
    else:
        _train(options)


def _train(options: argparse.Namespace) -> None:
    from ...core.distillation.contact_sheet import SEED as SHEET_SEED
    from ...core.distillation.contact_sheet import ContactSheet
    from ...core.distillation.learner import canon
    from ...core.distillation.photos import photo_batches
    from ...core.distillation.processes import joined
    from ...core.distillation.trainer import Sitting, Trainer, train
    from ...core.nlf.template import network_template

    settings, checkpoint = _begun(options)
    _threads(options.threads)
    with joined(options.device or "auto") as processes, contextlib.ExitStack() as held:
        if settings.batch % processes.count:
            raise StudioError(
                f"{settings.batch} photos cannot be shared by {processes.count} processes", hint="--set batch=..."
            )
        if processes.leads:
            held.enter_context(_entered(options.out, 0 if checkpoint is None else checkpoint.state.step))
        with ProgressLine() as line:
            body = builtin_body(line.show if processes.leads else None)
        asked = canon(body, network_template(body), settings.network.num_eigenfunctions)
        trainer = Trainer(settings, asked, processes, download=options.download, pretrained=checkpoint is None)
        if checkpoint is not None:
            trainer.go_on_from(checkpoint)
        sheet = ContactSheet(body, functools.partial(make_studio, SHEET_SEED, settings.points))
        sitting = Sitting(
            folder=options.out,
            minutes=options.minutes,
            command=_command(options, sys.argv[1:]),
            facts={"body": f"{body.identity.name} {body.identity.fingerprint}"},
            draw=sheet.drawn,
        )
        batches = photo_batches(
            functools.partial(make_studio, settings.seed, settings.points),
            settings,
            first=trainer.state.step,
            rank=processes.rank,
            processes=processes.count,
        )
        with ProgressLine() as line, asked_to_stop(line, "saving what was learned, then ending") as stopped:
            report: Callable[..., None] = line.show if processes.leads else _say_nothing
            ended = train(trainer, batches, sitting, report=report, stopped=stopped)
        if processes.leads:
            print(_in_words(options.out, trainer.state.step, trainer.state.photos, trainer.state.seconds))
    if not ended:
        raise KeyboardInterrupt


def _command(options: argparse.Namespace, arguments: Sequence[str]) -> str:
    """As it was typed, without where this machine keeps the program and its trainings."""

    def bare(argument: str) -> str:
        option, equals, value = argument.rpartition("=") if argument.startswith("--") else ("", "", argument)
        named = bool(value) and Path(value) in (options.out, options.resume)
        return f"{option}{equals}{Path(value).resolve().name}" if named else argument

    return shlex.join(["nlfgs-studio", *map(bare, arguments)])


def make_studio(seed: int, labels: int) -> PhotoStudio:
    """Called in each process that makes photos."""
    from ...core.nlf.template import network_template
    from ...core.synthetic.photo import PhotoStudio

    body = builtin_body()
    return PhotoStudio(body, network_template(body), seed=seed, labels=labels)


def _begun(options: argparse.Namespace) -> tuple[TrainingSettings, Checkpoint | None]:
    """The settings, and from where to go on.

    Raises:
        StudioError: unknown settings; a folder that holds another training, or none to go on with; a checkpoint of
            another folder, or with later ones beside it.
    """
    from ...core.distillation.checkpoints import checkpoint_path, checkpoints, read_checkpoint
    from ...core.distillation.contact_sheet import SEED as SHEET_SEED
    from ...core.distillation.held_out import SEED as HELD_OUT_SEED
    from ...core.distillation.settings import PRESETS, changed

    found = checkpoints(options.out) if options.out.is_dir() else []
    if options.resume is None:
        if found:
            raise StudioError(
                f"{options.out} holds a training already, of {found[-1].name}",
                hint="--resume goes on with it; or choose another folder",
            )
        base, checkpoint = PRESETS[options.preset or "cpu-small"], None
    else:
        path = options.resume if options.resume != Path() else found[-1] if found else None
        if path is None:
            raise StudioError(f"{options.out} holds no checkpoint to go on from", hint="leave out --resume to begin")
        if path.resolve().parent != options.out.resolve():
            raise StudioError(
                f"{path} lies outside {options.out}", hint="copy it into that folder, or let --out name its own"
            )
        checkpoint = read_checkpoint(path)
        if found and found[-1].name > checkpoint_path(options.out, checkpoint.state.step).name:
            raise StudioError(
                f"{options.out} holds a later checkpoint than {path.name}: {found[-1].name}",
                hint=f"copy {path.name} into another folder and let --out name that; or remove the later ones",
            )
        base = checkpoint.settings
    changes = dict(options.set)
    for name in ("steps", "seed"):
        if getattr(options, name) is not None:
            changes[name] = str(getattr(options, name))
    settings = changed(base, changes)
    if settings.seed in (HELD_OUT_SEED, SHEET_SEED):
        raise StudioError(f"the people of seed {settings.seed} are kept to judge with", hint="choose another seed")
    return settings, checkpoint


@contextlib.contextmanager
def _entered(folder: Path, step: int) -> Iterator[None]:
    """Make the training's folder, be alone in it, and forget what it knows of later steps.

    Raises:
        StudioError: it cannot be made or written to, or another training goes on there.
    """
    from ...core.distillation.checkpoints import checkpoint_path, checkpoints
    from ...core.distillation.curve import NAME, cut_curve

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StudioError(f"cannot make the folder {folder}: {error.strerror}", hint="choose another folder") from error
    check_writable(folder / NAME)
    with alone_in(folder):
        found = checkpoints(folder)
        if found and found[-1].name > checkpoint_path(folder, step).name:
            raise StudioError(f"{folder} has been gone on with meanwhile", hint="try again")
        cut_curve(folder, step)
        yield


def _threads(count: int | None) -> None:
    import torch

    if count is not None:
        torch.set_num_threads(count)


def _say_nothing(*_: Any) -> None:
    """The other processes leave the terminal to the first."""


def _in_words(folder: Path, step: int, photos: int, seconds: float) -> str:
    return f"{folder}: {step} steps, {photos} photos, {seconds / 3600.0:.2f} hours of training"


def _evaluate(options: argparse.Namespace) -> None:
    from ...core.distillation.evaluation import evaluate
    from ...core.distillation.figures import markdown, read_figures, table
    from ...core.distillation.trainer import WEIGHTS
    from ...core.nlf.weights import read_facts, read_weights, shipped_weights

    for path in (options.json, options.markdown):
        if path is not None and path != Path("-"):
            check_writable(path)
    if options.figures is not None:
        result = read_figures(options.figures)
    else:
        weights = shipped_weights() if options.out is None else options.out
        weights = weights / WEIGHTS if weights.is_dir() else weights
        _threads(options.threads)
        network = read_weights(weights)
        with ProgressLine() as line:
            body = builtin_body(line.show)
        with ProgressLine() as line:
            result = evaluate(network, body, people=options.people or 64, facts=read_facts(weights), report=line.show)
    print(table(result), file=sys.stderr if Path("-") in (options.json, options.markdown) else sys.stdout)
    if options.json is not None:
        write_json(options.json, result)
    if options.markdown is not None:
        before = options.markdown.read_text(encoding="utf-8") if options.markdown.is_file() else ""
        write_text(options.markdown, markdown(result, before))
