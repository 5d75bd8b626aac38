"""Which input signals each part of an architecture reads."""

from collections.abc import Mapping
from typing import TypeAlias

from weftnet.architecture.signal import Signal, parse
from weftnet.architecture.spec import Architecture, Graph, Node
from weftnet.errors import SettingError

#: Signals by input, as written on the command line or parsed.
Inputs: TypeAlias = Mapping[str, Signal | str]


def inputs_of(architecture: Architecture, inputs: Inputs | None = None) -> dict[str, dict[str, Signal]]:
    """Each part's input signals by name: those passed in, else the architecture's own.

    A part reads the signal of its own name, a graph those it lists; the only part reads all of them.

    Raises:
        SettingError: a part's inputs are not known.
    """
    signals = _signals(architecture, inputs or {})
    shared = {name: signal for name, signal in signals.items() if name not in architecture.parts}
    alone, first = len(architecture.parts) == 1, next(iter(architecture.parts))
    result: dict[str, dict[str, Signal]] = {}
    for part, node in architecture.parts.items():
        listed = _listed(node)
        if part in signals:
            result[part] = {listed[0] if len(listed) == 1 else part: signals[part]}
        elif alone and signals:
            result[part] = signals
        elif listed and set(listed) <= set(signals):
            result[part] = {name: signals[name] for name in listed}
        elif part == first and len(shared) == 1:
            result[part] = shared
        else:
            raise _unknown(part, listed, alone)
    return result


def _signals(architecture: Architecture, inputs: Inputs) -> dict[str, Signal]:
    """All signals by name; those passed in replace the architecture's, of which a graph keeps what it lists."""
    signals = {name: parse(text) for name, text in architecture.inputs.items()}
    signals |= {name: parse(signal) if isinstance(signal, str) else signal for name, signal in inputs.items()}
    if inputs and len(architecture.parts) == 1:
        listed = {name for node in architecture.parts.values() for name in _listed(node)}
        known = set(inputs) | (listed & set(architecture.inputs))
        signals = {name: signal for name, signal in signals.items() if name in known}
    return signals


def _listed(node: Node) -> tuple[str, ...]:
    return node.inputs if isinstance(node, Graph) else ()


def _unknown(part: str, listed: tuple[str, ...], alone: bool) -> SettingError:
    names = listed or (part,)
    example = "image:1x28x28" if alone else f"{names[0]}=image:1x28x28"
    return SettingError(
        "no input is given" if alone else f"what the part {part!r} reads is not known",
        where=", ".join(listed),
        expected="an input such as image:1x28x28, vector:13, series:96x7 or tokens:64,vocabulary=5000",
        fix=f"give --input {example}, or write inputs: into the file",
    )
