"""Schemathesis reads the API's description and asks what follows it and what breaks it: nothing makes the server fail.

Left out is the one check that whatever fits the schema is answered: a schema can't say what an image file is, or that
the columns of a tensor request are those of the model.
"""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from serve_fakes import Server

# not imported: its commands run in a process of their own
pytestmark = pytest.mark.skipif(not find_spec("schemathesis"), reason="schemathesis is not installed")


def schemathesis(server: Server, folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "schemathesis.cli", "run", f"{server.address}/openapi.json", "--no-color"]
    command += ["--exclude-checks", "positive_data_acceptance", "--generation-deterministic", *options]
    return subprocess.run(command, cwd=folder, env=dict(os.environ), capture_output=True, text=True, timeout=500)


@pytest.mark.slow
def test_no_request_makes_the_server_fail(server: Server, tmp_path: Path) -> None:
    """All operations, all checks; few examples."""
    done = schemathesis(server, tmp_path, "--phases", "examples,fuzzing", "--max-examples", "4")
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-1000:]
    assert "Tested: 34" in done.stdout


@pytest.mark.slow
def test_no_request_at_all_makes_the_server_fail(server: Server, tmp_path: Path) -> None:
    done = schemathesis(server, tmp_path, "--phases", "examples,coverage,fuzzing", "--max-examples", "100")
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-1000:]
