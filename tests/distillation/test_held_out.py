"""Who judges and who teaches: fixed, and never the same people."""

from __future__ import annotations

from nlfgs_studio.core.body.model import BodyModel
from nlfgs_studio.core.distillation.held_out import SEED, numbers_of
from nlfgs_studio.core.nlf.template import network_template
from nlfgs_studio.core.synthetic.people import person_seed
from nlfgs_studio.core.synthetic.photo import PhotoStudio


def test_everybody_gets_as_many_photos(plain_body: BodyModel) -> None:
    studio = PhotoStudio(plain_body, network_template(plain_body, 1), seed=SEED)
    chosen = numbers_of(studio, people=13, each=3)
    assert len(chosen) == 13
    assert all(len(set(numbers)) == 3 for numbers in chosen.values())
    assert all(studio.person_of(number) == person for person, numbers in chosen.items() for number in numbers)
    fewer = numbers_of(studio, people=5, each=2)
    assert all(chosen[person][:2] == numbers for person, numbers in fewer.items())


def test_no_training_meets_those_who_judge() -> None:
    held_out = {person_seed(SEED, person) for person in range(64)}
    assert len(held_out) == 64
    for seed in (0, 1, 2):
        assert held_out.isdisjoint(person_seed(seed, person) for person in range(2000))
