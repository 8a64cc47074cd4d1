#!/usr/bin/env bash
# All that needs a GPU, in one go: builds gsplat's CUDA programs, runs the tests marked gpu, measures, and writes one JSON.
#   tests/gpu/run.sh [OUT.json]        PYTHON=... for another interpreter than .venv's
# Wants: an NVIDIA driver, a torch with CUDA, the CUDA toolkit of that version (nvcc), a C++ compiler, ninja, Xvfb.
set -uo pipefail
cd "$(dirname "$0")/../.."
out=$(realpath -m "${1:-gpu-report.json}")
python=${PYTHON:-.venv/bin/python}
work=$(mktemp -d)
screen=""
trap '[ -n "$screen" ] && kill "$screen"; rm -rf "$work"' EXIT

"$python" -c 'import torch, sys; sys.exit(0 if torch.cuda.is_available() else "no CUDA device, or a torch without CUDA")' || exit 2

step() {
    local name=$1 started=$SECONDS
    shift
    "$@" >"$work/$name.log" 2>&1
    local status=$?
    tail -n 25 "$work/$name.log"
    printf '%s\t%s\t%s\n' "$name" "$status" "$((SECONDS - started))" >>"$work/steps.tsv"
}

# The window's texture lives in GLX: a screen of our own, drawn by NVIDIA's library.
if [ -z "${DISPLAY:-}" ] && command -v Xvfb >/dev/null; then
    Xvfb -displayfd 3 -screen 0 1600x1000x24 -nolisten tcp 3>"$work/display" 2>/dev/null &
    screen=$!
    for _ in $(seq 50); do [ -s "$work/display" ] && break; sleep 0.1; done
    DISPLAY=":$(head -n 1 "$work/display")"
    export DISPLAY
fi
export __GLX_VENDOR_LIBRARY_NAME=${__GLX_VENDOR_LIBRARY_NAME:-nvidia}

step build "$python" -m nlfgs_studio.core.rendering.gsplat_build
step gpu_tests "$python" -m pytest tests/gpu -m gpu -o addopts="--import-mode=importlib -ra --strict-markers" --junitxml "$work/tests.xml"
step opengl_tests "$python" -m pytest tests/rendering/test_opengl_renderer.py -q
step bench "$python" -m nlfgs_studio.app.cli bench --json "$work/bench.json"

"$python" tests/gpu/report.py "$work" "$out"
