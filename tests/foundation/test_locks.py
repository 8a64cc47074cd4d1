"""Who works in a folder alone is alone there, and only as long as it works."""

import subprocess
import sys

import pytest
from nlfgs_studio.core.errors import StudioError
from nlfgs_studio.core.locks import alone_in

TAKE_IT = """
import sys
from pathlib import Path
from nlfgs_studio.core.locks import alone_in
with alone_in(Path(sys.argv[1])):
    print("taken", flush=True)
    sys.stdin.read()
"""


def test_a_second_one_is_refused_until_the_first_has_ended(tmp_path):
    with alone_in(tmp_path), pytest.raises(StudioError, match="another process works"), alone_in(tmp_path):
        pass
    with alone_in(tmp_path):
        pass


def test_a_process_that_is_killed_leaves_the_folder_free(tmp_path):
    arguments = [sys.executable, "-c", TAKE_IT, str(tmp_path)]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"taken\n"
        with pytest.raises(StudioError, match="another process works"), alone_in(tmp_path):
            pass
        process.kill()
    with alone_in(tmp_path):
        pass


def test_a_folder_that_is_missing_is_told(tmp_path):
    with pytest.raises(StudioError, match="cannot write"), alone_in(tmp_path / "missing"):
        pass
