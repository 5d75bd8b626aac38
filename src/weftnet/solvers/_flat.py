"""Networks without weights before the last layer: the features of linear baselines."""

from collections.abc import Mapping

from weftnet.architecture.signal import Signal
from weftnet.architecture.spec import Architecture, Block, Chain, Graph, Node, Wire
from weftnet.data.keys import free, labelled
from weftnet.tasks._propose.candidate import Candidate

#: values of which the best weights are found in seconds
MOST = 4096
#: bins of each value: at the most, and of very many values at the least
_BINS, _FEW_BINS = 16, 4


def flat(signals: Mapping[str, Signal]) -> Architecture | None:
    """All values one after another; None where some input is none of numbers, or they are too many."""
    return _joined(signals) if 0 < _values(signals) <= MOST else None


def stepped(signals: Mapping[str, Signal]) -> Architecture | None:
    """Every value, and which of its quantiles it exceeds; None as for `flat`."""
    values = _values(signals)
    bins = min(_BINS, MOST // max(1, values))
    return _joined(signals, Block("quantile_steps", {"bins": bins})) if values and bins >= _FEW_BINS else None


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


def _joined(signals: Mapping[str, Signal], *after: Node) -> Architecture:
    """Each input as a vector, behind which these nodes come, all of them side by side."""
    each = Chain((Block("flatten"), *after))
    if len(signals) == 1:
        return Architecture.of(each)
    label = labelled(signals, "_values")
    wires = {label[name]: Wire((name,), each) for name in signals}
    joint = free("joint", {*signals, *wires})
    return Architecture.of(Graph(tuple(signals), {**wires, joint: Wire(tuple(wires), None, "concat")}, (joint,)))
