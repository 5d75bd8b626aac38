"""A network in two: the halves give what the whole gives, step by step too, with the same weights."""

from typing import Any

import pytest
import torch
from torch import Tensor

from weftnet.architecture.reading import from_dict
from weftnet.architecture.signal import parse
from weftnet.compose import build
from weftnet.compose.dividing import divided
from weftnet.compose.remembered import tensors, with_tensors
from weftnet.errors import SettingError
from weftnet.zoo import ZOO

B, S, T = 3, 9, 7
READS = {"tokens": parse(f"tokens:{S},vocabulary=11"), "target": parse(f"tokens:{T},vocabulary=11")}
REAL = torch.arange(S) < torch.tensor([[9], [4], [7]])
CASES: list[tuple[str, dict[str, Any]]] = [
    ("transformer", {"dim": 16, "depth": 2, "heads": 4, "hidden": 24, "tie": "all"}),
    ("transformer", {"dim": 16, "depth": 2, "heads": 4, "hidden": 24, "norm_first": True, "tie": "none"}),
    ("gru_encoder_decoder", {"words": 6, "dim": 10, "hidden": 7}),
    ("attention_encoder_decoder", {"words": 6, "dim": 10, "hidden": 7}),
    ("attention_encoder_decoder", {"words": 6, "dim": 10, "hidden": 7, "attention": "general"}),
]


def made(name: str, settings: dict[str, Any]) -> tuple[Any, dict[str, Tensor]]:
    network: Any = build(ZOO.get(name)(**settings), {"network": READS})["network"].double().eval()
    torch.manual_seed(0)
    return network, {name: torch.randint(11, (B, n)) for name, n in (("tokens", S), ("target", T))}


@pytest.mark.parametrize(("name", "settings"), CASES, ids=str)
def test_the_halves_and_their_steps_give_what_the_whole_gives(name: str, settings: dict[str, Any]) -> None:
    network, given = made(name, settings)
    encoder, decoder = divided(network, "target")
    whole = network(given, {"tokens": REAL, "target": torch.ones(B, T, dtype=torch.bool)})
    between = encoder({"tokens": given["tokens"]}, {"tokens": REAL})
    between = between if isinstance(between, dict) else {next(iter(decoder.whole)): between}
    masks = {name: REAL for name, signal in decoder.inputs.items() if signal.padded and name != "target"}
    masks |= {name: REAL for name, values in between.items() if values.dim() == 3}
    late = decoder({"target": given["target"], **between}, masks)
    torch.testing.assert_close(late, whole, rtol=1e-10, atol=1e-12)
    state, pieces = decoder.initial_state(B, T), []
    for start, stop in ((0, 2), (2, 3), (3, 7)):
        y, state = decoder.step({"target": given["target"][:, start:stop], **between}, state, masks)
        state = with_tensors(state, tensors(state))
        pieces.append(y)
    torch.testing.assert_close(torch.cat(pieces, 1), whole, rtol=1e-10, atol=1e-12)


def test_what_is_made_of_the_source_alone_is_made_once() -> None:
    """Keys and values of every layer are among what goes between, and no module of the decoder reads the source."""
    network, _ = made(*CASES[0])
    encoder, decoder = divided(network, "target")
    assert list(encoder.inputs) == ["tokens"]
    assert decoder.whole == {"keys_0", "values_0", "keys_1", "values_1"}
    ours = {id(each) for part in (encoder, decoder) for each in part.parameters()}
    assert ours == {id(each) for each in network.parameters()}
    assert any(each is network.words.table.weight for each in decoder.parameters())


def test_a_block_that_reads_growing_values_beside_its_steps_is_refused() -> None:
    nodes = {
        "words": {"embedding": {"dim": 8}, "from": "target"},
        "layer": {"transformer_memory_layer": {"heads": 2}, "from": {"x": "words", "keys": "words", "values": "words"}},
    }
    graph = {"graph": {"inputs": ["target"], "nodes": nodes, "outputs": ["layer"]}}
    network: Any = build(from_dict(graph), {"network": {"target": READS["target"]}})["network"]
    with pytest.raises(SettingError, match="keys, values would have to be whole before the first step"):
        network.initial_state(B, T)


@pytest.mark.parametrize(
    ("nodes", "outputs", "said"),
    [
        ({"a": {"embedding": {"dim": 4}, "from": "tokens"}, "b": {"embedding": {"dim": 4}, "from": "target"}},
         ["a", "b"], "an output doesn't depend on target"),
        ({"a": {"embedding": {"dim": 4}, "from": "target"}}, ["a"], "the network can't be divided"),
    ],
)  # fmt: skip
def test_what_can_t_be_divided(nodes: dict[str, Any], outputs: list[str], said: str) -> None:
    inputs = ["tokens", "target"] if len(outputs) > 1 else ["target"]
    graph = {"graph": {"inputs": inputs, "nodes": nodes, "outputs": outputs}}
    network: Any = build(from_dict(graph), {"network": {name: READS[name] for name in inputs}})["network"]
    with pytest.raises(SettingError, match=said):
        divided(network, "target")
