"""Shapes are checked annotations: switched on for every block that the tests import."""

import itertools
import os
import signal
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # tests are many small tensors: two threads only wait for each other

# A kill, unlike a power cut, loses nothing that was written; waiting for the disk would take most of some tests' time.
os.fsync = lambda handle: None

# A shell's background job ignores Ctrl-C, and so would every program that a test starts and interrupts.
signal.signal(signal.SIGINT, signal.default_int_handler)

import jaxtyping
import pytest
from hypothesis import settings

# How long an example takes is up to what else runs on the machine.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

jaxtyping.install_import_hook("weftnet.blocks", "beartype.beartype")

import torch

from weftnet import plugins

torch.set_num_threads(1)

# The first backward pass starts a thread for each device but the CPU. An export before it makes torch believe in a GPU,
# and then no process that a test forks could train.
torch.ones(1, requires_grad=True).sum().backward()


#: what takes longest runs first, so that no process works alone on it in the end
FIRST = ("test_parallel_ray", "test_parallel_launching", "test_kills", "test_first_steps", "test_fuzz", "test_parallel")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long tests before the others, which keep their order."""
    items.sort(key=lambda item: item.path.stem not in FIRST)


@pytest.fixture(scope="session")
def _homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Folders that are not there yet: `mktemp` would list thousands of earlier ones before it makes another."""
    place = tmp_path_factory.mktemp("homes")
    return (place / str(number) for number in itertools.count())


@pytest.fixture(autouse=True)
def _home(_homes: Iterator[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """Libraries write into the home folder on import, and the roofline is kept there: give every test its own."""
    home = next(_homes)
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / "cache"))


@pytest.fixture(autouse=True)
def _alone() -> Iterator[None]:
    """A process that a test forks never goes on to the next test, whatever it raised."""
    process = os.getpid()
    yield
    if os.getpid() != process:
        os._exit(1)


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


@pytest.fixture(autouse=True)
def _plugins() -> Iterator[None]:
    """What a test loads by command or call leaves with it, so that the next may bring another of that name."""
    before = {plugin.name for plugin in plugins.loaded()}
    yield
    for plugin in plugins.loaded():
        if plugin.name not in before:
            plugins.unload(plugin.name)
