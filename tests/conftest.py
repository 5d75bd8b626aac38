"""Shapes are checked annotations: switched on for every block that the tests import."""

import os
import signal
from collections.abc import Iterator

os.environ.setdefault("OMP_NUM_THREADS", "1")  # tests are many small tensors: two threads only wait for each other

# A shell's background job ignores Ctrl-C, and so would every program that a test starts and interrupts.
signal.signal(signal.SIGINT, signal.default_int_handler)

import jaxtyping
import pytest

jaxtyping.install_import_hook("weftnet.blocks", "beartype.beartype")

import torch

from weftnet import plugins

torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def _home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Libraries write into the home folder on import, and the roofline is kept there: give every test its own."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / "cache"))


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
