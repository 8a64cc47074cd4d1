"""Settings and what follows from them: files, changes by name, the course of a training."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from nlfgs_studio.core.distillation.schedule import stage
from nlfgs_studio.core.distillation.settings import PRESETS, LossWeights, TrainingSettings, changed
from nlfgs_studio.core.errors import StudioError
from nlfgs_studio.core.nlf.network import NlfGs
from painted_photos import TINY


@pytest.mark.parametrize("name", list(PRESETS))
def test_presets_come_back_from_their_text(name: str) -> None:
    assert TrainingSettings.from_json(PRESETS[name].to_json()) == PRESETS[name]


def test_weights_of_one_gpu_are_small_enough_to_ship() -> None:
    with torch.device("meta"):
        network = NlfGs(PRESETS["gpu"].network)
    assert 2 * sum(weight.numel() for weight in network.state_dict().values()) < 40_000_000


def test_what_an_older_version_did_not_know_has_its_default() -> None:
    assert TrainingSettings.from_json('{"steps": 7}') == replace(TrainingSettings(), steps=7)
    older = TrainingSettings.from_json('{"weights": {"heat": 0.7}}').weights
    assert older == replace(LossWeights(), heat=0.7)


def test_changes_by_name_reach_what_lies_within() -> None:
    changes = {"learning_rate": "5e-4", "weights.heat": "0.1", "network.channels": "64", "mixed_precision": "false"}
    settings = changed(TrainingSettings(), changes)
    assert settings.learning_rate == 5e-4
    assert settings.weights.heat == 0.1
    assert settings.network.channels == 64
    assert settings.mixed_precision is False


@pytest.mark.parametrize(
    ("name", "value"),
    [("speed", "1"), ("weights.speed", "1"), ("weights", "1"), ("other.batch", "1"), ("batch", "many"), ("batch", "0"),
     ("mixed_precision", "maybe"), ("learning_rate", "-1"), ("network.image_size", "100"),
     ("network.stride", "0"), ("network.channels", "60"), ("network.detail_channels", "4"), ("network.metres", "nan")],
)  # fmt: skip
def test_what_cannot_be_is_refused(name: str, value: str) -> None:
    with pytest.raises(StudioError):
        changed(TrainingSettings(), {name: value})


@pytest.mark.parametrize("text", ["", "[]", '{"speed": 1}', '{"weights": 3}', '{"network": {"speed": 1}}'])
def test_foreign_settings_are_refused(text: str) -> None:
    with pytest.raises(StudioError):
        TrainingSettings.from_json(text)


def test_the_rate_rises_then_falls_to_its_end() -> None:
    settings = replace(TINY, warm_up=10, learning_rate=1.0, last_rate=0.1)
    rates = [stage(settings, step, step / 100).learning_rate for step in range(101)]
    assert rates[0] == pytest.approx(0.1, rel=0.01)
    assert max(rates) == rates[9] or max(rates) == rates[10]
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert rates[-1] == pytest.approx(0.1)


def test_stages_follow_each_other() -> None:
    settings = replace(
        TINY, network=replace(TINY.network, sh_degree=3), offsets_from=0.1, absolute_from=0.2, harmonics_from=0.4
    )
    course = [stage(settings, step, step / 100) for step in range(101)]
    assert [each.offsets for each in course].index(True) == 10
    assert [each.absolute for each in course].index(True) == 20
    degrees = [each.sh_degree for each in course]
    assert degrees == sorted(degrees)
    assert set(degrees[:40]) == {0}
    assert set(degrees[40:]) == {1, 2, 3}
    assert [each.pictures for each in course[:8]] == [False, False, False, True] * 2
