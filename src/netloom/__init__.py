"""netloom composes, costs, trains and compares neural networks built from blocks of every family.

    architecture = netloom.load_architecture("arch.yaml")
    data = netloom.open_data("digits")
    task = netloom.TASKS.get("classification").from_data(data)
    run = netloom.fit(architecture, task, data, netloom.Recipe(epochs=20), "runs/first")
    netloom.load_run("runs/first").metrics(data, "test")

Names are imported when they are first used, so that `import netloom` costs next to nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from netloom.blocks import BLOCKS
    from netloom.build import Network
    from netloom.build import build as build_networks
    from netloom.data import open_data
    from netloom.errors import NetloomError
    from netloom.evaluate import load as load_run
    from netloom.plugins import load_plugin
    from netloom.reading import load as load_architecture
    from netloom.run import Run
    from netloom.signal import Signal
    from netloom.signal import parse as parse_signal
    from netloom.spec import Architecture
    from netloom.tasks import TASKS
    from netloom.train import Recipe, fit, resume
    from netloom.zoo import ZOO

__version__ = "0.1.0"

__all__ = [
    "BLOCKS",
    "TASKS",
    "ZOO",
    "Architecture",
    "NetloomError",
    "Network",
    "Recipe",
    "Run",
    "Signal",
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
    "Architecture": ("spec", "Architecture"),
    "NetloomError": ("errors", "NetloomError"),
    "Network": ("build", "Network"),
    "build_networks": ("build", "build"),
    "Recipe": ("train", "Recipe"),
    "Run": ("run", "Run"),
    "Signal": ("signal", "Signal"),
    "fit": ("train", "fit"),
    "load_architecture": ("reading", "load"),
    "load_plugin": ("plugins", "load_plugin"),
    "load_run": ("evaluate", "load"),
    "open_data": ("data", "open_data"),
    "parse_signal": ("signal", "parse"),
    "resume": ("train", "resume"),
}


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, there = _LAZY[name]
    return getattr(import_module(f"{__name__}.{module}"), there)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
