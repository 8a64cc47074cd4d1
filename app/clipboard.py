"""Pictures on the system's clipboard, by the tools that its desktop has."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

from ..core.errors import StudioError

TOOLS: dict[str, tuple[str, ...]] = {
    "wl-copy": ("wl-copy", "--type", "image/png"),
    "xclip": ("xclip", "-selection", "clipboard", "-target", "image/png"),
}
"""Both read the picture, then stay in the background for as long as it is on the clipboard."""
SECONDS = 10.0


def clipboard_tool() -> tuple[str, ...]:
    """The command that takes a PNG on its standard input.

    Raises:
        StudioError: there is none here.
    """
    if not sys.platform.startswith("linux"):
        raise StudioError("pictures can be copied on Linux only", hint="save the picture instead")
    wanted = "wl-copy" if os.environ.get("WAYLAND_DISPLAY") else "xclip"
    if shutil.which(wanted) is None:
        package = "wl-clipboard" if wanted == "wl-copy" else wanted
        raise StudioError(
            f"copying a picture needs the program {wanted}",
            hint=f"install it (sudo apt install {package}), or save the picture instead",
        )
    return TOOLS[wanted]


def copy_png(command: tuple[str, ...], png: bytes) -> None:
    """Put a PNG onto the clipboard.

    Raises:
        StudioError: the tool failed.
    """
    try:
        # Its copy in the background would hold pipes open, and waiting for their end would never end.
        subprocess.run(
            command, input=png, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=SECONDS, check=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise StudioError("the picture could not be copied", hint="save the picture instead") from error
