"""weftnet composes, costs, trains and compares neural networks built from blocks of every family.

    fit = weftnet.fit("digits", "mlp", budget="10s")     data, and a network or none: what was trained
    fit.evaluate(), fit.predict(examples), fit.explain(), fit.report(), fit.compress(), fit.export(), fit.serve()
    weftnet.load(fit.folder)                             the same, later

Names are imported when they are first used, so `import weftnet` costs next to nothing.
"""

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

from weftnet.base.version import VERSION

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
    from weftnet.library.checking import check, draw
    from weftnet.library.comparing import compare
    from weftnet.library.estimators import WeftnetClassifier, WeftnetRegressor
    from weftnet.library.fit import Fit
    from weftnet.library.fit import load_fit as load
    from weftnet.library.fitting import fit
    from weftnet.plugins import load_plugin
    from weftnet.run.folder import Run
    from weftnet.run.loading import load as load_run
    from weftnet.tasks import TASKS
    from weftnet.train import Listener, Recipe, Start, resume
    from weftnet.train import fit as train_run
    from weftnet.zoo import ZOO

__version__ = VERSION

#: public name → (module, name there)
_LAZY = {
    "BLOCKS": ("blocks", "BLOCKS"),
    "TASKS": ("tasks", "TASKS"),
    "ZOO": ("zoo", "ZOO"),
    "Architecture": ("architecture.spec", "Architecture"),
    "Fit": ("library.fit", "Fit"),
    "Listener": ("train", "Listener"),
    "Network": ("compose", "Network"),
    "Recipe": ("train", "Recipe"),
    "Run": ("run.folder", "Run"),
    "Signal": ("architecture.signal", "Signal"),
    "Start": ("train", "Start"),
    "WeftnetClassifier": ("library.estimators", "WeftnetClassifier"),
    "WeftnetError": ("errors", "WeftnetError"),
    "WeftnetRegressor": ("library.estimators", "WeftnetRegressor"),
    "build_networks": ("compose", "build"),
    "check": ("library.checking", "check"),
    "compare": ("library.comparing", "compare"),
    "draw": ("library.checking", "draw"),
    "fit": ("library.fitting", "fit"),
    "load": ("library.fit", "load_fit"),
    "load_architecture": ("architecture.reading", "load"),
    "load_plugin": ("plugins", "load_plugin"),
    "load_run": ("run.loading", "load"),
    "open_data": ("data", "open_data"),
    "parse_signal": ("architecture.signal", "parse"),
    "resume": ("train", "resume"),
    "train_run": ("train", "fit"),
}

__all__ = [
    "BLOCKS",
    "TASKS",
    "ZOO",
    "Architecture",
    "Fit",
    "Listener",
    "Network",
    "Recipe",
    "Run",
    "Signal",
    "Start",
    "WeftnetClassifier",
    "WeftnetError",
    "WeftnetRegressor",
    "build_networks",
    "check",
    "compare",
    "draw",
    "fit",
    "load",
    "load_architecture",
    "load_plugin",
    "load_run",
    "open_data",
    "parse_signal",
    "resume",
    "train_run",
]


if "IPython" in sys.modules:
    from weftnet.library.notebook import register

    register()
    del register


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, there = _LAZY[name]
    return getattr(import_module(f"{__name__}.{module}"), there)


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
