"""The sheet of made-up photos: three panels for each, one of every framing."""

from __future__ import annotations

import functools

from nlfgs_studio.app.cli.made_up_photos import GAP, SEED, _numbers
from nlfgs_studio.app.cli.program import main
from nlfgs_studio.core.images import read_image
from nlfgs_studio.core.nlf import template
from nlfgs_studio.core.nlf.template import network_template
from nlfgs_studio.core.synthetic.framing import Framing
from nlfgs_studio.core.synthetic.photo import PhotoStudio


def test_a_photo_lies_beside_its_truth_and_its_evidence(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(template, "network_template", functools.partial(network_template, k=1))
    path = tmp_path / "photos.png"
    assert main(["people", "--photos", "--count", "1", "--cell", "64", "-o", str(path)]) == 0
    assert "photos.png" in capsys.readouterr().out
    sheet = read_image(path)
    assert sheet.shape == (64 + 2 * GAP, 3 * 64 + 2 * GAP, 3)
    photo, truth, evidence = sheet[GAP:-GAP, GAP:-GAP].split(64, dim=1)
    assert (sheet[:GAP] == 1.0).all()
    # Dimmed around the person in the one, black in the other; the body's colours lie about where it is in both.
    coloured = [(panel.amax(-1) - panel.amin(-1)) > 0.2 for panel in (truth, evidence)]
    assert 0.03 < coloured[0].float().mean() < 0.9
    assert (coloured[0] & coloured[1]).sum() > 0.3 * coloured[0].sum()
    assert photo.std() > 0.05


def test_the_framings_take_turns_and_nobody_comes_twice(body):
    studio = PhotoStudio(body, network_template(body, 1), seed=SEED)
    numbers = list(_numbers(studio, 0, 6))
    assert [studio.framing_of(number) for number in numbers] == 2 * list(Framing)
    assert len({studio.person_of(number) for number in numbers}) == 6
