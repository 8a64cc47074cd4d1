"""Pictures go where the avatar goes that was made of them, and never to another's."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from captors import shot
from creators import FakeCreator
from nlfgs_studio.app import held_creator, recovery
from nlfgs_studio.app.commands import run
from nlfgs_studio.app.material import kept_pictures
from nlfgs_studio.app.services import Services
from nlfgs_studio.core.avatar.avatar import Provenance
from nlfgs_studio.core.capture.picture_folder import PictureFolder
from nlfgs_studio.core.errors import StudioError

IMAGE = np.zeros((20, 30, 3), np.uint8)


@pytest.fixture
def own_folder(own_folder, monkeypatch, avatar, plain_body) -> Path:
    """With two pictures in it, of which an avatar can be made."""
    for _ in range(2):
        PictureFolder(own_folder).add(IMAGE, shot(), "a test")
    made = replace(avatar, provenance=Provenance(made_by="a test", details=(("photos", "2"),)))
    creator = FakeCreator(made, plain_body)
    monkeypatch.setattr(held_creator, "_loaded", lambda _: creator)
    return own_folder


def done(services: Services, name: str, **arguments: object) -> None:
    run(services, name, **arguments)
    services.wait()
    services.wait()  # what was saved takes its pictures along in the frame after


def count(folder: Path) -> int:
    return len(PictureFolder(folder).pictures())


def test_the_avatar_takes_those_along_that_it_was_made_of(services, own_folder, folder):
    done(services, "find_pictures")
    done(services, "make_avatar")
    done(services, "save_as", path="me.nlfgs")
    assert (count(folder / "me.pictures"), count(own_folder)) == (2, 0)
    done(services, "save_as", path="me.npz")
    assert services.store.state.capturing.folder == folder / "me.pictures"
    done(services, "save_as", path="me.nlfgs")
    assert (count(folder / "me.pictures"), count(own_folder)) == (2, 0)


def test_a_recovered_avatar_still_has_the_pictures_that_it_was_made_of(services, own_folder, folder):
    done(services, "find_pictures")
    done(services, "make_avatar")
    (folder / "recovery").mkdir()
    slot = recovery.new_slot()
    recovery.write(slot, services.store.state)
    done(services, "new")
    services.open(slot.path, is_recovery=True)
    services.wait()
    assert kept_pictures(services.store.state) == own_folder
    done(services, "save_as", path="me.nlfgs")
    assert (count(folder / "me.pictures"), count(own_folder)) == (2, 0)
    slot.discard()
    slot.release()


def test_an_avatar_of_another_photo_takes_none_along(services, own_folder, folder):
    done(services, "find_pictures")
    done(services, "create_avatar", photo="picture.png")
    done(services, "save_as", path="friend.nlfgs")
    assert (count(folder / "friend.pictures"), count(own_folder)) == (0, 2)


def test_another_document_takes_a_copy(services, own_folder, folder):
    done(services, "find_pictures")
    done(services, "save_as", path="other.nlfgs")
    assert (count(folder / "other.pictures"), count(own_folder)) == (2, 2)


def test_no_project_is_saved_over_the_pictures_of_another(services, own_folder, folder):
    PictureFolder(folder / "you.pictures").add(IMAGE, shot(), "a test")
    done(services, "find_pictures")
    done(services, "make_avatar")
    with pytest.raises(StudioError, match=r"you\.pictures holds the pictures of another"):
        done(services, "save_as", path="you.nlfgs")
    assert not (folder / "you.nlfgs").exists()
    assert (count(folder / "you.pictures"), count(own_folder)) == (1, 2)
    assert services.store.state.unsaved


def test_an_avatar_waits_for_a_picture_that_is_on_its_way(services, own_folder):
    done(services, "find_pictures")
    services.capturer.keeper.add(IMAGE, shot(), "a test")
    done(services, "make_avatar")
    assert services.store.state.status.message == "made an avatar from 3 pictures"
