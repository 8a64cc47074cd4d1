"""Made-up people with known truth: what tracking finds of their faces, from pictures through the detector.

    python tests/accuracy/face_people.py [--people 6] [--pictures 30] [--json FILE]

The people are wider than what tracking knows: betas a third larger than usual, bumps that no beta has, and actions
that work a little differently on each. Their focal length is known, their shape is not.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import nlfgs_studio.core  # noqa: F401 - before numpy, whose threads it sets
import numpy as np
from nlfgs_studio.core.body.body_registry import builtin_body
from nlfgs_studio.core.body.joints import JOINT_NAMES
from nlfgs_studio.core.body.model import BodyModel
from nlfgs_studio.core.tracking import turns as so3
from nlfgs_studio.core.tracking.detection import FaceDetection
from nlfgs_studio.core.tracking.face_rig import FaceRig
from nlfgs_studio.core.tracking.face_solver import FaceSolver
from nlfgs_studio.core.tracking.identity import estimate_identity
from nlfgs_studio.core.tracking.learned_face import expression_map, landmark_embedding
from nlfgs_studio.core.tracking.portraits import PortraitStudio
from nlfgs_studio.core.tracking.sightings import Sighting, sightings
from nlfgs_studio.core.tracking.sitting import Sitting, drawn_sitters, drawn_sitting
from nlfgs_studio.core.tracking.solution import FaceSolution
from wider_people import somebody

WIDER_BETAS = 1.33
FOCAL = 1.3
"""In sides of the picture."""
ACTIVE = 0.1
"""Coefficients from here on count as moved."""
NEUTRAL_SHARE = 0.2


def main() -> None:
    options = _options()
    body = builtin_body()
    embedding, expressions = landmark_embedding(body), expression_map(body)
    errors: dict[str, list[float]] = defaultdict(list)
    truths, found = [], []
    for number in range(options.people):
        random = np.random.default_rng([number, 4711])
        seen = _seen(body, random, number, options.pictures)
        camera = seen[0].portrait.camera
        faces = [FaceDetection(points=each.points, confidence=1.0) for each in seen]
        person = estimate_identity(body, embedding, faces, camera)
        rig = FaceRig(body, embedding, person.betas, person.offsets)
        solver = FaceSolver(rig, camera, expressions=expressions)
        for each, face in zip(seen, faces, strict=True):
            solution = solver.solve(face)
            _measure(errors, solver, each, solution)
            truths.append(each.portrait.sitting.expression)
            found.append(solution.expression)
        print(f"person {number}: {len(seen)} faces, residual {100 * person.residual:.1f} % of the eye distance")
    result = {
        name: {"median": round(float(np.median(values)), 3), "90 %": round(float(np.percentile(values, 90)), 3)}
        for name, values in errors.items()
    }
    for name, value in result.items():
        print(f"{name:46s} median {value['median']:7.3f}   90th percentile {value['90 %']:7.3f}")
    actions = _of_actions(body, np.stack(truths), np.stack(found))
    print("\naction: correlation, mean when it rests")
    for name, (correlation, rest) in actions.items():
        print(f"{name:22s} {correlation:6.2f} {rest:6.2f}")
    if options.json is not None:
        options.json.write_text(json.dumps({"errors": result, "actions": actions}, indent=1))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=6)
    parser.add_argument("--pictures", type=int, default=30, help="of each")
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


def _seen(body: BodyModel, random: np.random.Generator, number: int, count: int) -> list[Sighting]:
    studio = PortraitStudio(somebody(body, random), num_looks=number % 4 + 1)
    (sitter,) = drawn_sitters(body, random, 1)
    sitter = replace(sitter, look=number % 4, betas=WIDER_BETAS * sitter.betas)
    sittings = []
    for picture in range(count):
        lively = float(picture >= NEUTRAL_SHARE * count)
        sitting = replace(drawn_sitting(body, random, sitter, liveliness=lively), focal=FOCAL)
        sittings.append(replace(sitting, expression=_looking_somewhere(body, random, sitting)))
    return sightings(studio, sittings)


def _looking_somewhere(body: BodyModel, random: np.random.Generator, sitting: Sitting) -> np.ndarray:
    """The sitting's expression with both eyes on one far point."""
    expression = sitting.expression.copy()
    names = body.expression_names
    expression[[names.index(name) for name in names if name.startswith("eyeLook")]] = 0.0
    if expression.any():
        up, left = random.uniform(-0.9, 0.9, 2)
        for side, inwards in (("Left", left < 0.0), ("Right", left > 0.0)):
            expression[names.index(f"eyeLook{'Up' if up > 0.0 else 'Down'}{side}")] = abs(up)
            expression[names.index(f"eyeLook{'In' if inwards else 'Out'}{side}")] = abs(left)
    return expression


def _measure(errors: dict[str, list[float]], solver: FaceSolver, seen: Sighting, solution: FaceSolution) -> None:
    truth, motors = seen.portrait.sitting.expression, solver.motors
    off = np.abs(solution.expression - truth)[motors.solved]
    moved = truth[motors.solved] >= ACTIVE
    if truth.any():
        errors["coefficients that moved, error"].extend(off[moved])
        errors["coefficients that rested, error"].extend(off[~moved])
    else:
        errors["sum of the coefficients of a neutral face"].append(float(off.sum()))
        errors["largest coefficient of a neutral face"].append(float(off.max()))
    head = so3.matrices(seen.portrait.sitting.head)
    errors["head, degrees"].append(_degrees(so3.vectors(head.T @ solution.head_rotation)))
    place = seen.portrait.body.joints[JOINT_NAMES.index("head")].double().numpy()
    errors["head, place sideways, mm"].append(1000.0 * float(np.linalg.norm((solution.head_position - place)[:2])))
    errors["head, distance, %"].append(100.0 * abs(float(solution.head_position[2] / place[2]) - 1.0))
    actions = seen.portrait.sitting.expression @ motors.action_turns.reshape(len(truth), 9)
    jaw, *eyes = actions.reshape(3, 3)
    found_jaw, *found_eyes = motors.turns(motors.variables(solution.jaw, solution.expression), motors.gaze_of(solution))
    errors["jaw, degrees"].append(_degrees(found_jaw - jaw))
    shut = max(truth[solver.rig.body.expression_names.index(f"eyeBlink{side}")] for side in ("Left", "Right")) > 0.3
    if not shut:
        errors["gaze of open eyes, degrees"].extend(
            _degrees(found_eye - eye) for found_eye, eye in zip(found_eyes, eyes, strict=True)
        )


def _degrees(vector: np.ndarray) -> float:
    return float(np.degrees(np.linalg.norm(vector)))


def _of_actions(body: BodyModel, truths: np.ndarray, found: np.ndarray) -> dict[str, tuple[float, float]]:
    """Correlation of each action with its truth, and its mean where it truly rests."""
    result = {}
    for index, name in enumerate(body.expression_names):
        truth, estimate = truths[:, index], found[:, index]
        if truth.std() > 0.0:
            correlation = np.corrcoef(truth, estimate)[0, 1] if estimate.std() > 0.0 else 0.0
            result[name] = (round(float(correlation), 2), round(float(estimate[truth < ACTIVE].mean()), 3))
    return result


if __name__ == "__main__":
    main()
