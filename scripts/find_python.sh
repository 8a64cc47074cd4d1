#!/bin/sh
# Prints a Python that the program runs on (3.10 to 3.12), or says which are missing.
for name in python3.12 python3.11 python3.10 python3 python; do
    path=$(command -v "$name" 2>/dev/null) || continue
    if "$path" -c 'import sys, venv, ensurepip; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 12))' 2>/dev/null; then
        echo "$path"
        exit 0
    fi
done
echo "nlfgs-studio needs Python 3.10, 3.11 or 3.12 with its venv module; none was found on the PATH." >&2
echo "Install one (python.org, your package manager, or 'uv python install 3.12') and run make again." >&2
exit 1
