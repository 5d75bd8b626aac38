"""Every tutorial runs from top to bottom as it is printed: its files, its commands, its Python."""

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs" / "tutorials").glob("*.md"))
BLOCK = re.compile(r"^```(yaml|python|sh)\n(.*?)^```$", re.M | re.S)
NAMED = re.compile(r"# ([\w-]+\.(?:py|yaml))\b")


def script(page: Path, port: int) -> str:
    """One script of all blocks, in order: a block that begins with its file's name is written there."""
    lines = ["set -em -o pipefail", "trap 'kill $(jobs -p) 2>/dev/null || true' EXIT"]
    for language, text in BLOCK.findall(page.read_text(encoding="utf-8")):
        if language == "sh":
            lines.append(text.replace("8000", str(port)))
        elif named := NAMED.match(text):
            lines += [f"cat > {named[1]} <<'END_OF_FILE'", f"{text}END_OF_FILE"]
        else:
            assert language == "python", f"{page.name}: a block of YAML says which file it is: # NAME.yaml"
            lines += ["python - <<'END_OF_FILE'", f"{text}END_OF_FILE"]
    return "\n".join(lines)


def test_there_are_some() -> None:
    assert {"first_network", "families", "hybrid", "table", "production"} <= {page.stem for page in PAGES}


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_tutorial_runs(page: Path, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", script(page, port)], cwd=tmp_path, env={**os.environ, "PATH": path, "COLUMNS": "120"},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-4000:]
