"""The figures over the picture tell the truth."""

from __future__ import annotations

from nlfgs_studio.app.viewport.figures import LatencyClock, PictureClock


def test_only_the_pictures_of_the_last_second_count():
    clock = PictureClock()
    for number in range(30):
        clock.tick(number / 16.0)
    assert clock.rate(29 / 16.0) == 16
    assert clock.rate(1.9) == 15
    assert clock.rate(10.0) == 0


def test_latency_runs_from_the_poll_that_saw_the_input_to_the_end_of_the_present():
    clock = LatencyClock()
    clock.polled(1.0)
    clock.input_changed_something()
    clock.drawn()
    clock.polled(1.03)
    clock.presented(1.04)
    assert clock.milliseconds is not None
    assert abs(clock.milliseconds - 40.0) < 1e-6


def test_a_picture_that_is_seen_a_frame_late_counts_a_frame_later():
    clock = LatencyClock(frames_behind=1)
    clock.polled(1.0)
    clock.input_changed_something()
    clock.drawn()
    clock.presented(1.04)
    assert clock.milliseconds is None
    clock.presented(1.06)
    assert clock.milliseconds is not None
    assert abs(clock.milliseconds - 60.0) < 1e-6


def test_an_input_that_changes_no_picture_is_not_waited_for():
    clock = LatencyClock()
    clock.polled(1.0)
    clock.input_changed_something()
    clock.nothing_drawn()
    clock.presented(1.01)
    clock.polled(5.0)
    clock.drawn()
    clock.presented(5.04)
    assert clock.milliseconds is None


def test_the_oldest_change_that_was_not_yet_seen_counts():
    clock = LatencyClock()
    clock.polled(1.0)
    clock.input_changed_something()
    clock.presented(1.01)
    clock.polled(1.01)
    clock.input_changed_something()
    clock.drawn()
    clock.presented(1.05)
    assert clock.milliseconds is not None
    assert abs(clock.milliseconds - 50.0) < 1e-6


def test_nothing_is_measured_without_an_input():
    clock = LatencyClock()
    clock.polled(1.0)
    clock.drawn()
    clock.presented(1.04)
    assert clock.milliseconds is None
