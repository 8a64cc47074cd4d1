"""Whoever begins before anybody has looked for cameras gets the first one, and hears the truth where there is none."""

import threading

import pytest
from captors import ticked
from drivers import FakeEquipment
from nlfgs_studio.app.commands import run
from nlfgs_studio.core.errors import StudioError
from nlfgs_studio.core.tracking import camera_source
from nlfgs_studio.core.tracking.camera_source import CameraDevice

COMMANDS = {"start_capture": "capturing", "start_driving": "driving"}


@pytest.fixture
def devices(monkeypatch, services, equipment, plain_body) -> list[CameraDevice]:
    """What the machine has; a test may change it."""
    services.driver.equipment = FakeEquipment(plain_body.num_expression)
    found = [CameraDevice(number=2, name="front")]
    monkeypatch.setattr(camera_source, "list_cameras", lambda: tuple(found))
    return found


@pytest.mark.parametrize("command", COMMANDS)
def test_the_first_camera_serves_once_it_is_found(services, devices, command):
    run(services, command)
    state = ticked(services, lambda state: getattr(state, COMMANDS[command]).phase == "running")
    assert getattr(state, COMMANDS[command]).source == "camera:2"


@pytest.mark.parametrize("command", COMMANDS)
def test_that_there_is_none_is_said_after_looking(services, devices, command):
    devices.clear()
    run(services, command)
    assert services.store.state.status.message != "there is no camera"
    state = ticked(services, lambda state: state.driving.cameras == ())
    assert state.status.message == "there is no camera"
    assert "choose" in state.status.hint
    with pytest.raises(StudioError, match="there is no camera"):
        run(services, command)


@pytest.fixture
def looking(services, devices, monkeypatch) -> threading.Event:
    """Somebody looks for cameras, until it is set."""
    found = threading.Event()
    monkeypatch.setattr(camera_source, "list_cameras", lambda: (found.wait(), tuple(devices))[1])
    run(services, "find_cameras")
    return found


def test_whoever_begins_while_they_are_looked_for_waits_for_the_first(services, looking):
    run(services, "start_driving")
    run(services, "start_capture")
    looking.set()
    state = ticked(services, lambda state: state.capturing.phase == "running")
    assert state.capturing.source == "camera:2"
    assert not state.driving.is_on


def test_who_has_chosen_a_film_meanwhile_keeps_it(services, looking):
    run(services, "start_capture")
    run(services, "start_driving", source="film.mp4")
    looking.set()
    state = ticked(services, lambda state: state.driving.cameras is not None and state.driving.phase == "running")
    assert state.driving.source == "film.mp4"
    assert not state.capturing.is_on
