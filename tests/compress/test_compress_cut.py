"""Cutting units out: what is left computes what the whole network does without them."""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import ClassVar

import pytest
import torch
from compress_fakes import NETWORKS, network
from jaxtyping import Float
from torch import Tensor, nn

from weftnet.architecture.signal import Signal
from weftnet.architecture.spec import Architecture, Block, Chain, Repeat, to_dict
from weftnet.blocks import BLOCKS
from weftnet.compose import build
from weftnet.compose.network import Network
from weftnet.compress.cut import Removal, check, cut
from weftnet.compress.groups import Group
from weftnet.compress.importance import importance
from weftnet.compress.prunable import prunable_groups
from weftnet.compress.unroll import unroll
from weftnet.cost.cost import cost
from weftnet.data.batch import Batch
from weftnet.errors import WeftnetError

GROUPS = {
    "plain": {"0": 12, "3": 10, "6": 9},
    "residual": {"0": 12, "3.0.0.body.0": 12, "3.1.0.body.0": 12, "4.shortcut.0": 20},
    "branches": {"0.0": 5, "0.1.0": 7, "1.0": 6},
    "lstm": {"0": 10, "1": 11},
    "stacked": {"0": 10, "1": 7, "2": 6, "4": 8},
    "transformer": {"2.0": 32, "2.1": 32},
    "graph": {"a": 9, "c.2": 6},
}


@cache
def case(name: str) -> tuple[Network, Architecture, dict[str, Signal], Batch, dict[str, Group]]:
    """A network of NETWORKS with its prunable groups by name; no test changes it."""
    whole, architecture, inputs, batch = network(name)
    groups = prunable_groups(whole, architecture, inputs, batch)
    return whole, architecture, inputs, batch, {group.name: group for group in groups}


def parameters(module: nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


def thirds(groups: Iterable[Group]) -> list[Removal]:
    return [Removal(group, torch.arange(0, group.size, 3)) for group in groups]


@pytest.mark.parametrize("name", NETWORKS)
def test_the_groups_are_those_of_the_network(name: str) -> None:
    sizes = {key: group.size for key, group in case(name)[-1].items()}
    assert sorted(sizes.values()) == sorted(GROUPS[name].values())
    assert sizes.keys() <= {*GROUPS[name], "4.body.0", "b", "1.1", "3.0.0.body.3", "3.1.0.body.3"}


@pytest.mark.parametrize("name", NETWORKS)
def test_what_is_left_is_smaller_and_cheaper_and_computes_the_rest(name: str) -> None:
    whole, architecture, inputs, batch, groups = case(name)
    removals = thirds(groups.values())
    before = {key: tensor.clone() for key, tensor in whole.state_dict().items()}
    _, smaller = cut(whole, architecture, inputs, removals)
    check(whole, smaller, removals, batch)
    assert all(torch.equal(tensor, before[key]) for key, tensor in whole.state_dict().items())
    assert parameters(smaller) < 0.95 * parameters(whole)
    assert cost(smaller, 4).flops < cost(whole, 4).flops


def silent(whole: Network, channels: dict[str, Tensor], inputs: Tensor) -> Tensor:
    """The network with channels of blocks' outputs multiplied by zero as they come out: no weight is touched."""
    handles = []
    for path, numbers in channels.items():

        def zero(_m: nn.Module, _i: object, y: Tensor, numbers: Tensor = numbers) -> Tensor:
            return y.index_fill(1, numbers, 0.0)

        handles.append(whole.get_submodule(path).register_forward_hook(zero))
    with torch.inference_mode():
        y = whole(inputs)
    for handle in handles:
        handle.remove()
    assert isinstance(y, Tensor)
    return y


def test_a_residual_network_without_some_channels() -> None:
    whole, architecture, inputs, batch, groups = case("residual")
    gone = torch.tensor([1, 4, 5, 11])
    stream = next(group for group in groups.values() if len(group.members) > 8)
    _, smaller = cut(whole, architecture, inputs, [Removal(stream, gone)])
    norms = dict.fromkeys(("1", "3.0.0.body.4", "3.1.0.body.4"), gone)
    assert torch.allclose(smaller(batch.inputs), silent(whole, norms, batch.inputs), atol=1e-5)


def test_flattened_channels_are_cut_with_their_pixels() -> None:
    whole, architecture, inputs, batch, groups = case("plain")
    gone = torch.tensor([0, 3, 9])
    _, smaller = cut(whole, architecture, inputs, [Removal(groups["3"], gone)])
    assert smaller.get_submodule("6.linear").in_features == 7 * 16
    assert torch.allclose(smaller(batch.inputs), silent(whole, {"3": gone}, batch.inputs), atol=1e-5)


def test_an_lstm_without_some_units_is_the_loop_over_the_others() -> None:
    whole, architecture, inputs, batch, groups = case("lstm")
    gone, kept = torch.tensor([2, 3, 7]), torch.tensor([0, 1, 4, 5, 6, 8, 9, 10])
    _, smaller = cut(whole, architecture, inputs, [Removal(groups["1"], gone)])
    w = {
        name.removeprefix("1.lstm."): t.double() for name, t in whole.state_dict().items() if name.startswith("1.lstm.")
    }
    x = whole.get_submodule("0")(batch.inputs["x"]).double()
    for row in range(4):
        h, c = torch.zeros(len(kept), dtype=torch.float64), torch.zeros(len(kept), dtype=torch.float64)
        for t in range(int(batch.masks["x"][row].sum())):
            gates = []
            for gate in range(4):
                rows = kept + gate * 11
                z = w["weight_ih_l0"][rows] @ x[row, t] + w["bias_ih_l0"][rows]
                gates.append(z + w["weight_hh_l0"][rows][:, kept] @ h + w["bias_hh_l0"][rows])
            i, f, g, o = gates
            c = f.sigmoid() * c + i.sigmoid() * g.tanh()
            h = o.sigmoid() * c.tanh()
        dense = {name: t.double() for name, t in whole.get_submodule("3.linear").named_parameters()}
        expected = dense["weight"][:, kept] @ h + dense["bias"]
        assert torch.allclose(smaller(batch.inputs, batch.masks)[row].double(), expected, atol=1e-5)


def test_both_directions_of_a_layer_lose_the_same_units() -> None:
    whole, architecture, inputs, batch, groups = case("stacked")
    smaller_architecture, smaller = cut(whole, architecture, inputs, [Removal(groups["1"], torch.tensor([0, 5]))])
    assert to_dict(smaller_architecture)["chain"][1] == {"lstm": {"dim": 5, "layers": 2, "bidirectional": True}}
    assert smaller.get_submodule("1.lstm").get_parameter("weight_ih_l1_reverse").shape == (20, 10)
    check(whole, smaller, [Removal(groups["1"], torch.tensor([0, 5]))], batch)


def test_a_wrong_cut_is_detected() -> None:
    whole, architecture, inputs, batch, groups = case("plain")
    _, smaller = cut(whole, architecture, inputs, [Removal(groups["0"], torch.tensor([1, 2]))])
    with pytest.raises(WeftnetError, match="does not compute what the original one does"):
        check(whole, smaller, [Removal(groups["0"], torch.tensor([3, 4]))], batch)


def test_a_reshape_that_hides_channels_is_left_alone() -> None:
    from compress_fakes import architecture as read

    from weftnet.architecture.signal import parse
    from weftnet.compose import build

    text = "[{conv2d: {channels: 6}}, image_rows, {dense: {dim: 5}}, tanh, global_average_pool1d, {dense: {dim: 2}}]"
    inputs, arch = {"x": parse("image:1x6x4")}, read(text)
    built = build(arch, {"network": inputs})["network"]
    assert isinstance(built, Network)
    batch = Batch({"x": torch.randn(3, 1, 6, 4)}, {}, {}, torch.arange(3))
    assert [group.name for group in prunable_groups(built, arch, inputs, batch)] == ["2"]


def test_importance_is_large_where_the_weights_are() -> None:
    whole, *_, groups = case("residual")
    group = groups["3.0.0.body.0"]
    state = {name: tensor.clone() for name, tensor in whole.state_dict().items()}
    for member in group.members:
        inner, side = member.place
        weight = state[f"{member.block}.{inner}.weight"]
        weight.index_fill_(1 if side == "in" else 0, torch.tensor([4]), 9.0)
        weight.index_fill_(1 if side == "in" else 0, torch.tensor([7]), 0.0)
    score = importance(group, state)
    assert (int(score.argmax()), int(score.argmin())) == (4, 7)
    assert float(score[7]) == 0
    assert float(score.mean()) == pytest.approx(1)


def test_repeats_are_written_out_at_the_same_paths() -> None:
    _, architecture, inputs, _ = network("residual")
    from weftnet.compose import resolve

    flat = unroll(architecture)
    before = [leaf.path for leaf in resolve(architecture.parts["network"], inputs, "network").leaves()]
    assert [leaf.path for leaf in resolve(flat.parts["network"], inputs, "network").leaves()] == before
    labelled = unroll(type(architecture).of(Repeat(2, Block("relu", label="squash"), label="twice")))
    assert labelled.parts["network"] == Chain((Block("relu"), Block("relu")), label="twice")


class Doubled(nn.Module):
    """y = 2 · (x · weightᵀ + bias), a block that is not ours."""

    resizable: ClassVar[Mapping[str, str]] = {"inner.out": "dim", "inner.in": "dim_in"}

    def __init__(self, dim_in: int, dim: int) -> None:
        super().__init__()
        self.inner = nn.Linear(dim_in, dim)

    def forward(self, x: Float[Tensor, "*batch dim_in"]) -> Float[Tensor, "*batch dim"]:
        y: Tensor = 2 * self.inner(x)
        return y


def test_a_plugins_block_that_says_what_can_change_is_pruned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(BLOCKS, "_entries", {**BLOCKS._entries, "doubled": Doubled})
    inputs = {"x": Signal(("dim",), (5,))}
    chain = Chain(
        (Block("doubled", {"dim": 9}), Block("relu"), Block("doubled", {"dim": 6}), Block("dense", {"dim": 2}))
    )
    architecture = Architecture.of(chain)
    torch.manual_seed(0)
    whole = build(architecture, {"network": inputs})["network"].eval()
    assert isinstance(whole, Network)
    batch = Batch({"x": torch.randn(4, 5)}, {}, None, torch.arange(4))
    groups = prunable_groups(whole, architecture, inputs, batch)
    assert {group.name: group.size for group in groups} == {"0": 9, "2": 6}
    smaller, network = cut(whole, architecture, inputs, thirds(groups))
    check(whole, network, thirds(groups), batch)
    body = smaller.parts["network"]
    assert isinstance(body, Chain)
    assert [node.settings["dim"] for node in body.nodes if isinstance(node, Block) and node.settings] == [6, 4, 2]
