"""What the cpu renderer promises beyond the picture: repeatable, thread safe, frugal, bytes as the floats say."""

import dataclasses
import gc
import os
import threading
from pathlib import Path

import numpy as np
import pytest
import torch
from nlfgs_studio.core.rendering import cpu_renderer, work_memory
from nlfgs_studio.core.rendering.cpu_renderer import CpuRenderer
from nlfgs_studio.core.rendering.renderer import RenderedImage, RenderSettings
from scenes import body_camera, body_like, random_scene

SETTINGS = RenderSettings(background=(0.1, 0.5, 0.9))
STATM = Path("/proc/self/statm")


def assert_same(first: RenderedImage, second: RenderedImage) -> None:
    for name in ("rgb", "alpha", "depth"):
        assert torch.equal(getattr(first, name), getattr(second, name)), name


def test_repeats_bit_for_bit_whatever_the_number_of_threads(monkeypatch):
    gaussians, camera = random_scene(1, count=2000)
    first = CpuRenderer().render(gaussians, camera, SETTINGS)
    assert_same(CpuRenderer().render(gaussians, camera, SETTINGS), first)
    for threads in (1, 3, 7):
        for module in (cpu_renderer, work_memory):
            monkeypatch.setattr(module, "num_threads", lambda threads=threads: threads)
        assert_same(CpuRenderer().render(gaussians, camera, SETTINGS), first)


def test_drawing_region_by_region_gives_the_same_picture(monkeypatch):
    gaussians, camera = random_scene(2, count=1500, size=(130, 75))
    whole = CpuRenderer().render(gaussians, camera, SETTINGS)
    for most in (3000, 1):
        monkeypatch.setattr(work_memory, "MAX_ENTRIES", most)
        assert_same(CpuRenderer().render(gaussians, camera, SETTINGS), whole)


def test_an_earlier_picture_is_not_touched_by_a_later_one():
    renderer = CpuRenderer()
    gaussians, camera = random_scene(3)
    first = renderer.render(gaussians, camera, SETTINGS)
    kept = RenderedImage(rgb=first.rgb.clone(), alpha=first.alpha.clone(), depth=first.depth.clone())
    renderer.render(random_scene(4)[0], camera, SETTINGS)
    assert_same(first, kept)


def test_a_used_renderer_draws_as_a_new_one():
    renderer = CpuRenderer()
    for seed, count, size in ((0, 900, (90, 40)), (1, 3, (17, 16)), (2, 0, (20, 20)), (3, 300, (5, 120))):
        gaussians, camera = random_scene(seed, count=count, size=size)
        assert_same(renderer.render(gaussians, camera, SETTINGS), CpuRenderer().render(gaussians, camera, SETTINGS))


def test_work_memory_does_not_grow_over_pictures():
    renderer = CpuRenderer()
    gaussians, camera = random_scene(5, count=500)
    renderer.render(gaussians, camera, SETTINGS)
    room = renderer._memory()._room
    arrays = {name: id(array) for name, array in room.items()}
    for _ in range(5):
        renderer.render(gaussians, camera, SETTINGS)
        renderer.render(random_scene(6, count=400)[0], camera, SETTINGS)
    assert {name: id(array) for name, array in room.items()} == arrays


@pytest.mark.skipif(not STATM.exists(), reason="this system does not tell how much memory a process holds")
def test_memory_is_steady_over_hundreds_of_pictures():
    """Also that of pictures with gradients, which hold work memory of their own: 150 of them would be 75 MiB."""
    renderer, out = CpuRenderer(), np.zeros((100, 140, 4), np.uint8)
    gaussians, camera = random_scene(5, count=3000, size=(140, 100))
    trained = dataclasses.replace(gaussians, means=gaussians.means.clone().requires_grad_())

    def draw(count: int) -> int:
        for _ in range(count):
            renderer.render_rgba8(gaussians, camera, SETTINGS, out)
            renderer.render_differentiable(trained, camera, SETTINGS).rgb.sum().backward()
            trained.means.grad = None
        gc.collect()
        return int(STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    before = draw(25)
    assert draw(150) - before < 8 << 20


@pytest.mark.parametrize("shared", [True, False], ids=["one renderer", "two renderers"])
def test_two_threads_at_once(shared):
    scenes = [random_scene(seed, count=800, size=(120, 90)) for seed in (7, 8)]
    expected = [CpuRenderer().render(gaussians, camera, SETTINGS) for gaussians, camera in scenes]
    one = CpuRenderer()
    renderers = [one, one] if shared else [CpuRenderer(), CpuRenderer()]
    start, pictures = threading.Barrier(2), [[], []]

    def draw(which: int) -> None:
        start.wait()
        for _ in range(10):
            pictures[which].append(renderers[which].render(*scenes[which], SETTINGS))

    threads = [threading.Thread(target=draw, args=(which,)) for which in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for which in range(2):
        assert len(pictures[which]) == 10
        for picture in pictures[which]:
            assert_same(picture, expected[which])


@pytest.mark.parametrize("seed", range(3))
def test_bytes_are_the_floats_rounded_half_up(seed):
    gaussians, camera = random_scene(seed, count=300, size=(83, 45))
    renderer = CpuRenderer()
    out = np.full((45, 83, 4), 7, np.uint8)
    renderer.render_rgba8(gaussians, camera, SETTINGS, out)
    rgb = renderer.render(gaussians, camera, SETTINGS).rgb.numpy()
    np.testing.assert_array_equal(out[..., :3], (rgb * np.float32(255.0) + np.float32(0.5)).astype(np.uint8))
    assert (out[..., 3] == 255).all()
    tensor = torch.zeros(45, 83, 4, dtype=torch.uint8)
    renderer.render_rgba8(gaussians, camera, SETTINGS, tensor)
    np.testing.assert_array_equal(tensor.numpy(), out)


@pytest.mark.parametrize(
    ("value", "byte"), [(0.0, 0), (1.0, 255), (0.5, 128), (1.5 / 255 - 1e-4, 1), (1.5 / 255 + 1e-4, 2)]
)
def test_background_bytes(value, byte):
    gaussians, camera = random_scene(0, count=0)
    out = np.zeros((50, 70, 4), np.uint8)
    CpuRenderer().render_rgba8(gaussians, camera, RenderSettings(background=(value, value, value)), out)
    assert (out[..., :3] == byte).all()


def test_bytes_of_another_size_are_refused():
    gaussians, camera = random_scene(0, count=1)
    with pytest.raises(ValueError, match="uint8"):
        CpuRenderer().render_rgba8(gaussians, camera, SETTINGS, np.zeros((50, 71, 4), np.uint8))


def test_inputs_of_other_kinds_are_drawn_the_same():
    gaussians, camera = random_scene(9, count=200)
    expected = CpuRenderer().render(gaussians, camera, SETTINGS)
    doubled = type(gaussians)(
        means=gaussians.means.double().requires_grad_(),
        covariances=gaussians.covariances.T.contiguous().T,
        opacities=gaussians.opacities,
        sh=gaussians.sh.permute(1, 0, 2).contiguous().permute(1, 0, 2),
        sh_rotations_wxyz=gaussians.sh_rotations_wxyz,
    )
    assert_same(CpuRenderer().render(doubled, camera, SETTINGS), expected)


def test_timings_name_the_stages():
    renderer = CpuRenderer()
    renderer.render(body_like(2000), body_camera(64, 64), SETTINGS)
    assert list(renderer.timings) == ["project", "bin", "raster"]
    assert all(milliseconds >= 0.0 for milliseconds in renderer.timings.values())
