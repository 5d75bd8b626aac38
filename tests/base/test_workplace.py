"""Folders of unfinished work: complete or absent, and what a kill left is gone after the next call."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from weftnet.base import lock
from weftnet.base.workplace import whole, workplace
from weftnet.errors import RunError

KILLED = """
import os, sys
from pathlib import Path
from weftnet.base.workplace import whole
with whole(Path(sys.argv[1])) as new:
    (new / "half").write_text("half")
    os.kill(os.getpid(), 9)
"""


def test_complete_or_absent(tmp_path: Path) -> None:
    with whole(tmp_path / "out") as new:
        (new / "file").write_text("done")
        assert [path.name for path in tmp_path.iterdir()] == [new.parent.name]
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["file"]
    with pytest.raises(ZeroDivisionError), whole(tmp_path / "failed"):
        raise ZeroDivisionError
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_the_next_call_cleans_what_a_kill_left(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    killed = subprocess.run([sys.executable, "-c", KILLED, str(folder)], check=False, timeout=60)
    assert killed.returncode == -signal.SIGKILL
    (left,) = tmp_path.iterdir()
    (tmp_path / ".out-mine.part").mkdir()  # of somebody else
    with workplace(tmp_path, "out") as work:
        with workplace(tmp_path, "out") as beside:  # one that lives is left alone
            assert work.is_dir()
            assert beside != work
        assert not left.exists()
    assert [path.name for path in tmp_path.iterdir()] == [".out-mine.part"]


def test_temporary_files_of_a_killed_process_go_with_the_next(tmp_path: Path) -> None:
    script = (
        "import os\nfrom weftnet.base.workplace import temporary\n"
        "with temporary('contract') as folder:\n    assert not list(folder.iterdir())\n    print(folder)\n"
    )
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    for ending, left in (("    os.kill(os.getpid(), 9)\n", 1), ("", 0)):
        subprocess.run([sys.executable, "-c", script + ending], env=environment, check=False, timeout=60)
        assert len(list(tmp_path.iterdir())) == left


def test_a_link_to_an_empty_folder_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with whole(tmp_path / "link") as new:
        (new / "file").write_text("done")
    assert os.readlink(tmp_path / "link") == str(tmp_path / "real")
    assert (tmp_path / "real" / "file").is_file()


def test_a_folder_that_cant_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file" / "out", tmp_path / ("n" * 300)):
        with pytest.raises(RunError, match="can't be written"), whole(folder):
            pass
    (tmp_path / "full").mkdir()
    with pytest.raises(RunError, match="not empty"), whole(tmp_path / "full"):
        (tmp_path / "full" / "meanwhile").write_text("kept")
    assert (tmp_path / "full" / "meanwhile").read_text() == "kept"


def test_who_holds_a_folder(tmp_path: Path) -> None:
    with lock.held(tmp_path), lock.held(tmp_path):  # a process may enter twice
        told = lock.note(tmp_path)
        assert told is not None
        assert told["process"] == os.getpid()
        assert not lock.free(tmp_path)
        script = "import sys; from pathlib import Path; from weftnet.base import lock\n" + (
            "with lock.held(Path(sys.argv[1]), 0.1): pass"
        )
        other = subprocess.run(
            [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=False, timeout=60
        )
        assert f"process {os.getpid()} on {told['host']}, since {told['since']}" in other.stderr
    assert not list(tmp_path.iterdir())
    (tmp_path / lock.NAME).write_text('{"process": 1, "host": "gone", "since": "then"}')  # stale: a kill left it
    with lock.held(tmp_path, 0.0):
        assert lock.note(tmp_path)["process"] == os.getpid()  # type: ignore[index]
