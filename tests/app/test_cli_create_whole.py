"""`create` with everything real: detectors, network, refining, judging, on a film of the program's own avatar."""

from __future__ import annotations

import json

import numpy as np
import pytest
from nlfgs_studio.app.cli import main
from nlfgs_studio.core.images import read_image
from nlfgs_studio.core.storage.avatar_npz import read_avatar
from own_film import make_own_film
from sources import photo


@pytest.mark.slow
def test_a_film_among_bad_files_becomes_an_avatar_and_a_report(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make_own_film(tmp_path / "film.mp4", seconds=2.0, size=(320, 320))
    photo(tmp_path / "grey.png", level=60, width=320, height=320)
    (tmp_path / "damaged.jpg").write_bytes(b"\xff\xd8 no picture")
    inputs = ["film.mp4", "grey.png", "damaged.jpg", "--most", "6", "--holdout", "4"]
    outputs = ["-o", "made.npz", "--report", "r.json", "--report-masks", "masks", "--json", "how.json"]
    assert main(["create", *inputs, *outputs, "--refine", "10"]) == 0

    told, how = json.loads((tmp_path / "r.json").read_text()), json.loads((tmp_path / "how.json").read_text())
    assert {*how["refused"]} == {"grey.png", "damaged.jpg"}
    assert read_avatar(tmp_path / "made.npz").provenance.details[-1][0] == "refined"
    assert not {*told["held_out"]} & {*told["used"]}
    for run in told["runs"].values():
        assert run["judged"] == 4
        first, last = (run["moments"][at]["scores"] for at in (0, -1))
        assert last["head"]["psnr"] > first["head"]["psnr"]
    for name in told["held_out"]:
        person, head = (read_image(tmp_path / f"masks/{name} {region}.png")[..., 0] for region in ("person", "head"))
        assert 0.2 < float(person.mean()) < 0.8
        assert 0.0 < float(head.mean()) < float(person.mean())
        assert np.all((person - head).numpy() >= 0.0)
