"""Jobs report, stop when asked, and hand their errors to the main thread."""

import threading
import time

import pytest
from nlfgs_studio.core.channels import EventQueue, LatestSlot
from nlfgs_studio.core.errors import Cancelled
from nlfgs_studio.core.jobs import JobRunner


@pytest.fixture
def runner():
    runner = JobRunner()
    yield runner
    runner.close()


def _finish(runner):
    for _ in range(500):
        progress, finished = runner.drain()
        if finished:
            return progress, finished
        time.sleep(0.01)
    raise AssertionError("the job did not end")


def test_the_newest_value_wins():
    slot = LatestSlot()
    assert slot.take() is None
    slot.put(1)
    slot.put(2)
    assert slot.take() == 2
    assert slot.take() is None


def test_no_event_is_lost_between_threads():
    queue = EventQueue()
    threads = [threading.Thread(target=lambda: [queue.put(i) for i in range(1000)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    seen = []
    while any(thread.is_alive() for thread in threads):
        seen += queue.drain()
    seen += queue.drain()
    assert sorted(seen) == sorted(list(range(1000)) * 4)


def test_a_result_comes_back_with_the_last_progress(runner):
    def work(context):
        context.report(0.5, "half")
        return 42

    runner.start("answer", work)
    progress, finished = _finish(runner)
    assert finished[0].result == 42
    assert finished[0].error is None
    assert [p.message for p in progress] in (["half"], [])
    assert runner.running == ()


def test_an_error_reaches_the_thread_that_drains(runner):
    runner.start("broken", lambda _: 1 / 0)
    _, finished = _finish(runner)
    assert isinstance(finished[0].error, ZeroDivisionError)


def test_cancel_stops_at_the_next_report(runner):
    started = threading.Event()

    def work(context):
        while True:
            started.set()
            context.report(0.1)
            time.sleep(0.001)

    runner.start("endless", work)
    assert started.wait(5)
    with pytest.raises(ValueError, match="running"):
        runner.start("endless", work)
    runner.cancel("endless")
    _, finished = _finish(runner)
    assert isinstance(finished[0].error, Cancelled)


def test_close_ends_every_thread():
    runner = JobRunner()

    def work(context):
        while True:
            context.check()
            time.sleep(0.001)

    for name in ("a", "b"):
        runner.start(name, work)
    runner.close()
    assert not [thread for thread in threading.enumerate() if thread.name in ("job-a", "job-b")]
