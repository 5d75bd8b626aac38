"""weftnet's commands as processes, as a person starts them, and what the tests of several workers ask of them."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch
from parallel_workers import ENVIRONMENT
from training_fakes import weights

#: without dropout and augmentation, whose draws depend on the number of workers
MLP = str(Path(__file__).with_name("mlp.yaml"))
FIT = ["fit", "digits", "--arch", MLP, "--plan", "eager", "--set", "checkpoint_every=0.1", "--set", "augment=[]"]


def weftnet(*command: str, folder: Path) -> "subprocess.Popen[str]":
    words, pipe = [sys.executable, "-m", "weftnet", *command], subprocess.PIPE
    home = {"HOME": str(folder)}  # ray writes there
    return subprocess.Popen(words, cwd=folder, env=ENVIRONMENT | home, stdout=pipe, stderr=pipe, text=True)


def ended(process: "subprocess.Popen[str]") -> tuple[int, str, str]:
    printed, errors = process.communicate(timeout=180)
    return process.returncode, printed, errors


def wait_for(holds: Callable[[], object], process: "subprocess.Popen[str]") -> None:
    deadline = time.monotonic() + 120
    while not holds():
        assert process.poll() is None, ended(process)
        assert time.monotonic() < deadline
        time.sleep(0.02)


def equal(one: Path, other: Path) -> None:
    """The same weights, to the bit."""
    want, got = weights(one), weights(other)
    assert want.keys() == got.keys()
    assert all(torch.equal(value, got[name]) for name, value in want.items())
