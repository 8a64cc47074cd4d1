#!/bin/sh
# What the tests need from the system: a virtual screen, a software OpenGL and a mouse. Installed by apt where that is
# allowed, otherwise named; the tests of the window then skip with the same words.
missing=""
for pair in Xvfb:xvfb xdotool:xdotool import:imagemagick; do
    command -v "${pair%%:*}" >/dev/null 2>&1 || missing="$missing ${pair##*:}"
done
for pair in libGL.so.1:libgl1 libEGL.so.1:libegl1 libGLX_mesa.so.0:libglx-mesa0; do
    { ldconfig -p 2>/dev/null || /sbin/ldconfig -p 2>/dev/null; } | grep -q "${pair%%:*}" || missing="$missing ${pair##*:}"
done
[ -z "$missing" ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "installing for the tests:$missing"
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null && exit 0
fi
echo "The tests of the window will be skipped: these system packages are missing:$missing" >&2
exit 0
