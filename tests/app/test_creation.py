"""An avatar from a photo by the window: what is wrong is said, and nothing is lost."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import numpy as np
import pytest
import torch
from creators import FakeCreator
from nlfgs_studio.app import localized
from nlfgs_studio.app.commands import run
from nlfgs_studio.app.commands.creation import JOB
from nlfgs_studio.core.creation.taken import TakenPicture
from nlfgs_studio.core.errors import Cancelled, StudioError
from refiners import FakeRefining, is_brighter, made_of

PATIENCE = 30.0


@pytest.fixture
def creator(folder, avatar, plain_body, monkeypatch) -> FakeCreator:
    return FakeCreator(avatar, plain_body).stand_in(monkeypatch)


@pytest.mark.parametrize("colouring", ["place", "sigma"])
def test_where_no_point_is_seen_the_overlay_is_the_picture(creator, colouring):
    made = creator.create([TakenPicture(name="me.png", image=np.full((20, 30, 3), 90, np.uint8))], "me")
    reading = made.localized.reading
    unseen = replace(reading, visibility=torch.zeros_like(reading.visibility))
    photo = localized.localized_photo(replace(made.localized, reading=unseen), made.body)
    assert np.array_equal(localized.overlay(photo, colouring), photo.picture)


def test_the_made_avatar_is_the_document_unsaved_and_undone_at_once(services, creator, avatar):
    before = services.store.state.document
    run(services, "create_avatar", photo="picture.png")
    services.wait()
    state = services.store.state
    assert state.document.avatar is avatar
    assert state.document.betas == pytest.approx(avatar.betas.tolist())
    assert state.unsaved
    assert (state.file.path, state.file.title) == (None, "picture")
    photo = state.file.localized
    assert photo is not None
    assert photo.name == "picture.png"
    assert np.array_equal(localized.overlay(photo, "none"), photo.picture)
    run(services, "undo")
    assert services.store.state.document is before


def test_the_photo_is_shown_with_the_avatar_made_from_it_alone(services, creator):
    def shown():
        return services.store.state.file.localized

    run(services, "create_avatar", photo="picture.png")
    services.wait()
    photo = shown()
    assert photo is not None
    run(services, "save_as", path="made.nlfgs")
    services.wait()
    assert shown() is photo
    run(services, "undo")
    assert shown() is None
    run(services, "redo")
    assert shown() is photo
    run(services, "open", source="avatar.npz")
    services.wait()
    assert shown() is None


def test_making_can_be_cancelled_and_changes_nothing(services, creator):
    before, reached, goes_on = services.store.state.document, threading.Event(), threading.Event()

    def wait() -> None:
        reached.set()
        goes_on.wait(10.0)

    creator.waits = wait
    run(services, "create_avatar", photo="picture.png")
    assert reached.wait(10.0)
    services.tick(time.monotonic())
    assert [job.name for job in services.store.state.jobs] == [JOB]
    run(services, "cancel", job=JOB)
    goes_on.set()
    with pytest.raises(Cancelled):
        services.wait()
    assert services.store.state.document is before
    assert services.store.state.file.localized is None


def test_nobody_in_the_photo_is_said_in_the_window(services, creator):
    creator.num_people = 0
    run(services, "create_avatar", photo="picture.png")
    with pytest.raises(StudioError, match=r"nobody is seen in picture\.png"):
        services.wait()
    status = services.store.state.status
    assert (status.kind, status.hint) == ("error", "another picture")


@pytest.fixture
def refiner(creator, monkeypatch) -> FakeRefining:
    return FakeRefining().stand_in(monkeypatch)


def test_what_was_made_gets_better_by_itself(services, refiner, avatar):
    run(services, "set_refine", starts_by_itself=True, minutes=1e-3)
    run(services, "create_avatar", photo="picture.png")
    services.wait()
    assert [each.name for each in refiner.given] == ["picture.png"]
    assert is_brighter(services.store.state.document.avatar, avatar)
    run(services, "undo")
    assert services.store.state.document.avatar is avatar


def test_making_another_avatar_ends_refining_and_keeps_what_it_made(services, refiner, plain_body):
    before = services.store.state.document.avatar
    services.refining.offer(made_of(before, plain_body))
    run(services, "start_refining", seconds=PATIENCE)
    end = time.monotonic() + PATIENCE
    while services.tick(time.monotonic()).refining.avatar is None:
        assert time.monotonic() < end
    run(services, "create_avatar", photo="picture.png")
    assert is_brighter(services.store.state.document.avatar, before)
    services.wait()
    assert services.store.state.refining.phase == "off"
    assert services.store.state.file.title == "picture"
