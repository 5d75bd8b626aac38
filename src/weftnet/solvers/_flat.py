"""Networks without weights before the last layer: the features of linear baselines."""

from collections.abc import Collection, Mapping, Sequence

from weftnet.architecture.signal import Signal
from weftnet.architecture.spec import Architecture, Block, Chain, Graph, Node, Wire
from weftnet.compose import resolve
from weftnet.data.keys import free, labelled
from weftnet.tasks._propose import statistics
from weftnet.tasks._propose.candidate import Candidate
from weftnet.tasks._task import Task

#: values of which the best weights are found in seconds
MOST = 4096
#: bins of each value: at the most, and of very many values at the least
_BINS, _FEW_BINS = 16, 4


def flat(signals: Mapping[str, Signal]) -> Architecture | None:
    """All values one after another; None where some input is none of numbers, or they are too many."""
    return joined({name: [Block("flatten")] for name in signals}) if 0 < _values(signals) <= MOST else None


def stepped(signals: Mapping[str, Signal]) -> Architecture | None:
    """Which of its quantiles every value of a table exceeds, beside the value; None as for `flat`."""
    values = _values(signals) if all(signal.kind == "vector" for signal in signals.values()) else 0
    bins = min(_BINS, MOST // max(1, values))
    if not values or bins < _FEW_BINS:
        return None
    return joined({name: [Block("flatten"), Block("quantile_steps", {"bins": bins})] for name in signals})


def described(signals: Mapping[str, Signal], task: Task) -> Architecture | None:
    """Statistics of the inputs; None where there are no others than the values themselves, or they are too many.

    None too for a task whose outputs have an order, as a forecast has: statistics have lost it.
    """
    found = statistics_of(signals)
    if not width(task) or not any(found.values()):
        return None
    return joined(found, of=signals) if features(signals) <= MOST else None


def features(signals: Mapping[str, Signal]) -> int:
    """How many values describe the inputs."""
    found = statistics_of(signals)
    if not any(found.values()):
        return sum(signals[name].numel for name in found)
    network = joined(found, of=signals).parts["network"]
    return resolve(network, {name: signals[name] for name in found}).output.numel


def width(task: Task) -> int:
    """How many outputs a task has, as the head says that it appends to a vector; 0 if it appends none."""
    head = task.head("network", Signal(("dim",), (1,)), None) if task.link else ()
    return int(head[0].settings.get("dim", 0)) if len(head) == 1 and isinstance(head[0], Block) else 0


def statistics_of(signals: Mapping[str, Signal]) -> dict[str, list[Node]]:
    """What describes each input in a vector; inputs that nothing does are left out."""
    found = {name: statistics(signal) for name, signal in signals.items()}
    return {name: nodes for name, nodes in found.items() if nodes is not None}


def joined(each: Mapping[str, Sequence[Node]], *then: Node, of: Collection[str] = ()) -> Architecture:
    """Inputs made vectors, side by side, and what reads them together.

    Args:
        each: the nodes that make a vector of each input.
        then: behind all of them.
        of: names of all the data's inputs, where these are some of them.
    """
    if len({*each, *of}) == 1:
        return Architecture.of([*next(iter(each.values())), *then])
    label = labelled(each, "_values")
    wires = {label[name]: Wire((name,), Chain(tuple(nodes))) for name, nodes in each.items() if nodes}
    sources = tuple(label[name] if nodes else name for name, nodes in each.items())
    joint = free("joint", {*each, *wires})
    merge = "concat" if len(sources) > 1 else None
    wires[joint] = Wire(sources, Chain(then) if then else None, merge)
    return Architecture.of(Graph(tuple(each), wires, (joint,)))


def anything(signals: Mapping[str, Signal]) -> Architecture | None:
    """Some values of the first input, for a layer that does not look at them; None for an input of another kind."""
    for name, signal in signals.items():
        tokens = signal.dtype == "int" and "vocabulary" in signal.known
        if signal.dtype == "float" or tokens:
            node = Block("embedding", {"dim": 1}) if tokens else Block("dropout", {"rate": 0.0})  # the identity
            return Architecture.of(Graph((name,), {"any": Wire((name,), node)}, ("any",)) if len(signals) > 1 else node)
    return None


def entered(solver: str, offers: Mapping[str, tuple[Architecture | None, str]]) -> list[Candidate]:
    """The baselines that a solver finds the weights of.

    Args:
        solver: its name.
        offers: name → the network, None where it does not suit the inputs, and why it is worth trying.
    """
    return [
        Candidate(name, network, {"solver": solver}, why, baseline=True)
        for name, (network, why) in offers.items()
        if network is not None
    ]


def _values(signals: Mapping[str, Signal]) -> int:
    """How many values an example has; 0 where one input can't be read as so many."""
    plain = all(signal.dtype == "float" and not signal.padded for signal in signals.values())
    return sum(signal.numel for signal in signals.values()) if plain else 0
