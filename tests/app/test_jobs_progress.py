"""What time a job still takes is said for as long as it moves."""

from __future__ import annotations

from nlfgs_studio.app.jobs_progress import STANDS_SECONDS, JobsProgress
from nlfgs_studio.core.jobs import Progress


def at(fraction: float, message: str = "painting") -> Progress:
    return Progress(name="job", fraction=fraction, message=message, seconds_left=14.0)


def test_a_job_that_stands_does_not_say_what_time_is_left():
    told = JobsProgress()
    told.take([at(0.5)], 100.0)
    assert told.of("job", 100.0) == at(0.5)
    told.take([at(0.5, "still painting")], 99.0 + STANDS_SECONDS)
    standing = told.of("job", 100.0 + STANDS_SECONDS)
    assert (standing.fraction, standing.message, standing.seconds_left) == (0.5, "still painting", None)
    told.take([at(0.6)], 200.0)
    assert told.of("job", 200.0).seconds_left == 14.0


def test_what_a_job_said_is_forgotten_with_it():
    told = JobsProgress()
    assert told.of("job", 100.0).fraction == 0.0
    told.take([at(0.9)], 100.0)
    told.forget("job")
    assert told.of("job", 100.0).fraction == 0.0
