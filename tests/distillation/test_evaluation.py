"""Judging a network whole: what a network that has learned nothing is told, and the pages that tell it."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from nlfgs_studio.core.body.model import BodyModel
from nlfgs_studio.core.cameras import OrbitCamera, in_camera
from nlfgs_studio.core.distillation import evaluation
from nlfgs_studio.core.distillation.cost import reading_cost
from nlfgs_studio.core.distillation.evaluation import BLIND, CEILING, GIVEN, TRUE_POSE, WITH, evaluate
from nlfgs_studio.core.distillation.figures import BY_HAND, markdown, read_figures, table
from nlfgs_studio.core.errors import StudioError
from nlfgs_studio.core.nlf import reader
from nlfgs_studio.core.nlf.config import EVIDENCE_CHANNELS, NetworkConfig
from nlfgs_studio.core.nlf.evidence import Evidence
from nlfgs_studio.core.nlf.network import NlfGs
from nlfgs_studio.core.nlf.template import network_template

SMALL = NetworkConfig(
    image_size=64, stride=8, channels=16, detail_channels=16, num_frequencies=16, num_eigenfunctions=8, width=16,
    estimator_width=16,
)  # fmt: skip


COST = {
    "seconds": {"median": 0.5, "p10": 0.4, "p90": 0.6, "count": 5},
    "start_seconds": 1.0,
    "peak_memory_mib": 900.0,
    "gaussians": 112_176,
}


@pytest.fixture(scope="module")
def result(body: BodyModel) -> dict[str, Any]:
    """Of one photo of one person, with one Gaussian on each face."""
    torch.manual_seed(0)
    told: list[float] = []
    with pytest.MonkeyPatch.context() as patch:
        for name in ("OTHER_PEOPLE", "OTHER_PHOTOS", "POINT_PHOTOS"):
            patch.setattr(evaluation, name, 1)
        for module in (evaluation, reader):
            patch.setattr(module, "network_template", functools.partial(network_template, k=1))
        patch.setattr(evaluation, "reading_cost", lambda *_: COST)  # it has a test of its own, on a lighter body
        result = evaluate(
            NlfGs(SMALL),
            body,
            people=1,
            facts={"command": "/home/me/bin/nlfgs-studio train-prior", "seed": "0"},
            report=lambda fraction, _: told.append(fraction),
        )
    assert told == sorted(told)
    assert 0.0 <= told[0] <= told[-1] < 1.0
    return result


def test_a_network_that_learned_nothing_gives_the_fit_back(result: dict[str, Any]) -> None:
    """Its first answer with evidence is the evidence: anything else mistakes pixels, axes or units."""
    pixels = result["points"]["pixels"]
    given, found = (pixels[name]["visible"]["all"] for name in (GIVEN, WITH))
    assert found["count"] == given["count"] == pixels[BLIND]["visible"]["all"]["count"]
    assert found["median"] == pytest.approx(given["median"], rel=0.5)
    assert found["median"] < pixels[BLIND]["visible"]["all"]["median"]
    in_space = result["points"]["about_middle_mm"]
    assert in_space[WITH]["visible"]["all"]["median"] < 3.0 * in_space[GIVEN]["visible"]["all"]["median"]


def test_nothing_is_more_like_a_person_than_the_truth_about_them(result: dict[str, Any]) -> None:
    likeness = result["likeness"]
    for view in ("input", "aside"):
        best = likeness["psnr"][f"{CEILING}, {TRUE_POSE}"][view]["all"]["median"]
        assert all(best >= each[view]["all"]["median"] for each in likeness["psnr"].values())
        assert likeness["gain_db"][f"{CEILING}, {TRUE_POSE}"][view]["all"]["median"] > 0.0
    assert result["held_out"] == {"seed": 640_064, "people": 1, "photos": 1, "avatars": 1}


def test_the_page_keeps_what_is_written_by_hand(result: dict[str, Any]) -> None:
    page = markdown(result)
    assert "`nlfgs-studio train-prior`" in page
    assert page.rstrip().endswith(BY_HAND)
    again = markdown(result, page + "\nHands fail.\n")
    assert again == page + "\nHands fail.\n"
    assert markdown(result, again) == again
    rows = [line for line in page.splitlines() if line.startswith("|")]
    columns = {}
    for line in rows:
        columns.setdefault(line.count("|"), []).append(line)
    assert all(len(lines) >= 3 for lines in columns.values())  # a head, a rule and a row, as wide as each other
    for line in table(result).splitlines()[2:]:
        assert line == line.rstrip()


def test_figures_survive_the_disk(result: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "prior.json"
    path.write_text(json.dumps(result), encoding="utf-8")
    assert markdown(read_figures(path)) == markdown(result)


def test_without_detectors_all_else_is_judged_and_that_is_said(
    result: dict[str, Any], plain_body: BodyModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(*_: object) -> None:
        raise StudioError("MediaPipe is not installed")

    monkeypatch.setattr(evaluation, "InUse", missing)
    with evaluation._use(plain_body, reader.PhotoReader(NlfGs(SMALL), plain_body), SMALL.crop_size) as in_use:
        assert in_use is None
    page = markdown({**result, "in_use": None})
    assert "MediaPipe is not installed" in page
    assert "As the program uses it" not in page


@pytest.mark.slow
def test_readings_are_timed_in_a_process_of_their_own(plain_body: BodyModel) -> None:
    camera = OrbitCamera().camera(SMALL.crop_size, SMALL.crop_size)
    vertices = in_camera(plain_body.template_vertices, camera)
    evidence = Evidence(picture=torch.zeros(EVIDENCE_CHANNELS, 64, 64), vertices=vertices)
    crop = np.zeros((SMALL.crop_size, SMALL.crop_size, 3), np.uint8)
    cost = reading_cost(NlfGs(SMALL), plain_body, crop, camera, evidence)
    assert cost.keys() == COST.keys()
    assert cost["gaussians"] == network_template(plain_body).num_gaussians
    assert 0.0 < cost["seconds"]["p10"] <= cost["seconds"]["p90"]
    assert cost["peak_memory_mib"] > 50.0


@pytest.mark.parametrize("content", ["", "[]", '{"machine": 3}', "\0"])
def test_what_is_no_figures_is_refused(content: str, tmp_path: Path) -> None:
    path = tmp_path / "prior.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(StudioError, match="holds no figures"):
        read_figures(path)
    with pytest.raises(StudioError):
        read_figures(tmp_path / "missing.json")
