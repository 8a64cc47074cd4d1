"""How fast an avatar is driven: face tracking alone, then with the avatar drawn beside it.

    python tests/accuracy/drive_speed.py [FILM] [--seconds 6] [--json FILE]

The film is looked at from memory at 640 pixels across; without FILM it is one of the program's own avatar. Goals on 2
cores: the face alone 60 pictures a second; with the picture at 512x512 20 new pictures a second for the face and 10 for
the whole body; what comes after the detectors 10 ms. `cpu` counts the work of all threads, which other programs on the
machine do not lengthen much.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import nlfgs_studio.core  # noqa: F401 - before numpy, whose BLAS it keeps to one thread
import numpy as np
from nlfgs_studio.core.avatar.wardrobe import default_avatar
from nlfgs_studio.core.body.body_registry import builtin_body
from nlfgs_studio.core.body.model import BodyModel
from nlfgs_studio.core.channels import LatestSlot
from nlfgs_studio.core.pipeline import Pipeline
from nlfgs_studio.core.rendering.registry import make_renderer
from nlfgs_studio.core.rendering.renderer import RenderSettings
from nlfgs_studio.core.tracking.detection import Frame
from nlfgs_studio.core.tracking.focal import assumed_focal
from nlfgs_studio.core.tracking.solution import TrackedFrame, tracking_camera
from nlfgs_studio.core.tracking.sources import open_source
from nlfgs_studio.core.tracking.tracker import Tracker, prepare
from nlfgs_studio.core.tracking.tracker_settings import Parts, TrackerSettings

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from own_film import make_own_film

WIDTH, SIDE = 640, 512
CAMERA_FPS = 30.0
MOST_PICTURES = 150
OURS = ("solve face", "solve body", "steady")
WARM_UP, WARM_UP_APART, REST = 95, 0.2, 3.0
"""Pictures and seconds between them, until the shape of the face is learned for good; seconds to let that end."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("film", type=Path, nargs="?")
    parser.add_argument("--seconds", type=float, default=6.0, help="of each measurement")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    body = builtin_body()
    prepare(body)
    pictures = _pictures(options.film)
    height, width = pictures[0].shape[:2]
    print(f"{len(pictures)} pictures of {width}x{height}")
    result: dict[str, Any] = {}
    for parts in ("face", "whole"):
        result[f"track {parts}"] = _tracked(body, pictures, parts, options.seconds)
        result[f"drive {parts}"] = _driven(body, pictures, parts, options.seconds)
    for name, figures in result.items():
        print(f"{name:12}", "  ".join(f"{key} {value:g}" for key, value in figures.items()))
    if options.json is not None:
        options.json.write_text(json.dumps(result, indent=1))


def _pictures(film: Path | None) -> list[np.ndarray]:
    import cv2

    with tempfile.TemporaryDirectory() as folder:
        path = film or Path(folder) / "own.mp4"
        if film is None:
            make_own_film(path, seconds=4.0, size=(WIDTH, 480))
        pictures = []
        with closing(open_source(str(path))) as source:
            while len(pictures) < MOST_PICTURES and (frame := source.read()) is not None:
                size = (WIDTH, round(source.height * WIDTH / source.width))
                same = size == (source.width, source.height)
                pictures.append(frame.image if same else cv2.resize(frame.image, size, interpolation=cv2.INTER_AREA))
    return pictures


class _Camera:
    """The pictures one after the other, forwards and back, as a camera's."""

    def __init__(self, pictures: list[np.ndarray]) -> None:
        self._pictures = [*pictures, *pictures[-2:0:-1]]
        self._count, self._seconds = 0, 0.0

    def frame(self, apart: float = 1.0 / CAMERA_FPS) -> Frame:
        image = self._pictures[self._count % len(self._pictures)]
        self._count += 1
        self._seconds += apart
        return Frame(image=image, seconds=self._seconds, index=self._count)


def _tracker(body: BodyModel, pictures: list[np.ndarray], parts: Parts) -> Tracker:
    height, width = pictures[0].shape[:2]
    avatar_betas = default_avatar(body).betas
    return Tracker(body, avatar_betas, width=width, height=height, settings=TrackerSettings(parts=parts))


def _warm_up(tracker: Tracker, camera: _Camera) -> None:
    for _ in range(WARM_UP):
        tracker.track(camera.frame(WARM_UP_APART))
    time.sleep(REST)
    tracker.track(camera.frame())


def _tracked(body: BodyModel, pictures: list[np.ndarray], parts: Parts, seconds: float) -> dict[str, float]:
    camera = _Camera(pictures)
    with closing(_tracker(body, pictures, parts)) as tracker:
        _warm_up(tracker, camera)
        frames: list[TrackedFrame] = []
        walls: list[float] = []
        cpu, started = time.process_time(), time.perf_counter()
        while time.perf_counter() - started < seconds:
            before = time.perf_counter()
            frames.append(tracker.track(camera.frame()))
            walls.append(1000.0 * (time.perf_counter() - before))
        cpu = 1000.0 * (time.process_time() - cpu) / len(frames)
    ours = statistics.median(sum(frame.milliseconds[stage] for stage in OURS) for frame in frames)
    stages = {stage: statistics.median(f.milliseconds[stage] for f in frames) for stage in frames[-1].milliseconds}
    return {
        "fps": round(1000.0 / statistics.median(walls), 1),
        "fps by cpu on 2 cores": round(2000.0 / cpu if parts == "whole" else 1000.0 / cpu, 1),
        "cpu ms": round(cpu, 2),
        "ours ms": round(ours, 2),
        **{f"{stage} ms": round(value, 2) for stage, value in stages.items()},
    }


def _driven(body: BodyModel, pictures: list[np.ndarray], parts: Parts, seconds: float) -> dict[str, float]:
    """The tracker on a thread of its own follows a camera, the newest pose is drawn."""
    avatar, pipeline, renderer = default_avatar(body), Pipeline(body), make_renderer("cpu")
    view = tracking_camera(assumed_focal(SIDE, SIDE), SIDE, SIDE)
    poses: LatestSlot[tuple[float, TrackedFrame]] = LatestSlot()
    ended, ready = threading.Event(), threading.Event()

    def follow() -> None:
        camera = _Camera(pictures)
        with closing(_tracker(body, pictures, parts)) as tracker:
            _warm_up(tracker, camera)
            due = time.perf_counter()
            while not ended.is_set():
                due = max(due + 1.0 / CAMERA_FPS, time.perf_counter() - 1.0 / CAMERA_FPS)
                ended.wait(max(0.0, due - time.perf_counter()))
                arrived = time.perf_counter()
                poses.put((arrived, tracker.track(camera.frame())))
                ready.set()

    thread = threading.Thread(target=follow)
    thread.start()
    ready.wait()
    shown, latencies = 0, []
    cpu, started = time.process_time(), time.perf_counter()
    while time.perf_counter() - started < seconds:
        newest = poses.take()
        if newest is None:
            time.sleep(0.001)
            continue
        arrived, tracked = newest
        gaussians = pipeline.gaussians(avatar, avatar.betas, tracked.pose)
        renderer.render(gaussians, view, RenderSettings())
        shown += 1
        latencies.append(1000.0 * (time.perf_counter() - arrived))
    length, cpu = time.perf_counter() - started, 1000.0 * (time.process_time() - cpu) / max(1, shown)
    ended.set()
    thread.join()
    renderer.close()
    return {
        "new pictures a second": round(shown / length, 1),
        "by cpu on 2 cores": round(2000.0 / cpu, 1),
        "cpu ms": round(cpu, 1),
        "latency ms": round(statistics.median(latencies), 1),
    }


if __name__ == "__main__":
    main()
