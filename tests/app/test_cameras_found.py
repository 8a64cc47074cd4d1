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


def test_while_they_are_looked_for_nobody_is_told_to_connect_one(services, devices, monkeypatch):
    found = threading.Event()
    monkeypatch.setattr(camera_source, "list_cameras", lambda: (found.wait(), ())[1])
    run(services, "find_cameras")
    ticked(services, lambda state: any(job.name == "cameras" for job in state.jobs))
    with pytest.raises(StudioError, match="being looked for"):
        run(services, "start_capture")
    found.set()
    ticked(services, lambda state: state.driving.cameras == ())
