"""rnn, lstm and gru against loops over the formulas."""

import re
from collections.abc import Callable

import pytest
import torch
from oracles import exports, functional, gradients_match, padding_neutral, randomise, same, unchecked
from torch import Tensor, nn
from torch.func import functional_call

from weftnet.blocks.recurrent.gru import Gru
from weftnet.blocks.recurrent.lstm import Lstm
from weftnet.blocks.recurrent.rnn import Rnn

BLOCKS = [Rnn, Gru, Lstm]
CASES = [(1, False), (3, False), (1, True), (2, True)]


def rnn_cell(x: Tensor, h: Tensor, c: Tensor, w: Tensor, u: Tensor, b: Tensor, d: Tensor) -> tuple[Tensor, Tensor]:
    return torch.tanh(x @ w.T + b + h @ u.T + d), c


def gru_cell(x: Tensor, h: Tensor, c: Tensor, w: Tensor, u: Tensor, b: Tensor, d: Tensor) -> tuple[Tensor, Tensor]:
    dim = h.shape[1]
    from_x, from_h = x @ w.T + b, h @ u.T + d
    r = torch.sigmoid(from_x[:, :dim] + from_h[:, :dim])
    z = torch.sigmoid(from_x[:, dim : 2 * dim] + from_h[:, dim : 2 * dim])
    n = torch.tanh(from_x[:, 2 * dim :] + r * from_h[:, 2 * dim :])
    return (1 - z) * n + z * h, c


def lstm_cell(x: Tensor, h: Tensor, c: Tensor, w: Tensor, u: Tensor, b: Tensor, d: Tensor) -> tuple[Tensor, Tensor]:
    dim = h.shape[1]
    gates = x @ w.T + b + h @ u.T + d
    i = torch.sigmoid(gates[:, :dim])
    f = torch.sigmoid(gates[:, dim : 2 * dim])
    g = torch.tanh(gates[:, 2 * dim : 3 * dim])
    o = torch.sigmoid(gates[:, 3 * dim :])
    c = f * c + i * g
    return o * torch.tanh(c), c


CELLS: dict[type, Callable[..., tuple[Tensor, Tensor]]] = {Rnn: rnn_cell, Gru: gru_cell, Lstm: lstm_cell}


def loop(block: nn.Module, x: Tensor, *weights: Tensor, state: Tensor) -> Tensor:
    """Outputs (batch, time, …) and last states (batch, cells, dim), put into one row per example."""
    hidden, cell = state.chunk(2, dim=1) if isinstance(block, Lstm) else (state, state)
    hiddens, cells = [], []
    for layer in range(block.layers):
        ways = []
        for way in range(block.directions):
            index = layer * block.directions + way
            h, c = hidden[:, index], cell[:, index]
            outputs = []
            for t in reversed(range(x.shape[1])) if way else range(x.shape[1]):
                h, c = CELLS[type(block)](x[:, t], h, c, *weights[4 * index : 4 * index + 4])
                outputs.append(h)
            ways.append(torch.stack(outputs[::-1] if way else outputs, dim=1))
            hiddens.append(h)
            cells.append(c)
        x = torch.cat(ways, dim=2)
    last = torch.stack(hiddens + cells if isinstance(block, Lstm) else hiddens, dim=1)
    return torch.cat((x.flatten(1), last.flatten(1)), dim=1)


def start(block: nn.Module, batch: int) -> Tensor:
    cells = block.layers * block.directions * (2 if isinstance(block, Lstm) else 1)
    return torch.randn(batch, cells, block.dim, dtype=torch.float64)


@pytest.mark.parametrize("padded", [False, True])
@pytest.mark.parametrize(("layers", "bidirectional"), CASES)
@pytest.mark.parametrize("kind", BLOCKS)
def test_equals_the_loop(kind: type, layers: int, bidirectional: bool, padded: bool) -> None:
    block = kind(3, 4, layers=layers, bidirectional=bidirectional)
    _, weights = functional(block)
    names = [name for name, _ in block.named_parameters()]
    mask = torch.ones(2, 5, dtype=torch.bool) if padded else None

    class Both(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.block = block

        def forward(self, x: Tensor, state: Tensor) -> Tensor:
            y, last = self.block.run(x, mask, state)
            return torch.cat((y.flatten(1), last.flatten(1)), dim=1)

    both = Both()

    def mine(x: Tensor, state: Tensor, *values: Tensor) -> Tensor:
        named = {f"block.{name}": value for name, value in zip(names, values, strict=True)}
        return functional_call(both, named, (x, state))

    def oracle(x: Tensor, state: Tensor, *values: Tensor) -> Tensor:
        return loop(block, x, *values, state=state)

    gradients_match(mine, oracle, [torch.randn(2, 5, 3, dtype=torch.float64), start(block, 2), *weights])


@pytest.mark.parametrize(("layers", "bidirectional"), CASES)
@pytest.mark.parametrize("kind", BLOCKS)
def test_padding_changes_nothing(kind: type, layers: int, bidirectional: bool) -> None:
    block = randomise(kind(3, 4, layers=layers, bidirectional=bidirectional))
    x = torch.randn(3, 7, 3, dtype=torch.float64)
    padding_neutral(block, x, [7, 2, 5], lambda steps: steps)


@pytest.mark.parametrize(("layers", "bidirectional"), CASES)
@pytest.mark.parametrize("kind", BLOCKS)
def test_last_state_is_that_of_the_last_real_step(kind: type, layers: int, bidirectional: bool) -> None:
    block = randomise(kind(3, 4, layers=layers, bidirectional=bidirectional))
    x, first = torch.randn(3, 6, 3, dtype=torch.float64), start(block, 3)
    lengths = [6, 1, 4]
    mask = torch.arange(6) < torch.tensor(lengths).unsqueeze(1)
    _, last = block.run(x, mask, first)
    for row, length in enumerate(lengths):
        _, alone = block.run(x[row : row + 1, :length], None, first[row : row + 1])
        same(last[row : row + 1], alone)


@pytest.mark.parametrize("kind", BLOCKS)
def test_a_sequence_of_padding_keeps_its_state(kind: type) -> None:
    block = randomise(kind(3, 4, layers=2, bidirectional=True))
    first = start(block, 2)
    mask = torch.tensor([[False] * 5, [True] * 5])
    y, last = block.run(torch.randn(2, 5, 3, dtype=torch.float64), mask, first)
    same(last[0], first[0])
    assert not y[0].any()


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("kind", BLOCKS)
def test_padding_is_exact_in_low_precision(kind: type, dtype: torch.dtype) -> None:
    block = kind(3, 4).to(dtype)
    x = torch.randn(2, 300, 3, dtype=dtype)
    mask = torch.arange(300) < torch.tensor([[300], [5]])
    _, last = block.run(x, mask)
    _, alone = block.run(x[1:, :5])
    same(last[1:], alone, 1e-6 if dtype is torch.float32 else 1e-2)


@pytest.mark.parametrize("kind", BLOCKS)
def test_step_by_step_equals_at_once(kind: type) -> None:
    block = randomise(kind(3, 4, layers=2))
    x = torch.randn(2, 5, 3, dtype=torch.float64)
    y, last = block.run(x)
    state = block.initial_state(2, 5)
    for t in range(5):
        y_t, state = block.step(x[:, t : t + 1], state)
        same(y_t, y[:, t : t + 1])
    same(state, last)


def test_relu_equals_torch() -> None:
    block = randomise(Rnn(3, 4, layers=2, bidirectional=True, nonlinearity="relu"))
    oracle = nn.RNN(3, 4, 2, nonlinearity="relu", batch_first=True, bidirectional=True).double()
    oracle.load_state_dict(block.rnn.state_dict())
    x = torch.randn(2, 5, 3, dtype=torch.float64)
    same(block(x), oracle(x)[0])
    same(block(x, torch.ones(2, 5, dtype=torch.bool)), oracle(x)[0])


@pytest.mark.parametrize("kind", BLOCKS)
def test_dropout_acts_between_layers_in_training_only(kind: type) -> None:
    block = randomise(kind(3, 4, layers=2, dropout=0.9))
    x, mask = torch.randn(2, 5, 3, dtype=torch.float64), torch.ones(2, 5, dtype=torch.bool)
    assert not torch.equal(block(x, mask), block(x, mask))
    block.eval()
    same(block(x, mask), block(x))


# torch's own recurrent modules list their parameters a second time, which its exporter reports and then undoes.
@pytest.mark.filterwarnings("ignore:The tensor attributes self")
@pytest.mark.parametrize("kind", BLOCKS)
def test_exports(kind: type) -> None:
    x, mask = torch.randn(2, 5, 3), torch.arange(5) < torch.tensor([[5], [3]])
    for inputs in ((x,), (x, mask)):
        exports(kind(3, 4, layers=2, bidirectional=True), *inputs)


@pytest.mark.filterwarnings("ignore:The tensor attributes self")
@pytest.mark.parametrize("kind", BLOCKS)
def test_exports_for_any_batch(kind: type) -> None:
    block = kind(3, 4, layers=2, bidirectional=True).eval()
    x, mask = torch.randn(3, 5, 3), torch.arange(5) < torch.tensor([[5], [3], [1]])
    batch = {0: torch.export.Dim("batch", min=2, max=64)}
    with unchecked():
        exported = torch.export.export(block, (x, mask), dynamic_shapes=(batch, batch)).module()
    same(exported(x[:2], mask[:2]), block(x[:2], mask[:2]))


@pytest.mark.parametrize("kind", BLOCKS)
def test_runs_on_meta(kind: type) -> None:
    with torch.device("meta"):
        block = kind(3, 4, layers=2, bidirectional=True)
        assert block(torch.randn(2, 5, 3), torch.ones(2, 5, dtype=torch.bool)).shape == (2, 5, 8)


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"dim": 0}, "{}: dim: expected a positive integer, got 0"),
        ({"dim": 4, "layers": 0}, "{}: layers: expected a positive integer, got 0"),
        ({"dim": 4, "layers": 2, "dropout": 1.0}, "{}: dropout: expected a rate from 0 to below 1, got 1.0"),
        ({"dim": 4, "dropout": 0.5}, "{}: dropout: expected 0 with one layer, since it acts between layers, got 0.5"),
    ],
)
@pytest.mark.parametrize("kind", BLOCKS)
def test_settings_are_checked(kind: type, settings: dict[str, float], text: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(text.format(kind.__name__.lower()))}$"):
        kind(3, **settings)


@pytest.mark.parametrize("kind", BLOCKS)
def test_no_step_backwards(kind: type) -> None:
    with pytest.raises(ValueError, match="step: expected bidirectional=False, got True"):
        kind(3, 4, bidirectional=True).initial_state(2, 5)


def test_nonlinearity_is_checked() -> None:
    with unchecked(), pytest.raises(ValueError, match="rnn: nonlinearity: expected tanh or relu, got sine"):
        Rnn(3, 4, nonlinearity="sine")
