"""What an avatar is refined from: its own pictures as they lie there, and others to judge it by.

An avatar was never made of those that it is judged by.
"""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from captors import shot
from creators import FakeCreator
from drivers import HEIGHT, WIDTH
from nlfgs_studio.app import held_creator
from nlfgs_studio.app.actions import OpenDocument
from nlfgs_studio.app.commands import run
from nlfgs_studio.app.held_creator import HeldCreator
from nlfgs_studio.app.material import set_apart
from nlfgs_studio.app.services import Services
from nlfgs_studio.core.avatar.avatar import Provenance
from nlfgs_studio.core.capture.picture_folder import PictureFolder
from nlfgs_studio.core.creation import taken
from nlfgs_studio.core.errors import Cancelled, StudioError
from nlfgs_studio.core.storage.avatar_npz import write_avatar
from refiners import FakeRefining

SHORT = 0.05
PATIENCE = 30.0
MANY = 16


@pytest.fixture
def of_photos(avatar):
    return replace(avatar, provenance=Provenance(made_by="a test", details=(("photos", "2"),)))


@pytest.fixture
def creator(own_folder, of_photos, plain_body, monkeypatch) -> FakeCreator:
    creator = FakeCreator(of_photos, plain_body)
    monkeypatch.setattr(held_creator, "_loaded", lambda _: creator)
    return creator


@pytest.fixture
def refiner(creator, monkeypatch) -> FakeRefining:
    return FakeRefining().stand_in(monkeypatch)


def keep(folder: Path, *numbers: int) -> list[str]:
    """Names of the pictures that lie in the folder now, of these numbers."""
    names = []
    for number in numbers:
        path = PictureFolder(folder).add(np.zeros((HEIGHT, WIDTH, 3), np.uint8), shot(), "a test").path
        names.append(f"picture-{number:03d}.jpg")
        path.rename(folder / names[-1])
        path.with_suffix(".json").rename((folder / names[-1]).with_suffix(".json"))
    return names


def found(services: Services, count: int) -> None:
    """The pictures of the open document, looked for."""
    run(services, "find_pictures")
    services.tick(time.monotonic())
    services.wait()
    assert len(services.store.state.capturing.pictures) == count


def refined(services: Services, refiner: FakeRefining) -> list[str]:
    """Names of the pictures that are learned from."""
    run(services, "start_refining", seconds=SHORT)
    services.wait()
    return sorted({each.name for each in refiner.given})


def made(services: Services) -> None:
    run(services, "make_avatar")
    services.wait()


def test_an_avatar_of_another_photo_is_not_refined_from_own_pictures(services, creator, refiner, own_folder):
    keep(own_folder, 1, 2)
    found(services, 2)
    run(services, "create_avatar", photo="picture.png")
    services.wait()
    assert services.tick(time.monotonic()).refining.num_pictures == 1
    assert refined(services, refiner) == ["picture.png"]
    assert creator.given == ["picture.png"]


def test_an_avatar_of_a_file_is_not_refined_from_own_pictures(services, refiner, own_folder, of_photos):
    write_avatar(Path("friend.npz"), of_photos)
    keep(own_folder, 1, 2)
    run(services, "open", source="friend.npz")
    services.wait()
    found(services, 2)
    with pytest.raises(StudioError, match="no pictures"):
        refined(services, refiner)


def test_pictures_beside_a_project_are_placed_once(services, creator, refiner, document, of_photos, folder):
    services.store.dispatch(OpenDocument(document=replace(document, avatar=of_photos), path=folder / "me.nlfgs"))
    names = keep(folder / "me.pictures", 1, 2)
    assert refined(services, refiner) == names
    assert creator.given == names
    more = keep(folder / "me.pictures", 3)
    assert refined(services, refiner) == [*names, *more]
    assert creator.given == names, "those are placed already"
    assert sorted(each.picture for each in refiner.given) == [0, 1, 2]


def test_deleted_pictures_are_not_learned_from(services, refiner, own_folder):
    first, second, third = keep(own_folder, 1, 2, 3)
    found(services, 3)
    made(services)
    assert refined(services, refiner) == [first, second, third]
    run(services, "delete_picture", name=second)
    services.wait()
    assert services.store.state.refining.num_pictures == 2
    assert refined(services, refiner) == [first, third]
    run(services, "delete_pictures")
    services.wait()
    assert services.store.state.refining.num_pictures == 0
    with pytest.raises(StudioError, match="no pictures"):
        refined(services, refiner)


def test_pictures_deleted_by_others_are_not_learned_from(services, refiner, own_folder):
    first, second = keep(own_folder, 1, 2)
    found(services, 2)
    made(services)
    PictureFolder(own_folder).delete(first)
    assert refined(services, refiner) == [second]


def test_deleting_a_picture_that_is_learned_from_ends_refining_and_keeps_what_was_made(services, refiner, own_folder):
    first, _ = keep(own_folder, 1, 2)
    found(services, 2)
    made(services)
    before = services.store.state.document.avatar
    run(services, "start_refining", seconds=PATIENCE)
    end = time.monotonic() + PATIENCE
    while services.tick(time.monotonic()).refining.avatar is None:
        assert time.monotonic() < end
    run(services, "delete_picture", name=first)
    services.wait()
    state = services.store.state
    assert state.refining.phase == "off"
    assert state.document.avatar is not before
    run(services, "undo")
    assert services.store.state.document.avatar is before


def test_what_cannot_be_read_does_not_keep_the_others_from_being_learned_from(services, refiner, own_folder):
    names = keep(own_folder, 1, 2)
    found(services, 2)
    made(services)
    (own_folder / "holiday.jpg").write_bytes(b"of somebody else")
    damaged = own_folder / keep(own_folder, 3)[0]
    damaged.write_bytes(damaged.read_bytes()[:40])
    assert refined(services, refiner) == names
    assert refined(services, refiner) == names


def test_new_pictures_that_fail_are_said_and_the_others_learned_from(services, refiner, own_folder, monkeypatch):
    def fails(*_: object, **__: object) -> None:
        raise StudioError("the disk does not answer", hint="look at it")

    names = keep(own_folder, 1, 2)
    found(services, 2)
    made(services)
    keep(own_folder, 3)
    monkeypatch.setattr(taken, "read_inputs", fails)
    assert refined(services, refiner) == names
    assert any(entry.status.message == "the disk does not answer" for entry in services.store.state.log)


def test_pictures_that_are_judged_by_were_never_learned_from(services, creator, refiner, own_folder, folder):
    names = keep(own_folder, *range(MANY))
    apart = set_apart(names)
    assert apart
    found(services, MANY)
    made(services)
    assert creator.given == sorted(set(names) - apart), "the first avatar is not made of them either"
    assert refined(services, refiner) == sorted(set(names) - apart)
    assert {each.name for each in refiner.held_out} == apart
    assert services.store.state.refining.num_pictures == MANY
    numbers = [each.picture for each in (*refiner.given, *refiner.held_out)]
    assert sorted(numbers) == list(range(MANY))

    run(services, "save_as", path="me.nlfgs")
    services.wait()
    run(services, "new")
    services.wait()
    run(services, "open", source="me.nlfgs")
    services.wait()
    keep(folder / "me.pictures", *range(MANY, MANY + 3))
    assert not apart & set(refined(services, refiner)), "nor another day, with others beside them"
    assert {each.name for each in refiner.held_out} >= apart


def test_which_are_held_out_depends_on_their_names_alone():
    names = [f"picture-{number}.jpg" for number in range(400)]
    apart = set_apart(names)
    assert 25 < len(apart) < 80
    assert set_apart(names[100:]) == apart & set(names[100:])
    assert not set_apart(names[:7])
    assert not set_apart(sorted(apart)[:8]), "something is left to learn from"


def test_pictures_of_somebody_else_are_left_out_and_said_once(services, creator, refiner, own_folder):
    names = keep(own_folder, 1, 2)
    found(services, 2)
    made(services)
    (stranger,) = creator.strangers = frozenset(keep(own_folder, 3))
    for _ in range(2):
        assert refined(services, refiner) == names
    said = [entry.status for entry in services.store.state.log if stranger in entry.status.message]
    assert [status.kind for status in said] == ["warning"]


def test_who_waits_for_the_creator_is_told_so_and_can_give_up(creator):
    held, begun, goes_on = HeldCreator(), threading.Event(), threading.Event()

    def long_work(*_: object) -> None:
        begun.set()
        goes_on.wait(PATIENCE)

    def gives_up(_: float, message: str) -> None:
        assert "waiting" in message
        raise Cancelled("create")

    busy = threading.Thread(target=lambda: held.use(long_work, lambda *_: None))
    busy.start()
    assert begun.wait(PATIENCE)
    with pytest.raises(Cancelled):
        held.use(lambda *_: pytest.fail("it was given up"), gives_up)
    assert not goes_on.is_set()
    goes_on.set()
    busy.join()
    held.close()
