"""Made-up people with known truth: how like them their avatars are from new sides and in new poses, and their heads.

    python tests/accuracy/made_up_creation.py [--people 2] [--pictures 1 3 10] [--seconds 30] [--judged 4]

The people are wider than what the program knows: builds and faces a quarter wider than the wardrobe's, bumps that no
beta has, actions that work a little differently on each, hair and clothes off the skin. Each stands in one light before
the camera that the program assumes, 0.75 metres away. An avatar is made of the first 1, 3 or 10 pictures, with the
prior and without it, and refined; then it is driven by the tracked motion of pictures that it never saw: from other
sides, and with the head turned; the face is another in every picture. PSNR is inside the true outline (see
`creation/measurement.py`). The head's shape is in millimetres, moved and turned but never scaled (`metrical.py`).
"""

from __future__ import annotations

import argparse
import json
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import nlfgs_studio.core  # noqa: F401 - before numpy, whose threads it sets
import numpy as np
import torch
from made_up_portraits import LEARNED_FROM, Photo, Photographer
from metrical import distances
from nlfgs_studio.core.avatar.avatar import Avatar
from nlfgs_studio.core.body.body_registry import builtin_body
from nlfgs_studio.core.body.model import BodyModel, shape_body
from nlfgs_studio.core.creation.creator import AvatarCreator, Creation, avatar_creator
from nlfgs_studio.core.creation.held_out import HeldPicture, near_face
from nlfgs_studio.core.creation.measurement import HEAD, PERSON, Judge
from nlfgs_studio.core.distillation.baselines import blind
from nlfgs_studio.core.distillation.evaluation import OTHER_SEED
from nlfgs_studio.core.machine import in_words, machine
from nlfgs_studio.core.nlf.template import network_template
from nlfgs_studio.core.synthetic.photo import PhotoStudio
from nlfgs_studio.core.tracking.detection import Frame
from nlfgs_studio.core.tracking.mediapipe_detectors import Detectors
from nlfgs_studio.core.training.refiner import Refiner

OTHER_SIDES = ((22, 0), (-40, 6), (8, -12), (-10, 4))
IN_FRONT = ((0, 0), (0, 2), (3, 0), (-3, 0))
SIDES, POSES = "new side", "new pose"
AVERAGE = "the average avatar"
COLUMNS = (
    *(f"{what}, {region}, dB" for what in (SIDES, POSES) for region in (HEAD, PERSON)),
    *(f"head's shape, {figure}, mm" for figure in ("median", "mean", "deviation")),
)


def main() -> None:
    options, began = _options(), time.monotonic()
    body = builtin_body()
    average = _average(body)
    found: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    with avatar_creator(body) as having, avatar_creator(body, with_prior=False) as lacking:
        for number in range(options.people):
            person = Photographer(body, number)
            kept = {
                SIDES: [person.photo(f"side {at}", where) for at, where in enumerate(OTHER_SIDES[: options.judged])],
                POSES: [
                    person.photo(f"pose {at}", where, turned=True)
                    for at, where in enumerate(IN_FRONT[: options.judged])
                ],
            }
            held = {what: _held(photos) for what, photos in kept.items()}
            most = LEARNED_FROM[: max(3, *options.pictures)]
            learned = [person.photo(f"learned {at}", where).taken for at, where in enumerate(most)]
            person.close()
            ways = {AVERAGE: lambda learned=learned: having.fit(average, learned[:3])}
            for count in options.pictures:
                for prior, creator in (("with", having), ("without", lacking)):
                    ways[f"{count} picture{'s' * (count != 1)}, {prior} the prior"] = (
                        lambda creator=creator, taken=learned[:count]: creator.create(taken, "somebody")
                    )
            for name, made in ways.items():
                creation = made()
                avatar = creation.avatar if name == AVERAGE else _refined(creation, options.seconds)
                figures = _figures(having, creation, avatar, kept, held)
                shape = shape_body(body, avatar.betas).vertices.double().numpy()
                figures |= {
                    f"head's shape, {figure}, mm": value
                    for figure, value in asdict(distances(body, shape, person.vertices)).items()
                }
                minutes = (time.monotonic() - began) / 60.0
                print(f"{minutes:.1f} min: person {number}, {name}: {_cells(figures)}", flush=True)
                for column, value in figures.items():
                    found[name][column].append(value)
            # After each of them: a run that is cut off still tells.
            page = _page(found, number + 1, options.seconds)
            print(page, flush=True)
            if options.markdown is not None:
                options.markdown.write_text(page)
            if options.json is not None:
                options.json.write_text(json.dumps(found, indent=1))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=2)
    parser.add_argument("--pictures", type=int, nargs="+", default=[1, 3, 10], choices=range(1, len(LEARNED_FROM) + 1))
    parser.add_argument("--seconds", type=float, default=30.0, help="of refining each avatar")
    parser.add_argument("--judged", type=int, default=4, choices=range(1, 5), help="new sides, and as many new poses")
    parser.add_argument("--markdown", type=Path)
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


def _average(body: BodyModel) -> Avatar:
    """What eight other people look like, on the whole."""
    template = network_template(body)
    studio = PhotoStudio(body, template, seed=OTHER_SEED)
    mean = blind(body, (studio.photo(number, whole=True) for number in range(8)))
    return Avatar(
        name="average",
        body=body.identity,
        betas=torch.zeros(body.num_betas),
        template=template,
        parameters=mean.avatar,
    )


def _held(photos: Sequence[Photo]) -> list[HeldPicture]:
    """With the true outline for a mask."""
    held = []
    with Detectors(("face",), static=True) as detectors:
        for photo in photos:
            image, person = photo.taken.image, photo.covered
            face = detectors.detect(Frame(image=image, seconds=0.0, index=0)).face
            head = np.zeros_like(person) if face is None else person * near_face(face, *person.shape)
            held.append(HeldPicture(name=photo.taken.name, image=image, person=person, head=head))
    return held


def _refined(creation: Creation, seconds: float) -> Avatar:
    if seconds <= 0.0:
        return creation.avatar
    refiner = Refiner(creation.body, creation.avatar, creation.observations)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        refiner.step()
    return refiner.avatar()


def _figures(
    creator: AvatarCreator,
    creation: Creation,
    avatar: Avatar,
    kept: Mapping[str, Sequence[Photo]],
    held: Mapping[str, Sequence[HeldPicture]],
) -> dict[str, float]:
    figures = {}
    for what, photos in kept.items():
        tracked = creator.fit_more(creation, [photo.taken for photo in photos], first=len(creation.pictures))
        with Judge(creation.body, held[what], tracked) as judge:
            scores = judge.scores(avatar)
        figures |= {f"{what}, {region}, dB": scores[region].psnr for region in (HEAD, PERSON) if region in scores}
    return figures


def _page(found: Mapping[str, Mapping[str, Sequence[float]]], num_people: int, seconds: float) -> str:
    lines = [
        f"Means over {num_people} people; {seconds:g} s of refining each. {in_words(machine())}.",
        "",
        f"| | {' | '.join(COLUMNS)} |",
        f"|{'---|' * (1 + len(COLUMNS))}",
    ]
    for name, columns in found.items():
        lines.append(f"| {name} | {_cells({column: float(np.mean(values)) for column, values in columns.items()})} |")
    return "\n".join(lines) + "\n"


def _cells(figures: Mapping[str, float]) -> str:
    return " | ".join(f"{figures[column]:.2f}" if column in figures else "not seen" for column in COLUMNS)


if __name__ == "__main__":
    main()
