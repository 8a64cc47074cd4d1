"""What making an avatar of kept pictures says, and how what was made is brought into view."""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import replace
from types import SimpleNamespace

import pytest
from captors import looking, shot, taken, with_pictures
from creators import FakeCreator
from nlfgs_studio.app.commands import run
from nlfgs_studio.app.held_creator import HeldCreator
from nlfgs_studio.core.creation.taken import Refused


@pytest.fixture
def creator(avatar, plain_body, monkeypatch) -> FakeCreator:
    return FakeCreator(avatar, plain_body).stand_in(monkeypatch)


def test_what_was_left_out_is_told_by_the_persons_own_names(services, equipment, creator, monkeypatch, folder):
    good = equipment.shot
    for seen, num_kept in ((good, 1), (replace(good, face=None), 2)):
        equipment.shot = seen
        run(services, "import_pictures", paths=[folder / "picture.png"])
        with_pictures(services, num_kept)
    useful, useless = services.store.state.capturing.pictures
    create = creator.create

    def create_of_one(pictures, name, **choices):
        made = create(pictures[:1], name, **choices)
        refused = Refused(name=useless.name, reason=f"nobody is seen in {useless.name}")
        return replace(made, refused=(refused,), warnings=(f"it is too dark: {useful.name}; switch on a light",))

    monkeypatch.setattr(creator, "create", create_of_one)
    run(services, "make_avatar")
    services.wait()
    state = services.store.state
    assert state.status.message == "made an avatar from 1 of 2 pictures"
    assert "picture.png" not in state.status.hint
    assert state.file.notes == (
        "it is too dark: picture.png; switch on a light",
        "left out: nobody is seen in picture.png",
    )
    assert services.tick(time.monotonic()).refining.num_pictures == 1
    run(services, "undo")
    assert services.store.state.file.notes == ()


@pytest.mark.parametrize("share", [0.1, 0.5])
def test_an_avatar_of_a_face_is_framed_by_its_head(services, equipment, creator, monkeypatch, share):
    from nlfgs_studio.app.viewport.arrivals import Arrivals

    create = creator.create

    def create_of_face(pictures, name, **choices):
        made = create(pictures, name, **choices)
        fitted = [replace(each, shot=shot("body", share=share)) for each in made.pictures]
        return replace(made, pictures=tuple(fitted))

    monkeypatch.setattr(creator, "create", create_of_face)
    looking(services, is_automatic=False)
    taken(services)
    run(services, "make_avatar")
    services.wait()
    assert services.store.state.file.is_of_face is (share == 0.5)
    framed = []
    viewport = SimpleNamespace(frame=framed.append)
    Arrivals(services, lambda: viewport).tick()
    assert framed == ["head" if share == 0.5 else "body"]


def test_making_says_what_it_does_before_anything_is_loaded(services, equipment, creator):
    looking(services, is_automatic=False)
    taken(services)
    run(services, "make_avatar")
    assert [job.name for job in services.tick(time.monotonic()).jobs] == ["making your avatar"]
    services.wait()
    said = []
    with closing(HeldCreator()) as held:
        held.use(lambda *_: None, lambda *word: said.append(word))
    assert said[0] == (0.0, "getting ready")
