"""For several inputs: an encoder for each, whose outputs are concatenated; and each input alone.

    joined_light, joined    encoders, then a layer that sees them together
    late                    encoders, and the task's head: the answer is a sum of what each input says
    NAME_alone              the strongest network of one input, without the others: what they have to beat

The output of each encoder is normalised first, so that none dominates the others. Without that, and at half the
learning rate, `joined` memorised a text beside an image with three of three seeds; with it, with none of four. Whole
inputs are dropped in training, so that no encoder idles behind another. An encoder has at most as many parameters as
the rows allow; where neither the wanted one nor the other has, the network with the fewest multiplications stands in.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode

from weftnet.architecture.signal import Signal
from weftnet.architecture.spec import Architecture, Block, Chain, Graph, Node, Wire
from weftnet.compose import Network, build
from weftnet.compose.flow import Flow
from weftnet.data.keys import free, labelled
from weftnet.tasks._propose.candidate import Candidate, Encoder, adamw, batch_of, formed, nodes_of

#: name → the encoders, the learning rate, whether a layer sees them together, why
_PROPOSALS: Mapping[str, tuple[Encoder, float, bool, str]] = {
    "joined_light": ("light", 4e-3, True, "the simplest encoder for each input, side by side"),
    "joined": ("rich", 7e-3, True, "convolution or recurrence for each input with an order, side by side"),
    "late": ("rich", 4e-3, False, "every input answers by itself, and the answers are added"),
}
#: parameters of an encoder, at most: so many for each row, and so many in any case
_PER_ROW, _ALWAYS = 100, 300_000
#: an input is dropped in so many of the training examples
_DROPPED = 0.1
#: fewer rows are few: narrower layers behind the encoders
_FEW = 1000


def joined(readers: Mapping[str, Sequence[Candidate]], rows: int | None = None) -> list[Candidate]:
    """Networks of the simplest encoders and of the strongest, and each input alone; [] if some input has no encoder.

    Their cheaper forms are made of those of their encoders.

    Args:
        readers: the networks that read each input, by its name: where the encoders are taken from.
        rows: to train on, if it is known.
    """
    if not all(readers.values()):
        return []
    levels = range(1, 1 + max(len(each.smaller) for networks in readers.values() for each in networks))
    lower = [{name: [_lower(each, level) for each in networks] for name, networks in readers.items()}
             for level in levels]  # fmt: skip
    what = "each input read in a cheaper form"
    return formed(_joined(readers, rows), ((_joined(each, rows), what) for each in lower))


def _lower(candidate: Candidate, level: int) -> Candidate:
    """In the cheaper form of this number, from 1 on, or in its cheapest."""
    return candidate.forms[min(level, len(candidate.smaller))]


def _joined(readers: Mapping[str, Sequence[Candidate]], rows: int | None) -> list[Candidate]:
    label, width = labelled(readers, "_features"), 32 if rows is not None and rows < _FEW else 64
    recipe: dict[str, Any] = {} if rows is None else {"batch_size": batch_of(rows)}
    candidates = []
    for name, (wanted, lr, together, why) in _PROPOSALS.items():
        wires = {
            label[each]: Wire((each,), _encoder(_chosen(networks, wanted), width)) for each, networks in readers.items()
        }
        layer = (Block("dense", {"dim": 2 * width}), Block("relu"), Block("dropout", {"rate": 0.2}))
        joint = free("joint", {*readers, *wires})
        wires[joint] = Wire(tuple(label.values()), Chain(layer) if together else None, "concat")
        graph = Graph(tuple(readers), wires, (joint,))
        candidates.append(Candidate(name, Architecture.of(graph), adamw(lr, clip=1.0, **recipe), why))
    return candidates + [_alone(name, _chosen(networks, "rich"), label[name]) for name, networks in readers.items()]


def affordable(candidates: Sequence[Candidate], signal: Signal) -> list[Candidate]:
    """Those of one input that have not too many parameters for the rows, or the smallest.

    All of them where the rows are not known; where no encoder is among them the cheapest to run comes first.
    """
    if signal.about.rows is None or not candidates:
        return list(candidates)
    networks = [_network(each, signal) for each in candidates]
    sizes = [sum(parameter.numel() for parameter in network.parameters()) for network in networks]
    most = max(_ALWAYS, _PER_ROW * signal.about.rows, min(sizes))
    kept = {each.name: network for each, network, size in zip(candidates, networks, sizes, strict=True) if size <= most}
    chosen = [each for each in candidates if each.name in kept]
    if any(each.encoder for each in chosen):
        return chosen
    return sorted(chosen, key=lambda each: _flops(kept[each.name], signal))


def _network(candidate: Candidate, signal: Signal) -> Network:
    """Without weights."""
    with torch.device("meta"):
        network = build(candidate.architecture, {"network": {"x": signal}})["network"]
    assert isinstance(network, Network)
    return network


def _flops(network: Network, signal: Signal) -> int:
    """Of a forward pass, counted without computing."""
    flow = Flow.of(signal, "x")
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        network.eval()(flow.value, {} if flow.mask is None else {"x": flow.mask})
    return int(counter.get_total_flops())


def _chosen(readers: Sequence[Candidate], wanted: Encoder) -> Candidate:
    """The encoder of one input: as wanted, the other one, or the first network where neither can be afforded."""
    return min(readers, key=lambda each: (each.encoder != wanted, each.encoder is None))


def _encoder(candidate: Candidate, width: int) -> Node:
    """A network whose features are normalised, narrowed and at times dropped."""
    narrow = (Block("layer_norm"), Block("dense", {"dim": width}), Block("relu"))
    return Chain((*nodes_of(candidate), *narrow, Block("input_dropout", {"rate": _DROPPED})))


def _alone(name: str, candidate: Candidate, label: str) -> Candidate:
    """A network of one input, where there are others."""
    graph = Graph((name,), {label: Wire((name,), Chain(nodes_of(candidate)))}, (label,))
    why = f"{name} alone, by {candidate.name}: what all inputs together have to beat"
    return replace(candidate, name=f"{name}_alone", architecture=Architecture.of(graph), why=why, encoder=None)
