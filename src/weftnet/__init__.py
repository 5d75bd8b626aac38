"""weftnet composes, costs, trains and compares neural networks built from blocks of every family.

    architecture = weftnet.load_architecture("arch.yaml")
    data = weftnet.open_data("digits")
    task = weftnet.TASKS.get(name).from_data(data)  # one of weftnet.TASKS.names()
    run = weftnet.fit(architecture, task, data, weftnet.Recipe(epochs=20), "runs/first")
    weftnet.load_run("runs/first").metrics(data, "test")

Names are imported when they are first used, so `import weftnet` costs next to nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from weftnet.architecture.reading import load as load_architecture
    from weftnet.architecture.signal import Signal
    from weftnet.architecture.signal import parse as parse_signal
    from weftnet.architecture.spec import Architecture
    from weftnet.blocks import BLOCKS
    from weftnet.compose import Network
    from weftnet.compose import build as build_networks
    from weftnet.data import open_data
    from weftnet.errors import WeftnetError
    from weftnet.plugins import load_plugin
    from weftnet.run.folder import Run
    from weftnet.run.loading import load as load_run
    from weftnet.tasks import TASKS
    from weftnet.train import Listener, Recipe, Start, fit, resume
    from weftnet.zoo import ZOO

__version__ = "0.1.0"

__all__ = [
    "BLOCKS",
    "TASKS",
    "ZOO",
    "Architecture",
    "Listener",
    "Network",
    "Recipe",
    "Run",
    "Signal",
    "Start",
    "WeftnetError",
    "build_networks",
    "fit",
    "load_architecture",
    "load_plugin",
    "load_run",
    "open_data",
    "parse_signal",
    "resume",
]

#: public name → (module, name there)
_LAZY = {
    "BLOCKS": ("blocks", "BLOCKS"),
    "TASKS": ("tasks", "TASKS"),
    "ZOO": ("zoo", "ZOO"),
    "Architecture": ("architecture.spec", "Architecture"),
    "WeftnetError": ("errors", "WeftnetError"),
    "Network": ("compose", "Network"),
    "build_networks": ("compose", "build"),
    "Listener": ("train", "Listener"),
    "Recipe": ("train", "Recipe"),
    "Run": ("run.folder", "Run"),
    "Signal": ("architecture.signal", "Signal"),
    "Start": ("train", "Start"),
    "fit": ("train", "fit"),
    "load_architecture": ("architecture.reading", "load"),
    "load_plugin": ("plugins", "load_plugin"),
    "load_run": ("run.loading", "load"),
    "open_data": ("data", "open_data"),
    "parse_signal": ("architecture.signal", "parse"),
    "resume": ("train", "resume"),
}


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, there = _LAZY[name]
    return getattr(import_module(f"{__name__}.{module}"), there)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
