"""Fix a file: apply the edits that its faults carry, until no fault with a fix is left.

Each edit was tried before it was offered; faults that it brings to light are fixed in the next round.
"""

from collections.abc import Iterable
from pathlib import Path

from weftnet.architecture.faults import Edit, Fault, apply
from weftnet.architecture.reading import read
from weftnet.architecture.spec import Architecture, to_dict, to_yaml
from weftnet.base import files
from weftnet.compose import examine
from weftnet.compose.inputs import Inputs, inputs_of
from weftnet.errors import ArchitectureError

_ROUNDS = 10


def fix(path: str | Path, inputs: Inputs | None = None, out: str | Path | None = None) -> list[str]:
    """Apply every edit that a fault offers until none is left, and write the file; a comment at its top is kept.

    Args:
        path: a YAML or JSON file.
        inputs: as of `check`.
        out: where to write, instead of over the file itself.

    Returns:
        What was done, a line for each edit; `check` then reports the faults that remain.

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
        parts = architecture.parts.items()
        fixable = [
            fault for part, node in parts for fault in examine(node, signals[part], part)[1] if fault.fix is not None
        ]
        fixed = apply(architecture, _edits([*faults, *fixable]))  # the reader's paths are those of the same tree
        faults = []
        if fixed == architecture:
            break
        architecture = fixed
        done.extend(line for line in map(_line, fixable) if line not in done)
    if done or out is not None:
        _write(architecture, path, Path(out or path))
    return done


def _edits(faults: Iterable[Fault]) -> list[Edit]:
    edits: list[Edit] = []
    for fault in faults:
        if fault.fix is not None and fault.fix not in edits:
            edits.append(fault.fix)
    return edits


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
