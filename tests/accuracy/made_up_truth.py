"""How much of a dressed person the network's template can show: made-up people against their truth on it.

    python tests/accuracy/made_up_truth.py [people]

The ceiling of what is learned from these labels: PSNR inside the person's mask at 256², and the overlap of the masks,
for the whole body and for the head, from three sides.
"""

from __future__ import annotations

import math
import sys
from dataclasses import replace

import nlfgs_studio.core  # noqa: F401 - before numpy, whose threads it sets
import numpy as np
import torch
from nlfgs_studio.core.avatar.fast_rig import FastRig
from nlfgs_studio.core.avatar.rig import place
from nlfgs_studio.core.body.body_registry import builtin_body
from nlfgs_studio.core.body.fast_forward import FastPoser
from nlfgs_studio.core.body.joints import JOINT_NAMES
from nlfgs_studio.core.body.parameters import BodyPose
from nlfgs_studio.core.cameras import Camera, OrbitCamera
from nlfgs_studio.core.geometry.rotations import quaternion_to_matrix
from nlfgs_studio.core.geometry.spherical_harmonics import SH_C0, evaluate
from nlfgs_studio.core.nlf.template import network_template
from nlfgs_studio.core.rendering.cpu_renderer import CpuRenderer
from nlfgs_studio.core.rendering.renderer import RenderSettings
from nlfgs_studio.core.synthetic.people import dressed_person, person_seed

SEED, SIDE = 1, 256
SIDES = {"front": 0.0, "side": 1.2, "back": math.pi}
HEAD, ARMS = JOINT_NAMES.index("head"), [JOINT_NAMES.index(f"{side}_shoulder") for side in ("left", "right")]


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 12
    body = builtin_body()
    template, poser, renderer = network_template(body), FastPoser(body), CpuRenderer()
    settings = RenderSettings(background=(0.5, 0.5, 0.5))
    pose = BodyPose.rest(body)
    pose.rotations[ARMS, 2] = torch.tensor([-0.9, 0.9])
    scores: dict[str, list[tuple[float, float]]] = {}
    offsets = []
    for number in range(count):
        person = dressed_person(body, template, person_seed(SEED, number))
        posed = poser.pose(person.shaped, pose)
        dressed = person.rig.rig(person.rest, posed.vertices)
        assert dressed.sh_rotations_wxyz is not None
        rig = FastRig(template, person.shaped.vertices)
        offsets.append(person.truth.offsets.norm(dim=-1))
        for name, camera in _cameras(posed.joints[HEAD].tolist()).items():
            away = dressed.means - camera.center
            turns = quaternion_to_matrix(dressed.sh_rotations_wxyz)
            seen = evaluate(dressed.sh, (away[:, None] / away.norm(dim=-1)[:, None, None] @ turns)[:, 0])
            sh = ((seen - 0.5) / SH_C0)[:, None]
            true = renderer.render(replace(dressed, sh=sh, sh_rotations_wxyz=None), camera, settings)
            truth = replace(person.truth, sh=(sh[person.sources] * person.shares[..., None, None]).sum(1))
            shown = rig.rig(place(template, truth, person.shaped.vertices), posed.vertices)
            drawn = renderer.render(replace(shown, sh_rotations_wxyz=None), camera, settings)
            inside, other = true.alpha > 0.5, drawn.alpha > 0.5
            error = (true.rgb - drawn.rgb)[inside].square().mean()
            overlap = (inside & other).sum() / (inside | other).sum()
            scores.setdefault(name, []).append((-10.0 * math.log10(float(error)), float(overlap)))
    for name, values in scores.items():
        psnr, overlap = np.mean(values, axis=0)
        print(f"{name:12s} {psnr:5.1f} dB  overlap {overlap:.3f}")
    percentiles = np.percentile(torch.cat(offsets).numpy(), [50, 90, 99, 99.9])
    print("offsets, face sizes: median, 90, 99, 99.9 %:", *(f"{value:.1f}" for value in percentiles))


def _cameras(head: list[float]) -> dict[str, Camera]:
    body = {name: OrbitCamera(target=(0.0, -0.35, 0.0), distance=4.0, yaw=yaw) for name, yaw in SIDES.items()}
    close = OrbitCamera(target=(0.0, head[1] + 0.05, 0.0), distance=1.1)
    heads = {f"head {name}": replace(close, yaw=yaw) for name, yaw in SIDES.items()}
    return {name: orbit.camera(SIDE, SIDE) for name, orbit in (body | heads).items()}


if __name__ == "__main__":
    main()
