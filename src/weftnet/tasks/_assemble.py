"""A task completes an architecture: it determines the inputs of each part, and appends the head that its loss needs.

Nothing is hidden: the head's nodes are ordinary nodes of the architecture that is checked, trained and saved.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from weftnet.architecture.faults import Fault
from weftnet.architecture.signal import Signal
from weftnet.architecture.spec import Architecture, Chain, Graph, Node, Wire
from weftnet.compose import resolve
from weftnet.compose.flow import Resolved
from weftnet.errors import ArchitectureError, SettingError, closest
from weftnet.tasks._task import Task


@dataclass(frozen=True)
class Assembled:
    """A complete architecture.

    Args:
        architecture: with the heads the task appended.
        inputs: what each part reads.
        added: the nodes the task appended, by part.
        resolved: each part with every size filled in.
    """

    architecture: Architecture
    inputs: Mapping[str, Mapping[str, Signal]]
    added: Mapping[str, tuple[Node, ...]]
    resolved: Mapping[str, Resolved] = field(default_factory=dict, repr=False, compare=False)


def assemble(architecture: Architecture, task: Task, signals: Mapping[str, Signal]) -> Assembled:
    """The architecture as the task needs it.

    Raises:
        SettingError: the architecture's parts are not the task's.
        ArchitectureError: with the faults of every part.
    """
    _same_parts(architecture, task)
    inputs = task.inputs(signals)
    faults: list[Fault] = []
    added: dict[str, tuple[Node, ...]] = {}
    parts, complete = dict(architecture.parts), {}
    for part in task.parts:
        try:
            resolved = resolve(parts[part], inputs[part], part)
            added[part] = tuple(task.head(part, resolved.output, last_block(resolved)))
            parts[part] = with_head(parts[part], added[part])
            complete[part] = resolve(parts[part], inputs[part], part)
        except ArchitectureError as error:
            faults.extend(error.faults)
    if faults:
        raise ArchitectureError(faults)
    written = {name: signal.text() for name, signal in signals.items()}
    return Assembled(replace(architecture, parts=parts, inputs=written), inputs, added, complete)


def last_block(resolved: Resolved) -> str | None:
    """The name of the block that computes the output; None where several are merged."""
    match resolved.kind:
        case "block":
            return str(getattr(resolved.cls, "ends_in", resolved.name))  # a module of one's own may say what it ends in
        case "shared":
            return resolved.name
        case "chain":
            return last_block(list(resolved.children.values())[-1]) if resolved.children else None
        case "graph":
            (name,) = resolved.outputs
            return last_block(resolved.children[name]) if name in resolved.children else None
        case _:
            return None


def with_head(node: Node, head: tuple[Node, ...]) -> Node:
    """A part, then these nodes."""
    if not head:
        return node
    if isinstance(node, Chain) and node.label is None:
        return Chain((*node.nodes, *head))
    if isinstance(node, Graph):
        name = "head" if "head" not in node.nodes else "task_head"
        return replace(node, nodes={**node.nodes, name: Wire(node.outputs, Chain(head))}, outputs=(name,))
    return Chain((node, *head))


def _same_parts(architecture: Architecture, task: Task) -> None:
    present, required = set(architecture.parts), set(task.parts)
    if present == required:
        return
    missing = sorted(required - present)
    close = {name: closest(name, required) for name in present - required}
    hint = "; ".join(f"is {name!r} meant as {match[0]!r}?" for name, match in close.items() if match)
    raise SettingError(
        f"the architecture has the part{'s' * (len(present) > 1)} {', '.join(sorted(present))}",
        where=f"task {type(task).__name__}",
        expected=", ".join(task.parts),
        fix=hint or f"write the missing part{'s' * (len(missing) > 1)} under parts: {', '.join(missing)}",
    )
