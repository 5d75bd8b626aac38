"""What every entry of a registry has to fulfil, as functions: for weftnet's own tests, and for a plugin.

    contract("loss", "focal")         → [Check, …]      what is asked of an entry; each is a sentence
    check.outcome()                   → Outcome         kept, broken and why, or not applicable and why
    entries/REGISTRY.py               the checks of a registry: `REGISTRY(name) → [Check, …]`

The registries are those that a plugin can add to (`weftnet.plugins.REGISTRIES`). The facets of a task are checked with
the task. `weftnet contract FILE` prints the outcomes of all that a plugin brings.
"""

from collections.abc import Callable, Iterable
from importlib import import_module
from pathlib import Path

from weftnet.contract._check import Broken, Check, Outcome
from weftnet.plugins import REGISTRIES
from weftnet.registry import Registry

__all__ = ["CONTRACTS", "Broken", "Check", "Outcome", "contract", "contracts"]

CONTRACTS: Registry[Callable[[str], list[Check]]] = Registry(
    "contract", f"{__name__}.entries", Path(__file__).parent / "entries"
)


def contract(registry: str, name: str) -> list[Check]:
    """The checks of one entry.

    Args:
        registry: as a plugin calls it: block, task, metric …
        name: of the entry.

    Raises:
        UnknownName: there is no such registry or entry.
    """
    checks, (module, _, attribute) = CONTRACTS.get(registry), REGISTRIES[registry][1].partition(":")
    getattr(import_module(module), attribute).get(name)
    return checks(name)


def contracts(registry: str, names: Iterable[str]) -> list[Check]:
    """The checks of several entries."""
    return [check for name in names for check in contract(registry, name)]
