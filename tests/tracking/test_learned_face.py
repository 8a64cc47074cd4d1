"""What ships of the built-in body's face is what it would learn here, and spares a person the learning."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from nlfgs_studio.core.body.model import BodyModel
from nlfgs_studio.core.tracking import learned_face as module
from nlfgs_studio.core.tracking.learned_face import learn_face, learned_face


@pytest.fixture
def nothing_is_learned(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("it learned")

    monkeypatch.setenv("NLFGS_STUDIO_HOME", str(tmp_path))
    monkeypatch.setattr(module, "learn_face", refuse)


@pytest.mark.usefixtures("nothing_is_learned")
def test_the_built_in_body_learns_nothing(body: BodyModel) -> None:
    face = learned_face(body)
    assert face.embedding.triangles.max() < len(body.faces)
    assert face.embedding.barycentrics.sum(1) == pytest.approx(1.0, abs=1e-5)


@pytest.mark.usefixtures("nothing_is_learned")
def test_another_body_does_not_take_it(body: BodyModel) -> None:
    other = replace(body, identity=replace(body.identity, name="builtin-99"))
    with pytest.raises(AssertionError, match="it learned"):
        learned_face(other)


@pytest.mark.slow
def test_what_ships_is_what_would_be_learned(body: BodyModel) -> None:
    """Within what other portraits would change; run `python scripts/learn_face.py` where it fails."""
    shipped, anew = learned_face(body), learn_face(body)
    rest, faces = body.template_vertices.double().numpy(), body.faces.numpy()
    away = np.linalg.norm(shipped.embedding.points(rest, faces) - anew.embedding.points(rest, faces), axis=1)
    assert np.median(away) < 0.0005
    assert np.percentile(away, 90) < 0.002
