"""Mend a file: make the edits that its faults carry, again until none is left.

Each edit was tried before it was offered; what it lays bare is found in the next round.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

from weftnet.architecture.faults import Edit, Fault, apply
from weftnet.architecture.reading import read
from weftnet.architecture.signal import Signal, parse
from weftnet.architecture.spec import Architecture, Graph, to_dict, to_yaml
from weftnet.base import files
from weftnet.compose import examine
from weftnet.errors import ArchitectureError, SettingError

_ROUNDS = 10
Inputs = Mapping[str, Signal | str]


def inputs_of(architecture: Architecture, inputs: Inputs | None = None) -> dict[str, dict[str, Signal]]:
    """Each part's input signals by name: those given, else the architecture's own.

    A part reads the signal under its own name, a graph those it lists; the only part reads all there are.

    Raises:
        SettingError: a part's inputs are not known.
    """
    named = {name: parse(text) if isinstance(text, str) else text for name, text in architecture.inputs.items()}
    named |= {name: parse(text) if isinstance(text, str) else text for name, text in (inputs or {}).items()}
    if inputs and len(architecture.parts) == 1:
        wanted = _inputs_listed(architecture)
        known = set(inputs) | (wanted & set(architecture.inputs))
        named = {name: signal for name, signal in named.items() if name in known}
    signals: dict[str, dict[str, Signal]] = {}
    others = {name: signal for name, signal in named.items() if name not in architecture.parts}
    for part, node in architecture.parts.items():
        listed = node.inputs if isinstance(node, Graph) else ()
        if part in named:
            signals[part] = {listed[0] if len(listed) == 1 else part: named[part]}
        elif len(architecture.parts) == 1 and named:
            signals[part] = named
        elif listed and set(listed) <= set(named):
            signals[part] = {name: named[name] for name in listed}
        elif part == next(iter(architecture.parts)) and len(others) == 1:
            signals[part] = others
        else:
            wanted_names = ", ".join(listed or [part])
            example = f"{(listed or [part])[0]}=image:1x28x28" if len(architecture.parts) > 1 else "image:1x28x28"
            raise SettingError(
                f"what the part {part!r} reads is not known" if len(architecture.parts) > 1 else "no input is given",
                where=wanted_names if listed else "",
                expected="an input such as image:1x28x28, vector:13, series:96x7 or tokens:64,vocabulary=5000",
                fix=f"give --input {example}, or write inputs: into the file",
            )
    return signals


def mend(path: str | Path, inputs: Inputs | None = None, out: str | Path | None = None) -> list[str]:
    """Make every edit that a fault offers until none is left, and write the file anew; a comment at its top stays.

    Args:
        path: a YAML or JSON file.
        inputs: as of `check`.
        out: where to write if not over the file itself.

    Returns:
        What was done, a line for each; the faults that stay are what `check` then finds.

    Raises:
        ArchitectureError: nothing in the file can be read as an architecture.
    """
    path = Path(path)
    architecture, faults = read(path)
    if architecture is None:
        raise ArchitectureError(faults, where=str(path))
    done = [_line(fault) for fault in faults if fault.fix is not None]
    for _ in range(_ROUNDS):
        signals = inputs_of(architecture, inputs)
        found = [fault for part, node in architecture.parts.items() for fault in examine(node, signals[part], part)[1]]
        fixes = [fault for fault in found if fault.fix is not None]
        mended = apply(architecture, _edits([*faults, *fixes]))  # the reader's paths are those of the same tree
        faults = []
        if mended == architecture:
            break
        architecture = mended
        done.extend(line for line in map(_line, fixes) if line not in done)
    if done or out is not None:
        _write(architecture, path, Path(out or path))
    return done


def _inputs_listed(architecture: Architecture) -> set[str]:
    return {name for node in architecture.parts.values() if isinstance(node, Graph) for name in node.inputs}


def _edits(faults: Iterable[Fault]) -> list[Edit]:
    seen: list[Edit] = []
    for fault in faults:
        if fault.fix is not None and fault.fix not in seen:
            seen.append(fault.fix)
    return seen


def _line(fault: Fault) -> str:
    return f"{fault.where}: {fault.what}: {fault.fix}"


def _write(architecture: Architecture, path: Path, out: Path) -> None:
    if out.suffix == ".json":
        return files.write_json(out, to_dict(architecture))
    comment: list[str] = []
    if path.suffix != ".json":
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.strip() and not line.lstrip().startswith("#"):
                break
            comment.append(line)
    files.write_text(out, "\n".join([*comment, to_yaml(architecture)]))
