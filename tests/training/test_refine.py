"""The job around the refiner: wishes, time, and what others see of it. The refiner is played, and so is the clock."""

import itertools
import math
import threading
from collections import Counter
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from avatars import random_avatar
from nlfgs_studio.core.body.parameters import BodyPose
from nlfgs_studio.core.cameras import OrbitCamera
from nlfgs_studio.core.channels import LatestSlot
from nlfgs_studio.core.errors import Cancelled, StudioError
from nlfgs_studio.core.jobs import JobContext
from nlfgs_studio.core.training import refine as job
from nlfgs_studio.core.training.observation import Observation
from nlfgs_studio.core.training.refine import RefineRequest, RefineWires, refine
from nlfgs_studio.core.training.refiner import StepFigures

STEP, SHOWING, JUDGING = 0.05, 0.02, 0.3
"""Seconds that they take."""


class PlayedTime:
    """Stands but for what is done in it; `at(seconds, deed)` happens when it comes."""

    def __init__(self):
        self.now, self._deeds = 100.0, []

    def monotonic(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds
        due = [deed for moment, deed in self._deeds if moment <= self.now]
        self._deeds = [(moment, deed) for moment, deed in self._deeds if moment > self.now]
        for deed in due:
            deed()

    def at(self, seconds, deed):
        self._deeds.append((100.0 + seconds, deed))


class PlayedRefiner:
    """Learns nothing and takes its time; `loss_of` a step is a number, or what is raised."""

    def __init__(self, time, avatar, observations, held_out, loss_of):
        self._time, self._avatar, self._steps = time, avatar, itertools.count(1)
        self.observations, self.held_out, self.calls = list(observations), held_out, Counter()
        self._loss_of = loss_of

    def step(self):
        step = next(self._steps)
        self.calls["step"] += 1
        self._time.sleep(STEP)
        loss = self._loss_of(step)
        if isinstance(loss, BaseException):
            raise loss
        return StepFigures(step=step, loss=loss, psnr=20.0 + step, picture=0, seconds=STEP)

    def avatar(self):
        self.calls["avatar"] += 1
        self._time.sleep(SHOWING)
        return replace(self._avatar)

    def judge(self):
        self.calls["judge"] += 1
        self._time.sleep(JUDGING)
        return 25.0 if self.held_out else None

    def add(self, observation):
        self.observations.append(observation)


@pytest.fixture
def played(plain_body, monkeypatch):
    """The request, the wires, and all that can be played with."""
    time = PlayedTime()
    stage = SimpleNamespace(time=time, wires=RefineWires(), refiner=None, loss_of=lambda step: 1.0 / step)

    def refiner(body, avatar, observations, *, settings, held_out):
        assert body.identity == avatar.body
        stage.refiner = PlayedRefiner(time, avatar, observations, held_out, stage.loss_of)
        return stage.refiner

    monkeypatch.setattr(job, "time", time)
    monkeypatch.setattr(job, "Refiner", refiner)
    avatar = random_avatar(plain_body, k=1)
    stage.request = RefineRequest(
        body=plain_body, avatar=avatar, observations=(observed(plain_body, 0), observed(plain_body, 1)), seconds=2.0
    )
    stage.progress, stage.cancelled = LatestSlot(), threading.Event()
    stage.context = JobContext("refine", stage.progress, stage.cancelled)
    stage.run = lambda **changes: refine(stage.context, replace(stage.request, **changes), stage.wires)
    return stage


def observed(body, picture):
    return Observation(
        picture=picture,
        name=f"{picture}.jpg",
        image=np.zeros((8, 8, 3), np.uint8),
        mask=np.ones((8, 8), np.float32),
        weights=np.ones((8, 8), np.float32),
        camera=OrbitCamera().camera(8, 8),
        pose=BodyPose.rest(body),
    )


def test_it_ends_when_its_time_is_over(played):
    last = played.run()
    assert 2.0 <= last.figures.seconds < 3.0
    assert last.figures.step == played.refiner.calls["step"]
    assert played.wires.snapshots.take() is last
    assert last.figures.num_gaussians == len(played.request.avatar.parameters)
    progress = played.progress.take()
    assert progress.fraction == 1.0
    assert progress.seconds_left == 0.0


def test_one_step_is_done_in_no_time_at_all(played):
    played.wires.wishes.put("stop")
    assert played.run(seconds=0.0).figures.step == 1


def test_the_avatar_says_what_was_done_to_it(played, plain_body):
    first = played.request.avatar.provenance
    played.wires.arrivals.put(observed(plain_body, 2))
    provenance = played.run().avatar.provenance
    assert provenance.made_by == first.made_by
    assert provenance.details[:-1] == first.details
    name, words = provenance.details[-1]
    assert name == "refined"
    assert words.startswith("2 s on 3 pictures, ")


def test_showing_and_judging_take_their_share_of_the_time(played, plain_body):
    held_out = tuple(observed(plain_body, picture) for picture in range(20))
    played.run(seconds=60.0, held_out=held_out)
    assert [each.picture for each in played.refiner.held_out] == [0, 2, 5, 7, 10, 12, 15, 17]
    calls = played.refiner.calls
    assert 0.04 * 60.0 < calls["avatar"] * SHOWING < 0.06 * 60.0
    assert calls["judge"] * JUDGING < 0.05 * 60.0 + 2 * JUDGING  # those of the beginning and of the end come on top
    assert calls["judge"] >= 6


def test_cheap_snapshots_come_ten_times_a_second_at_most(played, monkeypatch):
    monkeypatch.setitem(globals(), "SHOWING", 0.0)
    monkeypatch.setitem(globals(), "STEP", 0.001)
    played.run(seconds=10.0)
    assert 90 <= played.refiner.calls["avatar"] <= 102


def test_figures_are_means_since_the_last_ones_and_say_when_they_were_judged(played, plain_body):
    played.run(seconds=5.0, held_out=(observed(plain_body, 9),))
    figures = played.wires.figures.drain()
    assert [figures[0].step, figures[0].held_out_psnr] == [1, 25.0]
    assert figures[-1].held_out_psnr == 25.0
    assert all(b.seconds - a.seconds >= 0.5 for a, b in itertools.pairwise(figures[1:-1]))
    assert any(each.held_out_psnr is None for each in figures)
    assert all(20.0 + a.step < b.psnr <= 20.0 + b.step for a, b in itertools.pairwise(figures))


def test_preparing_does_not_count(played):
    played.time.at(JUDGING, lambda: played.time.sleep(25.0))  # the first step compiles
    last = played.run()
    assert played.time.now > 125.0
    assert 2.0 <= last.figures.seconds < 3.0
    assert played.wires.figures.drain()[0].seconds < 1.0


def test_figures_do_not_jump_from_picture_to_picture(played, plain_body, monkeypatch):
    monkeypatch.setattr(job, "FIGURES_EVERY", STEP)
    num_pictures = 6
    played.loss_of = lambda step: 1.0 if step % num_pictures else 7.0
    played.run(seconds=4.0, observations=tuple(observed(plain_body, picture) for picture in range(num_pictures)))
    settled = [each.loss for each in played.wires.figures.drain() if each.step > num_pictures]
    assert len(settled) > 2 * num_pictures
    assert all(1.5 < loss < 3.0 for loss in settled)


def test_a_pause_does_not_count(played):
    wishes = played.wires.wishes
    played.time.at(1.0, lambda: wishes.put("pause"))
    played.time.at(31.0, lambda: wishes.put("resume"))
    said = []
    played.time.at(20.0, lambda: said.append((played.progress.take(), played.refiner.calls["step"])))
    last = played.run()
    assert last.figures.seconds < 3.0
    assert played.time.now > 131.0
    (progress, steps), = said  # fmt: skip
    assert progress.message == "paused"
    assert 0.5 < progress.seconds_left < 1.5
    assert 0 < steps < last.figures.step


@pytest.mark.parametrize("is_paused", [False, True])
def test_stop_ends_it_with_what_there_is(played, is_paused):
    if is_paused:
        played.time.at(1.0, lambda: played.wires.wishes.put("pause"))
    played.time.at(3.0, lambda: played.wires.wishes.put("stop"))
    last = played.run(seconds=None)
    assert played.wires.snapshots.take() is last
    assert 0.5 < last.figures.seconds < (1.5 if is_paused else 3.5)


@pytest.mark.parametrize("is_paused", [False, True])
def test_cancelling_leaves_the_last_snapshot(played, is_paused):
    if is_paused:
        played.time.at(1.0, lambda: played.wires.wishes.put("pause"))
    played.time.at(3.0, played.cancelled.set)
    with pytest.raises(Cancelled):
        played.run(seconds=None)
    assert played.wires.snapshots.take().figures.step > 1


@pytest.mark.parametrize("fault", [RuntimeError("broken"), MemoryError(), math.nan])
def test_an_error_never_loses_the_last_snapshot(played, fault):
    played.loss_of = lambda step: 0.1 if step < 30 else fault
    played.time.at(1.4, played.wires.snapshots.take)  # who watches has taken every one
    with pytest.raises(StudioError if isinstance(fault, float) else type(fault)):
        played.run(seconds=10.0)
    assert 1 < played.wires.snapshots.take().figures.step < 30


def test_a_picture_that_gives_no_number_is_passed_over(played):
    played.loss_of = lambda step: 0.1 if step % 7 else math.nan
    last = played.run()
    assert last.figures.step > 14
    assert all(math.isfinite(each.loss) for each in played.wires.figures.drain())


def test_without_pictures_it_says_so(played):
    with pytest.raises(StudioError, match="no picture"):
        played.run(observations=())


def test_the_job_fits_the_refiner(plain_body):
    """Nothing is played here: one step on a job's own context."""
    avatar = random_avatar(plain_body, k=1)
    request = RefineRequest(body=plain_body, avatar=avatar, observations=(observed(plain_body, 0),), seconds=0.0)
    last = refine(JobContext("refine", LatestSlot(), threading.Event()), request, RefineWires())
    assert last.figures.step == 1
    assert last.figures.held_out_psnr is None
    assert last.avatar.template is avatar.template
    assert not torch.equal(last.avatar.parameters.sh, avatar.parameters.sh)
