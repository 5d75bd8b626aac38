"""The frozen network of another run under a last layer that is solved for."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from weftnet.architecture.signal import Signal
from weftnet.architecture.spec import Architecture, Node
from weftnet.compose import resolve
from weftnet.errors import ArchitectureError
from weftnet.tasks._assemble import last_block, with_head
from weftnet.tasks._task import Task


def behind(body: Architecture, nodes: Sequence[Node], signals: Mapping[str, Signal], task: Task) -> Architecture | None:
    """A body whose output is made a vector as the task's head does it, and these nodes; None where it can't be.

    Args:
        body: without a head, of the single part `network`.
        nodes: between the vector and the task's last layer.
        signals: the data's inputs.
        task: that appends the last layer.
    """
    if set(body.parts) != {"network"} or list(task.parts) != ["network"]:
        return None
    node = body.parts["network"]
    try:
        resolved = resolve(node, task.inputs(signals)["network"], "network")
        head = task.head("network", resolved.output, last_block(resolved))
    except ArchitectureError:
        return None
    if not head:  # it gives the outputs themselves
        return None
    between = (*head[:-1], *nodes)
    return replace(body, parts={"network": with_head(node, between)}) if between else body
