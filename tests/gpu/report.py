"""Puts what `run.sh` left in its folder into one JSON; ends with 1 where a step has failed.

python tests/gpu/report.py FOLDER OUT.json
"""

from __future__ import annotations

import json
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any


def report(folder: Path) -> dict[str, Any]:
    """{"steps": {name: {"exit", "seconds", "last_lines"}}, "tests": [...], "bench": ...}."""
    steps: dict[str, Any] = {}
    for line in (folder / "steps.tsv").read_text(encoding="utf-8").splitlines():
        name, status, seconds = line.split("\t")
        log = (folder / f"{name}.log").read_text(encoding="utf-8", errors="replace")
        steps[name] = {"exit": int(status), "seconds": int(seconds), "last_lines": log.splitlines()[-15:]}
    return {
        "steps": steps,
        "tests": _tests(folder / "tests.xml"),
        "bench": _json(folder / "bench.json"),
    }


def _json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def _tests(path: Path) -> list[dict[str, str]]:
    """Name and outcome of each test, with the reason where it was skipped or failed."""
    if not path.is_file():
        return []
    told = []
    for case in ET.parse(path).iter("testcase"):
        ends = [child for child in case if child.tag in ("skipped", "failure", "error")]
        told.append(
            {
                "name": f"{case.get('classname')}::{case.get('name')}",
                "outcome": ends[0].tag if ends else "passed",
                "reason": ends[0].get("message", "")[:500] if ends else "",
            }
        )
    return told


if __name__ == "__main__":
    written = report(Path(sys.argv[1]))
    Path(sys.argv[2]).write_text(json.dumps(written, indent=2) + "\n", encoding="utf-8")
    print(f"wrote {sys.argv[2]}")
    sys.exit(any(step["exit"] for step in written["steps"].values()))
