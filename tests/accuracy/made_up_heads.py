"""How near the heads that pictures are taken to show come to the true ones: fitting alone, of made-up people.

    python tests/accuracy/made_up_heads.py [--people 8] [--first 0] [--pictures 1 3 10] [--markdown FILE]

The people, their pictures and the millimetres are those of `made_up_creation.py`, without painting or refining: the
shape is that of the betas. Beside it stand the average head, and that of the true betas, which lacks the bumps.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

import nlfgs_studio.core  # noqa: F401 - before numpy, whose threads it sets
import numpy as np
import torch
from made_up_portraits import LEARNED_FROM, Photographer
from metrical import Distances, distances
from nlfgs_studio.core.body.body_registry import builtin_body
from nlfgs_studio.core.body.model import shape_body
from nlfgs_studio.core.capture.shot_reader import ShotReader
from nlfgs_studio.core.creation.joint_fit import betas_of, known_person
from nlfgs_studio.core.creation.looking import looks_at
from nlfgs_studio.core.machine import in_words, machine
from nlfgs_studio.core.tracking.learned_face import learned_face
from nlfgs_studio.core.tracking.photo_evidence import PhotoLooker

AVERAGE, OWN = "the average head", "their true betas"
COLUMNS = ("median", "mean", "deviation")


def main() -> None:
    options = _options()
    body = builtin_body()
    face, shots = learned_face(body), ShotReader(body)
    found: dict[str, list[Distances]] = defaultdict(list)
    with closing(PhotoLooker()) as looker:
        for number in range(options.first, options.first + options.people):
            person = Photographer(body, number)
            count = max(options.pictures)
            taken = [person.photo(f"learned {at}", where).taken for at, where in enumerate(LEARNED_FROM[:count])]
            person.close()
            looks, refused = looks_at(looker, shots, taken, None, lambda *_: None)
            assert not refused
            ways = {AVERAGE: torch.zeros(body.num_betas)}
            for count in options.pictures:
                ways[f"{count} picture{'s' * (count != 1)}"] = betas_of(body, known_person(body, face, looks[:count]))
            ways[OWN] = person.betas
            for name, betas in ways.items():
                vertices = shape_body(body, betas).vertices.double().numpy()
                found[name].append(distances(body, vertices, person.vertices))
            print(f"person {number}: {', '.join(f'{name} {found[name][-1].median:.2f}' for name in ways)}", flush=True)
    page = _page(found, options.people)
    print(page)
    if options.markdown is not None:
        options.markdown.write_text(page)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=8)
    parser.add_argument("--first", type=int, default=0, help="number of the first of them")
    parser.add_argument("--pictures", type=int, nargs="+", default=[1, 3, 10], choices=range(1, len(LEARNED_FROM) + 1))
    parser.add_argument("--markdown", type=Path)
    return parser.parse_args()


def _page(found: dict[str, list[Distances]], num_people: int) -> str:
    lines = [f"Millimetres, means over {num_people} people. {in_words(machine())}.", ""]
    lines += [f"| | {' | '.join(COLUMNS)} | nearer than the average head |", f"|{'---|' * (2 + len(COLUMNS))}"]
    for name, values in found.items():
        means = np.mean([list(asdict(each).values()) for each in values], axis=0)
        better = sum(own.median < other.median for own, other in zip(values, found[AVERAGE], strict=True))
        lines.append(f"| {name} | {' | '.join(f'{value:.2f}' for value in means)} | {better} of {num_people} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
