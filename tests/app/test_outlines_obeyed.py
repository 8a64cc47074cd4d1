"""What is painted is obeyed by whatever is made afterwards."""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import pytest
from captors import ticked
from creators import FakeCreator
from nlfgs_studio.app.actions import SetSettings
from nlfgs_studio.app.commands import run
from nlfgs_studio.app.settings import RefineChoices, Settings
from nlfgs_studio.core.capture import segmentation
from nlfgs_studio.core.capture.said import NOT_PERSON
from nlfgs_studio.core.errors import StudioError
from outlines import STROKE, opened, settled
from refiners import FakeRefining


@pytest.fixture
def creator(avatar, plain_body, monkeypatch, segmenter) -> FakeCreator:
    FakeRefining().stand_in(monkeypatch)
    provenance = replace(avatar.provenance, details=(("photos", "1"),))
    return FakeCreator(replace(avatar, provenance=provenance), plain_body).stand_in(monkeypatch)


def make(services) -> None:
    settled(services)
    run(services, "make_avatar")
    services.wait()


def test_avatars_are_made_by_what_was_painted(services, creator, monkeypatch):
    given = []
    fit = creator.fit

    def remembering(avatar, pictures, **choices):
        given.extend(pictures)
        return fit(avatar, pictures, **choices)

    monkeypatch.setattr(creator, "fit", remembering)
    opened(services)
    run(services, "paint_outline", **STROKE)
    labels = services.store.state.correcting.labels
    run(services, "finish_outline")
    make(services)
    (taken,) = given
    assert np.array_equal(taken.said, labels)


def test_after_a_correction_the_avatar_is_old_and_refining_takes_the_new_outline(services, creator, monkeypatch):
    make(services)
    assert not services.store.state.capturing.outlines_changed
    opened(services)
    run(services, "paint_outline", **STROKE)
    run(services, "step_outline_back")
    run(services, "finish_outline")
    assert not services.store.state.capturing.outlines_changed, "nothing is said that was not said before"
    opened(services)
    run(services, "paint_outline", **STROKE)
    run(services, "finish_outline")
    assert settled(services).capturing.outlines_changed
    said = []
    fit_more, fit = creator.fit_more, creator.fit
    monkeypatch.setattr(
        creator, "fit_more", lambda made, more, **rest: said.extend(more) or fit_more(made, more, **rest)
    )
    monkeypatch.setattr(creator, "fit", lambda avatar, more, **rest: said.extend(more) or fit(avatar, more, **rest))
    run(services, "start_refining", seconds=1e-3)
    services.wait()
    assert not services.store.state.capturing.outlines_changed
    assert any((each.said == NOT_PERSON).any() for each in said if each.said is not None)
    run(services, "correct_outline", name=services.store.state.capturing.pictures[0].name)
    ticked(services, lambda state: state.correcting and state.correcting.outline)
    run(services, "forget_outline")
    said.clear()
    run(services, "start_refining", seconds=1e-3)  # waits until what was painted a moment ago is kept
    services.wait()
    assert [each.said for each in said] == [None]
    assert services.store.state.correcting is None
    run(services, "make_avatar")
    services.wait()
    assert not services.store.state.capturing.outlines_changed, "it was made anew"


def test_what_is_painted_while_the_avatar_is_made_is_learned_from_when_it_gets_better(services, creator, monkeypatch):
    settings = Settings(refine=RefineChoices(starts_by_itself=True, minutes=1e-4))
    services.store.dispatch(SetSettings(settings=settings))
    begun, goes_on, said = threading.Event(), threading.Event(), []

    def waits() -> None:
        begun.set()
        assert goes_on.wait(10.0)

    fit_more = creator.fit_more
    monkeypatch.setattr(
        creator, "fit_more", lambda made, more, **rest: said.extend(more) or fit_more(made, more, **rest)
    )
    monkeypatch.setattr(creator, "fit", lambda avatar, more, **rest: said.extend(more) or fit(avatar, more, **rest))
    fit, creator.waits = type(creator).fit.__get__(creator), waits
    settled(services)
    run(services, "make_avatar")
    assert begun.wait(10.0)
    creator.waits = lambda: None
    opened(services)
    run(services, "paint_outline", **STROKE)
    ticked(services, lambda state: state.capturing.pictures[0].is_corrected)
    said.clear()
    goes_on.set()
    state = ticked(services, lambda state: "made an avatar" in state.status.message)
    assert state.correcting is not None, "nobody is interrupted who paints"
    assert state.capturing.outlines_changed
    run(services, "finish_outline")
    ticked(services, lambda state: state.refining.is_on)
    services.wait()
    (taken,) = (each for each in said if each.said is not None)
    assert (taken.said == NOT_PERSON).any()
    assert not services.store.state.capturing.outlines_changed


def test_outlines_stay_changed_where_refining_is_stopped_before_it_took_them(services, creator, monkeypatch):
    make(services)
    opened(services)
    run(services, "paint_outline", **STROKE)
    run(services, "finish_outline")
    settled(services)
    goes_on = threading.Event()

    def waits(*_: object, **__: object) -> None:
        assert goes_on.wait(10.0)
        raise StudioError("stopped by the test", hint="no")

    monkeypatch.setattr(creator, "fit_more", waits)
    monkeypatch.setattr(creator, "fit", waits)
    run(services, "start_refining")
    ticked(services, lambda state: state.refining.phase == "fitting")
    run(services, "stop_refining")
    goes_on.set()
    assert ticked(services, lambda state: not state.jobs).capturing.outlines_changed


def test_the_body_of_the_avatar_helps_where_it_is_known(services, creator, monkeypatch):
    make(services)
    bodies = []

    found = segmentation.found_mask
    monkeypatch.setattr(
        segmentation,
        "found_mask",
        lambda segmenter, image, *, body_alpha=None: bodies.append(body_alpha) or found(segmenter, image),
    )
    opened(services)
    (body,) = bodies
    assert body is not None
    assert 0.0 < body.mean() < 1.0
    creator.num_people, creator.fit_more = 0, lambda *_, **__: ()
    run(services, "finish_outline")
    opened(services)
    assert bodies[1] is None, "who is not seen in it is looked for without"
