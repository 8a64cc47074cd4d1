"""Opens a window, takes its texture over, and lets CUDA write into it; prints one line of JSON. Not a test itself."""

from __future__ import annotations

import json
import resource
import sys

import dearpygui.dearpygui as dpg
import numpy as np
import torch
from nlfgs_studio.app.viewport.interop import open_interop
from nlfgs_studio.app.viewport.texture import ViewportTexture, prepare_environment


def main(num_resizes: int, num_warm_up: int) -> dict:
    prepare_environment()
    dpg.create_context()
    dpg.create_viewport(width=400, height=300)
    dpg.setup_dearpygui()
    texture = ViewportTexture()
    with dpg.window() as root:
        dpg.add_image(texture.tag)
    dpg.set_primary_window(root, True)
    dpg.show_viewport()
    dpg.render_dearpygui_frame()
    texture.adopt()
    if texture.gl_name is None:
        return {"skip": f"the window's texture is not ours: {texture.fallback_reason}"}
    from nlfgs_studio.core.rendering.opengl_context import describe, is_software

    if is_software(describe()):
        return {"skip": f"this display draws in software ({describe()}), which CUDA cannot reach"}
    device = torch.device("cuda", torch.cuda.current_device())
    interop, refusal = open_interop(texture, device)
    if interop is None:
        return {"pattern": False, "refusal": refusal, "sizes": 0, "sizes_right": 0}
    right, device_bytes, host_bytes = 0, 0, 0
    for step in range(num_resizes):
        if step == num_warm_up:
            device_bytes, host_bytes = _used()
        width, height = 64 + step % 97, 48 + step % 61
        picture = torch.randint(0, 256, (height, width, 4), dtype=torch.uint8, device=device)
        interop.write(picture)
        right += int(np.array_equal(texture.read(), picture.cpu().numpy()))
        if step % 10 == 0:
            dpg.render_dearpygui_frame()
    device_after, host_after = _used()
    interop.release()
    dpg.destroy_context()
    return {
        "pattern": True,
        "refusal": "",
        "sizes": num_resizes,
        "sizes_right": right,
        "device_bytes_lost": device_after - device_bytes,
        "host_bytes_lost": host_after - host_bytes,
    }


def _used() -> tuple[int, int]:
    torch.cuda.synchronize()
    free, total = torch.cuda.mem_get_info()
    return total - free, 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    print(json.dumps(main(*map(int, sys.argv[1:]))))
