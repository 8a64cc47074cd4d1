import pytest
from nlfgs_studio.core.errors import StudioError
from nlfgs_studio.core.rendering.registry import make_renderer, renderer_names
from nlfgs_studio.core.rendering.renderer import RenderSettings
from scenes import random_scene


def test_every_name_makes_a_renderer_that_draws_and_closes():
    assert renderer_names()[0] == "auto"
    gaussians, camera = random_scene(0, count=20, size=(16, 12))
    refused = {}
    for name in renderer_names():
        try:
            renderer = make_renderer(name)
        except StudioError as error:
            refused[name] = error.hint
            continue
        assert renderer.name in renderer_names()
        assert renderer.name == name or name == "auto"
        assert renderer.render(gaussians, camera, RenderSettings()).rgb.shape == (12, 16, 3)
        assert "raster" in renderer.timings
        renderer.close()
    assert not {"auto", "cpu"} & refused.keys()  # these two run everywhere
    assert all(refused.values())  # what to do instead


def test_an_unknown_name_is_told_with_the_known_ones():
    with pytest.raises(StudioError, match="no renderer 'vulkan'") as raised:
        make_renderer("vulkan")
    assert all(name in raised.value.hint for name in renderer_names())
