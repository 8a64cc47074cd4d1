"""What the thread that takes pictures is told: which are there, so that a view is taken once, or again if lost."""

from __future__ import annotations

import time

from captors import looking, taken, ticked, with_pictures
from nlfgs_studio.app.capture_thread import Plan
from nlfgs_studio.app.commands import run
from nlfgs_studio.core.capture.picture_folder import PictureFolder
from nlfgs_studio.core.channels import LatestSlot
from nlfgs_studio.core.errors import StudioError


def test_a_view_whose_picture_was_lost_is_taken_again(services, equipment, monkeypatch):
    """A full disk loses it; when there is room the same view is wanted as if nothing had been."""
    lost, add = [], PictureFolder.add

    def full_at_first(folder, image, shot, source):
        if not lost:
            lost.append(shot)
            raise StudioError("cannot write: the disk is full", hint="free some space")
        return add(folder, image, shot, source)

    monkeypatch.setattr(PictureFolder, "add", full_at_first)
    run(services, "start_capture", source="camera:0")
    with_pictures(services, 1)
    assert len(lost) == 1


def test_a_plan_is_sent_when_it_has_changed_alone(services, equipment, monkeypatch):
    sent: list[Plan] = []
    put = LatestSlot.put

    def counted(slot, value) -> None:
        if isinstance(value, Plan):
            sent.append(value)
        put(slot, value)

    monkeypatch.setattr(LatestSlot, "put", counted)
    looking(services, is_automatic=False)
    assert sent == []
    taken(services)
    assert [(each.num_heard, len(each.taken)) for each in sent] == [(1, 1)]


def test_a_picture_counts_as_taken_before_any_plan_knows_it(services, equipment, monkeypatch):
    """The plan that was on its way is older: what it does not know the thread itself does."""
    monkeypatch.setattr(type(services.capturer), "_tell_plan", lambda _: None)
    run(services, "start_capture", source="camera:0")
    with_pictures(services, 1)
    began = time.monotonic()
    services.capturer._wires.plans.put(Plan(mode="face", is_automatic=True, taken=()))
    state = ticked(services, lambda _: time.monotonic() - began > 1.0)
    assert len(state.capturing.pictures) == 1
