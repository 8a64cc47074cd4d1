"""The wardrobe behind the window: built in the background, one step of undo each, kept with the avatar and in files."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from nlfgs_studio.app.cli import main
from nlfgs_studio.app.commands import attempt, run
from nlfgs_studio.app.dressing import JOB, present_look
from nlfgs_studio.app.services import Services
from nlfgs_studio.app.store import Store
from nlfgs_studio.core.avatar.look import Look
from nlfgs_studio.core.avatar.part_styles import PartStyle
from nlfgs_studio.core.avatar.people import drawn_betas, drawn_look
from nlfgs_studio.core.avatar.wardrobe import look_of
from nlfgs_studio.core.errors import StudioError
from nlfgs_studio.core.images import read_image
from nlfgs_studio.core.storage.avatar_npz import read_avatar
from nlfgs_studio.core.storage.gaussian_ply import read_ply


@pytest.fixture
def dressed(services) -> Services:
    """A person of the wardrobe on the small body."""
    run(services, "draw_person", seed=3)
    services.wait()
    return services


def test_a_number_makes_that_person_and_leaves_the_pose(services, plain_body):
    run(services, "set_joint", joint="left elbow", rotation=(0.0, -0.5, 0.0))
    before = services.store.state.document
    run(services, "draw_person", seed=3)
    assert services.store.state.document is before, "it is built in the background"
    services.wait()
    document = services.store.state.document
    assert look_of(document.avatar) == present_look(services) == drawn_look(3)
    assert torch.tensor(document.betas).equal(drawn_betas(3, plain_body))
    assert document.rotations == before.rotations
    run(services, "undo")
    assert services.store.state.document is before


def test_what_the_job_made_ready_need_not_be_made_again(dressed):
    run(dressed, "set_look", hat="brim")
    dressed.wait()
    dressed.gaussians(dressed.store.state)
    assert not {"shape", "bind", "place"} & set(dressed.scene.last_run)


def test_of_several_wishes_the_last_one_counts_and_none_is_forgotten(dressed):
    before = dressed.store.state.document
    run(dressed, "set_look", hair_shape="bob")
    run(dressed, "set_look", shirt=(0.1, 0.2, 0.3))
    run(dressed, "set_look", hat="beanie")
    dressed.wait()
    look = look_of(dressed.store.state.document.avatar)
    assert (look.hair_shape, look.shirt, look.hat) == ("bob", (0.1, 0.2, 0.3), "beanie")
    run(dressed, "undo")
    assert dressed.store.state.document is before


def test_what_is_dressed_for_another_document_is_dropped(dressed):
    run(dressed, "set_look", hair_shape="bob")
    run(dressed, "undo")
    dressed.wait()
    assert look_of(dressed.store.state.document.avatar) is None
    run(dressed, "redo")
    assert look_of(dressed.store.state.document.avatar) == drawn_look(3)
    assert JOB not in {job.name for job in dressed.store.state.jobs}


def test_a_look_that_cannot_be_is_said(dressed):
    for changes in ({"hair_shape": "mohawk"}, {"skin": (2.0, 0.0, 0.0)}):
        assert not attempt(dressed, "set_look", **changes)
        assert dressed.store.state.status.kind == "error"
    with pytest.raises(ValueError, match="no such field"):
        run(dressed, "set_look", horns=2)
    with pytest.raises(StudioError, match="numbered"):
        run(dressed, "draw_person", seed=-1)


def test_an_avatar_from_elsewhere_keeps_its_clothes(services):
    with pytest.raises(StudioError, match="not dressed here"):
        run(services, "set_look", hair_shape="bob")
    run(services, "set_look", hair_shape="bob", anew=True)
    services.wait()
    assert look_of(services.store.state.document.avatar) == Look(hair_shape="bob")


def test_the_look_comes_back_with_the_file(dressed, folder):
    run(dressed, "save_as", path="person.npz")
    dressed.wait()
    again = read_avatar(folder / "person.npz")
    assert look_of(again) == drawn_look(3)
    original = dressed.store.state.document.avatar.groups
    assert again.groups.names == original.names
    assert again.groups.indices.equal(original.indices)


def test_skin_shows_where_a_part_is_hidden_until_it_comes_back(dressed):
    whole = dressed.gaussians(dressed.store.state)
    run(dressed, "set_part_style", group="top", visible=False)
    part = dressed.store.state.document.avatar.groups
    top = part.indices == part.names.index("top")
    hidden = dressed.gaussians(dressed.store.state)
    assert hidden is dressed.gaussians(dressed.store.state)
    assert hidden.sh[~top].equal(whole.sh[~top])
    assert hidden.opacities[~top].equal(whole.opacities[~top])
    skin = whole.sh[part.indices == part.names.index("skin"), 0].mean(0)
    away = [float((some.sh[top, 0].mean(0) - skin).norm()) for some in (whole, hidden)]
    assert away[1] < 0.3 * away[0], "skin is seen where the top was"
    run(dressed, "set_part_style", group="top", visible=True)
    assert dressed.store.state.document.part_styles == ()
    with pytest.raises(StudioError, match="no part"):
        run(dressed, "set_part_style", group="wings", visible=False)


def test_styles_go_into_files_and_projects(dressed, folder):
    run(dressed, "set_part_style", group="skin", tint=(0.5, 1.0, 1.0))
    run(dressed, "set_part_style", group="hair", visible=False)
    styles = dressed.store.state.document.part_styles
    assert styles == (PartStyle(group="hair", visible=False), PartStyle(group="skin", tint=(0.5, 1.0, 1.0)))
    shown = dressed.gaussians(dressed.store.state)
    for name in ("copy.npz", "shown.ply", "all.nlfgs"):
        run(dressed, "export", path=name)
        dressed.wait()
    splats = read_ply(folder / "shown.ply")
    assert torch.allclose(splats.opacities, shown.opacities, atol=1e-4)
    copied = read_avatar(folder / "copy.npz").parameters
    assert torch.allclose(copied.sh, shown.sh, atol=1e-6)
    reopened = Services(Store(), keeps_recent=False)
    reopened.open(folder / "all.nlfgs")
    reopened.wait()
    document = reopened.store.state.document
    assert document.part_styles == styles
    assert torch.equal(document.avatar.parameters.sh, dressed.store.state.document.avatar.parameters.sh)
    reopened.close()


def test_saving_to_an_avatar_file_leaves_nothing_unsaved(dressed):
    run(dressed, "set_part_style", group="skin", tint=(0.5, 1.0, 1.0))
    run(dressed, "save_as", path="tinted.npz")
    dressed.wait()
    assert not dressed.store.state.unsaved
    run(dressed, "set_part_style", group="skin", visible=False)
    assert dressed.store.state.unsaved


def test_people_stand_side_by_side_in_a_picture(folder, capsys, body):
    assert main(["people", "-o", "people", "--count", "3", "--columns", "2", "--cell", "80", "--first-seed", "1"]) == 0
    assert "people.png" in capsys.readouterr().out
    picture = read_image(folder / "people.png")
    assert picture.shape == (160, 88, 3)
    cells = [picture[:80, :44], picture[:80, 44:], picture[80:, :44]]
    assert all(float(cell.std()) > 0.05 for cell in cells)
    assert not torch.equal(cells[0], cells[1])
    assert float(picture[80:, 44:].std(dim=(0, 1)).max()) < 0.01
    assert main(["people", "-o", "people.jpg"]) == 2
    assert main(["people", "-o", "people.png", "--count", "0"]) == 2


def test_a_drag_of_a_tint_is_one_step(dressed):
    from nlfgs_studio.app.actions import BeginDrag, EndDrag, SetPartStyle

    before = dressed.store.state.document
    dressed.store.dispatch(BeginDrag())
    for value in (0.9, 0.7, 0.5):
        style = PartStyle(group="skin", tint=(value, 1.0, 1.0))
        dressed.store.dispatch(SetPartStyle(style=replace(style)))
    dressed.store.dispatch(EndDrag())
    run(dressed, "undo")
    assert dressed.store.state.document is before
