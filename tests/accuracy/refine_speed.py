"""How fast the picture follows a slider while the avatar is refined, beside the same without refining.

    python tests/accuracy/refine_speed.py [--seconds 10] [--renderer cpu] [--size 1024x720] [--json FILE]

What a frame of the window does, without the window: the services' tick, a slider's change, the Gaussians, the picture.
The avatar is the program's own, refined from pictures drawn of it with other colours. Goals while a slider is dragged:
10 pictures a second on 2 cores, 0.7 of the idle rate on a graphics card.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import nlfgs_studio.core  # noqa: F401 - before numpy, whose BLAS it keeps to one thread
import numpy as np
import torch
from nlfgs_studio.app.actions import BeginDrag, EndDrag, OpenDocument, SetJoint
from nlfgs_studio.app.documents import document_of
from nlfgs_studio.app.scene import Scene
from nlfgs_studio.app.services import Services
from nlfgs_studio.app.state import State
from nlfgs_studio.app.store import Store
from nlfgs_studio.core.avatar.avatar import Avatar
from nlfgs_studio.core.avatar.wardrobe import default_avatar
from nlfgs_studio.core.body.body_registry import builtin_body
from nlfgs_studio.core.body.joints import JOINT_NAMES
from nlfgs_studio.core.body.model import BodyModel
from nlfgs_studio.core.body.parameters import BodyPose
from nlfgs_studio.core.cameras import orbited
from nlfgs_studio.core.creation.creator import Creation
from nlfgs_studio.core.creation.taken import TakenPicture
from nlfgs_studio.core.images import to_uint8
from nlfgs_studio.core.pipeline import Pipeline
from nlfgs_studio.core.rendering.registry import make_renderer
from nlfgs_studio.core.rendering.renderer import Renderer, RenderSettings
from nlfgs_studio.core.training.observation import Observation

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from creators import creation_of

FRAME_SECONDS = 1.0 / 60.0
"""The window presents no faster."""
NUM_PICTURES, SIDE = 12, 512
WARM_UP_SECONDS = 12.0
"""Until kernels are compiled and the first snapshots were shown."""
NECK = JOINT_NAMES.index("neck")


@dataclass(frozen=True)
class Rate:
    """How one stretch of dragging went."""

    pictures_a_second: float
    longest: float
    """Milliseconds of the slowest frame but five in a hundred."""
    snapshots_a_second: float
    steps_a_second: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10.0, help="of each measurement")
    parser.add_argument("--renderer", default="cpu")
    parser.add_argument("--size", default="1024x720")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    body = builtin_body()
    avatar = default_avatar(body)
    services = Services(Store(), keeps_recent=False)
    try:
        result = _measured(services, body, avatar, options)
    finally:
        services.close()
    for name, rate in result.items():
        print(
            f"{name:9} {rate.pictures_a_second:6.1f} pictures a second, slowest {rate.longest:5.0f} ms,"
            f" {rate.snapshots_a_second:4.1f} snapshots and {rate.steps_a_second:5.1f} steps a second"
        )
    ratio = result["refining"].pictures_a_second / result["idle"].pictures_a_second
    print(f"refining / idle: {ratio:.2f}")
    if options.json is not None:
        options.json.write_text(json.dumps({name: vars(rate) for name, rate in result.items()} | {"ratio": ratio}))


def _measured(services: Services, body: BodyModel, avatar: Avatar, options: argparse.Namespace) -> dict[str, Rate]:
    width, height = map(int, options.size.split("x"))
    renderer = make_renderer(options.renderer)
    services.store.dispatch(OpenDocument(document=document_of(avatar, body)))
    show = _shown(services, renderer, width, height)
    _dragged(services, show, 2.0)
    idle = _dragged(services, show, options.seconds)
    services.refining.offer(_made_of_pictures(body, avatar))
    services.refining.start(None)
    _dragged(services, show, WARM_UP_SECONDS)
    refining = _dragged(services, show, options.seconds)
    renderer.close()
    return {"idle": idle, "refining": refining}


def _shown(services: Services, renderer: Renderer, width: int, height: int) -> Callable[[], None]:
    """Draws the state, the head in the middle, as the window does."""
    state = services.store.state
    orbit = services.scene.framed(state, "head", width / height)
    camera, buffer = orbit.camera(width, height), np.zeros((height, width, 4), np.uint8)

    def show() -> None:
        state = services.store.state
        if renderer.name == "gsplat":
            gaussians = services.scene.gaussians_on(state, torch.device("cuda"))
        else:
            gaussians = services.gaussians(state)
        assert gaussians is not None
        renderer.render_rgba8(gaussians, camera, RenderSettings(), buffer)

    return show


def _dragged(services: Services, show: Callable[[], None], seconds: float) -> Rate:
    """Hold the neck's slider and move it to and fro."""
    store = services.store
    lengths, snapshots, newest = [], 0, None
    figures = store.state.refining.figures
    started = time.perf_counter()
    store.dispatch(BeginDrag())
    while (now := time.perf_counter()) < started + seconds:
        store.dispatch(SetJoint(joint=NECK, rotation=(0.0, 0.4 * math.sin(3.0 * now), 0.0)))
        state = services.tick(time.monotonic())
        snapshots += state.refining.avatar is not newest
        newest = state.refining.avatar
        show()
        lengths.append(time.perf_counter() - now)
        time.sleep(max(0.0, FRAME_SECONDS - lengths[-1]))
    store.dispatch(EndDrag())
    length, last = time.perf_counter() - started, store.state.refining.figures
    steps = last[-1].step - figures[-1].step if figures and last else 0
    return Rate(
        pictures_a_second=len(lengths) / length,
        longest=1e3 * float(np.quantile(lengths, 0.95)),
        snapshots_a_second=snapshots / length,
        steps_a_second=steps / length,
    )


def _made_of_pictures(body: BodyModel, avatar: Avatar) -> Creation:
    """Pictures all around the head of somebody who looks like the avatar but for the colours."""
    parameters = replace(avatar.parameters, sh=0.7 * avatar.parameters.sh)
    pose = BodyPose.rest(body)
    gaussians = Pipeline(body).gaussians(replace(avatar, parameters=parameters), avatar.betas, pose)
    head = Scene().framed(State(document=document_of(avatar, body)), "head", 1.0)
    blank = TakenPicture(name="drawn", image=np.zeros((SIDE, SIDE, 3), np.uint8))
    creation, renderer = creation_of(avatar, body, [blank] * NUM_PICTURES), make_renderer("cpu")
    pictures = []
    for picture in creation.pictures:
        turn = 2.0 * picture.number / (NUM_PICTURES - 1) - 1.0
        camera = orbited(head, yaw=turn, pitch=0.0).camera(SIDE, SIDE)
        drawn = renderer.render(gaussians, camera, RenderSettings())
        observation = Observation(
            picture=picture.number,
            name=picture.name,
            image=to_uint8(drawn.rgb),
            mask=drawn.alpha.numpy(),
            weights=np.ones((SIDE, SIDE), np.float32),
            camera=camera,
            pose=pose,
        )
        pictures.append(replace(picture, camera=camera, pose=pose, observations=(observation,)))
    renderer.close()
    return replace(creation, pictures=tuple(pictures))


if __name__ == "__main__":
    main()
