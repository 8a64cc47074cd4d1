"""What is not seen looks like what is seen around it."""

from __future__ import annotations

import torch
from nlfgs_studio.core.creation.nearby import colours_nearby
from nlfgs_studio.core.nlf.template import network_template


def test_a_back_looks_like_its_front_and_eyes_stay_eyes(body):
    template = network_template(body, k=1)
    points = template.surface_points(body.template_vertices)
    names = [body.part_names[part] for part in body.face_parts[template.face_indices].tolist()]
    shin, eye = (torch.tensor([name.startswith(part) for name in names]) for part in ("shin", "sclera"))
    seen = (points[:, 2] > points[shin, 2].median()).float()
    colours = torch.full((len(points), 3), 0.1)
    colours[seen > 0.0] = 0.5
    colours[shin & (seen > 0.0)] = 0.9
    answer = colours_nearby(body, template, colours, seen)
    assert torch.equal(answer[seen > 0.0], colours[seen > 0.0])
    assert answer[shin & (seen == 0.0)].mean() > 0.85
    assert torch.equal(answer[eye], colours[eye])
    assert torch.equal(colours_nearby(body, template, colours, torch.zeros(len(points))), colours)
