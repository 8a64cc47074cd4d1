"""An avatar from a photo, by the command line and by the window: what is wrong is said, and nothing is lost."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import replace

import numpy as np
import pytest
import torch
from creators import FakeCreator
from nlfgs_studio.app import localized
from nlfgs_studio.app.cli import main
from nlfgs_studio.app.cli.arguments import COLOURINGS, TRACKERS, parse
from nlfgs_studio.app.commands import run
from nlfgs_studio.core.creation import photo_avatar
from nlfgs_studio.core.errors import Cancelled, StudioError
from nlfgs_studio.core.images import read_image
from nlfgs_studio.core.storage.avatar_npz import read_avatar
from nlfgs_studio.core.tracking import tracker_settings


@pytest.fixture
def creator(folder, avatar, plain_body, monkeypatch) -> FakeCreator:
    return FakeCreator(avatar, plain_body).stand_in(monkeypatch)


def created(*arguments: str) -> int:
    return main(["create", "picture.png", "-o", "made.npz", *arguments])


def test_what_the_light_module_repeats_is_true():
    assert localized.Colouring.__args__ == COLOURINGS
    assert tracker_settings.Method.__args__ == TRACKERS


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["-o", "made.ply"],
        ["-o", "a.npz", "--fov", "1"],
        ["-o", "a.npz", "--overlay", "over.jpg"],
        ["-o", "a.npz", "--overlay", "picture.png"],
        ["-o", "a.npz", "--overlay", "folder/../picture.png"],
        ["-o", "a.npz", "--json", "./a.npz"],
        ["-o", "a.npz", "--overlay", "b.png", "--json", "b.png"],
    ],
)
def test_bad_usage_ends_with_2(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        parse(["create", "picture.png", *arguments])
    assert ended.value.code == 2


def test_a_photo_becomes_an_avatar_file_an_overlay_and_figures(folder, creator, avatar, capsys):
    assert created("--overlay", "over.png", "--json", "how.json") == 0
    assert "wrote made.npz" in capsys.readouterr().out
    assert read_avatar(folder / "made.npz").provenance == avatar.provenance
    photo, over = read_image(folder / "picture.png"), read_image(folder / "over.png")
    assert over.shape == photo.shape
    assert not over.equal(photo)
    figures = json.loads((folder / "how.json").read_text())
    assert (figures["people"], figures["gaussians"]) == (1, avatar.template.num_gaussians)
    assert figures["seconds"] == {"detect": 0.1, "network": 0.2}
    assert figures["sigma"] == pytest.approx(0.05)


@pytest.mark.parametrize("colouring", ["place", "sigma"])
def test_where_no_point_is_seen_the_overlay_is_the_picture(creator, colouring):
    made = creator.create(np.full((20, 30, 3), 90, np.uint8), "me.png")
    unseen = replace(made.reading, visibility=torch.zeros_like(made.reading.visibility))
    photo = localized.localized_photo(replace(made, reading=unseen), "me.png")
    assert np.array_equal(localized.overlay(photo, colouring), photo.picture)


def test_of_several_people_it_is_said_who_was_taken(creator, capsys):
    creator.num_people = 3
    assert created() == 0
    assert "3 people" in capsys.readouterr().out


@pytest.mark.parametrize("trouble", ["nobody", "no picture", "no such folder", "no weights"])
def test_troubles_end_with_2_and_leave_no_file(folder, creator, monkeypatch, capsys, trouble):
    arguments = ["create", "picture.png", "-o", "made.npz"]
    if trouble == "nobody":
        creator.num_people = 0
    elif trouble == "no picture":
        (folder / "picture.png").write_bytes(b"\x89PNG\r\n")
    elif trouble == "no such folder":
        arguments[3] = "nowhere/made.npz"
    else:

        def missing(*_: object, **__: object) -> None:
            raise StudioError("the network's weights are not here", hint="install the program again")

        monkeypatch.setattr(photo_avatar, "photo_creator", missing)
    assert main(arguments) == 2
    assert capsys.readouterr().err.count("\n") == 2  # what, and what to do
    assert not list(folder.glob("**/made*"))


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
    assert [job.name for job in services.store.state.jobs] == ["create"]
    run(services, "cancel", job="create")
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
