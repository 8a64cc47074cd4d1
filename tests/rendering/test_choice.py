"""Which renderer "auto" is: measured on what is shown, remembered for the machine, and never a reason not to start."""

import json

import pytest
import torch
from nlfgs_studio.core.errors import StudioError
from nlfgs_studio.core.rendering import choice
from nlfgs_studio.core.rendering.registry import make_renderer
from nlfgs_studio.core.rendering.renderer import RenderedImage, RenderSettings
from scenes import random_scene


class _Timed:
    """Takes as long as it is told, on a clock of the test's own."""

    timings: dict[str, float] = {}  # noqa: RUF012 - nobody writes to it

    def __init__(self, name, clock, seconds, *, is_software=False):
        self.name, self._clock, self._seconds, self.is_software = name, clock, seconds, is_software
        self.drawn, self.closed = [], False

    def render(self, gaussians, camera, settings):  # noqa: ARG002 - as renderers are called
        self._clock[0] += self._seconds
        self.drawn.append(gaussians)
        size = (camera.height, camera.width)
        return RenderedImage(rgb=torch.zeros(*size, 3), alpha=torch.zeros(size), depth=torch.zeros(size))

    def close(self):
        self.closed = True


@pytest.fixture
def clock(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(choice.time, "perf_counter", lambda: now[0])
    return now


def _chosen(renderers, *, opengl="a card"):
    def make(name):
        if isinstance(renderers[name], Exception):
            raise renderers[name]
        return renderers[name]

    return choice.measured(tuple(renderers), make, *random_scene(0, count=9), RenderSettings(), opengl=opengl)


def test_the_fastest_is_chosen_and_all_are_closed(clock):
    renderers = {"cpu": _Timed("cpu", clock, 0.03), "opengl": _Timed("opengl", clock, 0.004)}
    chosen = _chosen(renderers)
    assert chosen.renderer == "opengl"
    assert chosen.milliseconds == {"cpu": 30.0, "opengl": 4.0}
    assert all(renderer.closed for renderer in renderers.values())
    drawn = renderers["cpu"].drawn
    assert len({id(gaussians.means) for gaussians in drawn}) == len(drawn)  # nothing kept from one to the next counts


def test_what_cannot_run_or_draws_in_software_is_left_out_with_the_reason(clock):
    slow = _Timed("opengl", clock, 1e-6, is_software=True)
    renderers = {"cpu": _Timed("cpu", clock, 0.03), "opengl": slow, "gsplat": StudioError("no CUDA")}
    chosen = _chosen(renderers)
    assert chosen.renderer == "cpu"
    assert chosen.reasons == {"opengl": "it draws in software here", "gsplat": "no CUDA"}
    assert slow.drawn == []
    assert slow.closed
    assert chosen.in_words() == "cpu; cpu 30 ms; opengl: it draws in software here; gsplat: no CUDA"


def test_a_trial_draws_one_picture_a_step_and_can_be_given_up(clock):
    renderer = _Timed("cpu", clock, 0.01)
    trial = choice.Trial(["cpu"], lambda _: renderer, *random_scene(0, count=9), RenderSettings(), opengl="")
    for drawn in range(1, 4):
        assert trial.step() is None
        assert len(renderer.drawn) == drawn
    trial.close()
    assert renderer.closed


def test_the_choice_is_remembered_for_this_machine(home, clock):
    assert choice.remembered() is None
    assert choice.automatic_name() == "cpu"
    chosen = _chosen({"cpu": _Timed("cpu", clock, 0.03), "opengl": _Timed("opengl", clock, 0.004)})
    choice.remember(chosen)
    assert choice.remembered() == chosen
    assert choice.automatic_name() == "opengl"


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"version": 1}', '{"version": 99, "renderer": "x"}', "\x00"])
def test_a_spoilt_memory_is_no_memory(home, content):
    choice.remember(choice.Choice(renderer="cpu", milliseconds={}, reasons={}, machine="m"))
    (choice.cache_directory() / choice.FILE_NAME).write_text(content)
    assert choice.remembered() is None
    assert choice.automatic_name() == "cpu"


def test_another_machine_or_a_renderer_that_is_gone_means_the_processor(home):
    choice.remember(choice.Choice(renderer="opengl", milliseconds={}, reasons={}, machine="1 threads | none | none"))
    assert choice.automatic_name() == "cpu"
    choice.remember(choice.Choice(renderer="crayons", milliseconds={}, reasons={}, machine=choice.machine_key("")))
    stored = json.loads((choice.cache_directory() / choice.FILE_NAME).read_text())
    assert stored["renderer"] == "crayons"
    made = make_renderer("auto")
    assert made.name == "cpu"
    made.close()
