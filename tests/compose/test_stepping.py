"""Networks step by step: every combinator carries the state, and what can't says which node and why."""

import pytest
import torch
from torch import Tensor

from weftnet.architecture.reading import read_text
from weftnet.architecture.signal import parse
from weftnet.compose import Network, build
from weftnet.errors import SettingError

TIME = 9
ABLE = {
    "chain": "- dense: {dim: 8}\n- sinusoidal_positions\n- gru: {dim: 5}\n- layer_norm",
    "residual": "- residual: {body: [{conv1d: {dim: 6, padding: causal, dilation: 2}}], shortcut: {dense: {dim: 6}}}",
    "parallel": "- parallel: {merge: concat, branches: [{lstm: {dim: 3, layers: 2}}, [], relu]}\n- batch_norm",
    "gate": "- parallel: {merge: gate, branches: [{rnn: {dim: 3}}, {conv1d: {dim: 3, padding: causal}}]}",
    "repeat": """
- dense: {dim: 6}
- repeat: {times: 2, body: {residual: [rms_norm, {multi_head_attention: {heads: 3, causal: true, rotary: true}}]}}
- repeat: {times: 2, body: {transformer_encoder_layer: {heads: 2, causal: true}}}
""",
    "graph in a chain": """
- learned_positions
- graph:
    inputs: [a]
    nodes:
      b: {from: a, lstm: {dim: 4}}
      c: {from: [a, b], merge: multiply, conv1d: {dim: 3, kernel: 4, padding: causal}}
      d: {from: [a, c], merge: concat}
    outputs: [d]
- gelu
""",
}


def network(yaml: str, **signals: str) -> Network:
    architecture, faults = read_text(yaml)
    assert architecture is not None, faults
    inputs = {name: parse(signal) for name, signal in signals.items()}
    built = build(architecture, {"network": inputs})["network"].double().eval()
    with torch.no_grad():
        for tensor in (*built.parameters(), *built.buffers()):
            if tensor.is_floating_point():
                tensor.uniform_(0.1, 1.0)
    assert isinstance(built, Network)
    return built


def by_steps(net: Network, x: Tensor, cuts: list[int]) -> Tensor:
    state, outputs = net.initial_state(len(x), x.shape[1]), []
    for start, stop in zip([0, *cuts], [*cuts, x.shape[1]], strict=True):
        y, state = net.step(x[:, start:stop], state)
        assert isinstance(y, Tensor)
        outputs.append(y)
    return torch.cat(outputs, 1)


@pytest.mark.parametrize("cuts", [[1, 2, 3, 4, 5, 6, 7, 8], [4, 5, 7], []], ids=str)
@pytest.mark.parametrize("name", ABLE)
def test_steps_equal_the_whole_pass(name: str, cuts: list[int]) -> None:
    net, x = network(ABLE[name], x=f"series:{TIME}x4"), torch.randn(3, TIME, 4, dtype=torch.float64)
    torch.testing.assert_close(by_steps(net, x, cuts), net(x), rtol=1e-10, atol=1e-10)


def test_several_inputs_and_outputs() -> None:
    net = network(
        """
graph:
  inputs: [words, tones]
  nodes:
    v: {from: words, embedding: {dim: 3}}
    h: {from: [v, tones], merge: concat, gru: {dim: 4}}
    y: {from: h, dense: {dim: 2}}
  outputs: [y, h]
""",
        words="tokens:6,vocabulary=7",
        tones="series:6x2",
    )
    values = {"words": torch.randint(7, (2, 6)), "tones": torch.randn(2, 6, 2, dtype=torch.float64)}
    whole, state = net(values), net.initial_state(2, 6)
    for t in range(6):
        y, state = net.step({name: value[:, t : t + 1] for name, value in values.items()}, state)
        for name in ("y", "h"):
            torch.testing.assert_close(y[name], whole[name][:, t : t + 1], rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize(
    ("yaml", "why"),
    [
        ("- dense: {dim: 4}\n- conv1d: {dim: 4}", "node 1: conv1d can't work step by step: .*padding='causal'"),
        ("- residual: [{lstm: {dim: 2, bidirectional: true}}]", "node 0.body.0: lstm .*bidirectional=False, got True"),
        ("- {name: look, multi_head_attention: {heads: 2}}", "node look: .*expected causal=True, got False"),
        ("- last_step", "node 0: last_step can't work step by step: it reads several steps at once"),
        ("- softmax\n- average_pool1d\n- flatten", "node 1: average_pool1d"),
    ],
)
def test_what_cannot_step_says_where_and_why(yaml: str, why: str) -> None:
    with pytest.raises(SettingError, match=why):
        network(yaml, x="series:8x4").initial_state(2, 8)


def test_no_steps_without_time_or_in_training() -> None:
    with pytest.raises(SettingError, match="input x: an input without time"):
        network("- dense: {dim: 4}", x="vector:4").initial_state(2, 8)
    net = network("- dropout\n- gru: {dim: 3}", x="series:8x4").train()
    with pytest.raises(SettingError, match="training mode"):
        net.step(torch.randn(2, 1, 4, dtype=torch.float64), net.initial_state(2, 8))
