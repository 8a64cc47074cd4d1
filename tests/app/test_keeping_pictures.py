"""Pictures of a person lie where they belong, come in from other files, go along, and are deleted."""

from __future__ import annotations

from dataclasses import replace

import pytest
from captors import looking, taken, ticked, with_pictures
from nlfgs_studio.app.commands import run
from nlfgs_studio.app.picture_keeper import pictures_folder
from nlfgs_studio.app.services import Services
from nlfgs_studio.app.state import DocumentFile
from nlfgs_studio.app.store import Store
from nlfgs_studio.core.capture.picture_folder import PictureFolder
from nlfgs_studio.core.errors import StudioError


def test_pictures_are_there_again_at_the_next_start(services, equipment, own_folder):
    looking(services, is_automatic=False)
    taken(services)
    services.close()
    again = Services(Store())
    run(again, "find_pictures")
    assert len(with_pictures(again, 1).capturing.pictures) == 1
    assert again.store.state.capturing.folder == own_folder
    again.close()


def test_pictures_go_along_when_the_project_is_saved_and_stay_with_each_project(
    services, equipment, own_folder, folder
):
    looking(services, is_automatic=False)
    taken(services)
    run(services, "save_as", path="me.nlfgs")
    services.wait()
    state = ticked(services, lambda state: state.capturing.folder == folder / "me.pictures")
    with_pictures(services, 1)
    assert not own_folder.exists()
    taken(services)
    run(services, "save_as", path="you.nlfgs")
    services.wait()
    ticked(services, lambda state: state.capturing.folder == folder / "you.pictures")
    state = with_pictures(services, 2)
    assert len(PictureFolder(folder / "me.pictures").pictures()) == 2
    run(services, "new")
    services.wait()
    state = with_pictures(services, 0)
    assert state.capturing.folder == own_folder
    assert len(PictureFolder(folder / "you.pictures").pictures()) == 2


def test_pictures_are_deleted_one_by_one_and_all(services, equipment, own_folder):
    looking(services, is_automatic=False)
    for _ in range(3):
        state = taken(services)
    first, second, third = state.capturing.pictures
    run(services, "delete_picture", name=second.name)
    assert with_pictures(services, 2).capturing.pictures == (first, third)
    with pytest.raises(StudioError, match="no picture"):
        run(services, "delete_picture", name=second.name)
    run(services, "delete_pictures")
    assert with_pictures(services, 0).status.message == "the pictures are deleted"
    assert not own_folder.exists()


def test_photos_come_in_with_what_they_show_and_bad_files_are_said(services, equipment, folder):
    (folder / "bad.png").write_bytes(b"\x89PNG\r\n")
    run(services, "import_pictures", paths=[folder / "picture.png", folder / "bad.png"])
    state = with_pictures(services, 1)
    assert state.capturing.pictures[0].source == "picture.png"
    assert state.status.message == "1 picture came in"
    assert any("bad.png" in entry.status.message for entry in state.log)
    run(services, "import_pictures", paths=[folder / "bad.png"])
    state = ticked(services, lambda state: state.status.kind == "error")
    assert "bad.png" in state.status.message
    run(services, "import_pictures", paths=[folder / "motion.npz"])
    assert (
        "neither a photo nor a film" in ticked(services, lambda state: "motion" in state.status.message).status.message
    )


def test_a_picture_of_no_use_is_said_beside_the_buttons_until_another_comes_in(services, equipment, folder):
    good, equipment.shot = equipment.shot, replace(equipment.shot, face=None, num_faces=0)
    run(services, "import_pictures", paths=[folder / "picture.png"])
    state = with_pictures(services, 1)
    assert state.status.kind == "warning"
    trouble = state.capturing.import_trouble
    assert (trouble.message, trouble.hint) == (state.status.message, state.status.hint)
    assert "of no use" in trouble.message
    assert "nobody is seen: picture.png" in trouble.hint
    equipment.shot = good
    run(services, "import_pictures", paths=[folder / "picture.png"])
    assert with_pictures(services, 2).capturing.import_trouble is None


def test_no_detectors_are_loaded_for_a_file_that_cannot_be_read(services, equipment, folder):
    (folder / "bad.png").write_bytes(b"\x89PNG\r\n")
    run(services, "import_pictures", paths=[folder / "bad.png"])
    state = ticked(services, lambda state: state.capturing.import_trouble)
    assert "bad.png" in state.capturing.import_trouble.message
    assert equipment.observers == []


def test_an_import_can_be_cancelled(services, equipment, folder):
    equipment.loading.clear()
    run(services, "import_pictures", paths=[folder / "picture.png"])
    ticked(services, lambda state: [job.name for job in state.jobs] == ["import"])
    run(services, "cancel", job="import")
    state = ticked(services, lambda _: not services.capturer.keeper.is_busy)
    assert state.capturing.pictures == ()
    assert "stopped" in state.status.message


def test_a_full_disk_is_said_and_looking_goes_on(services, equipment, monkeypatch):
    def full(*_: object) -> None:
        raise StudioError("cannot write: the disk is full", hint="free some space")

    looking(services, is_automatic=False)
    monkeypatch.setattr(PictureFolder, "add", full)
    run(services, "take_picture")
    state = ticked(services, lambda state: state.status.kind == "error")
    assert "the disk is full" in state.status.message
    assert state.capturing.phase == "running"


def test_pictures_lie_beside_projects_alone(own_folder, tmp_path):
    assert pictures_folder(DocumentFile(path=tmp_path / "me.nlfgs")) == tmp_path / "me.pictures"
    assert pictures_folder(DocumentFile(path=tmp_path / "me.npz")) == own_folder
    assert pictures_folder(DocumentFile(pictures=tmp_path / "other.pictures")) == tmp_path / "other.pictures"
