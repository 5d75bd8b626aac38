import pytest
import torch
from counting import kernels
from torch import nn

from weftnet.architecture.signal import parse
from weftnet.architecture.spec import Block, Chain
from weftnet.compose import resolve
from weftnet.compose.one_step import OneStep


@pytest.mark.parametrize("cls", [nn.LSTM, nn.GRU, nn.RNN])
@pytest.mark.parametrize("batch_first", [True, False])
@pytest.mark.parametrize("bidirectional", [True, False])
def test_shapes_are_those_of_the_whole_run(cls: type[nn.Module], batch_first: bool, bidirectional: bool) -> None:
    module = cls(3, 5, num_layers=2, batch_first=batch_first, bidirectional=bidirectional)
    y, state = module(torch.randn(2, 7, 3))
    with OneStep():
        short, short_state = module.to("meta")(torch.empty(2, 7, 3, device="meta"))
    assert short.shape == y.shape
    whole = state if isinstance(state, tuple) else (state,)
    ours = short_state if isinstance(short_state, tuple) else (short_state,)
    assert [s.shape for s in ours] == [s.shape for s in whole]


def test_values_are_left_alone() -> None:
    module, x = nn.GRU(3, 5, batch_first=True), torch.randn(2, 7, 3)
    with OneStep():
        inside = module(x)[0]
    assert torch.equal(inside, module(x)[0])


def test_a_long_sequence_takes_no_more_kernels_than_a_short_one() -> None:
    node = Chain((Block("lstm", {"dim": 8, "layers": 2, "bidirectional": True}),))
    short, long = (kernels(lambda n=n: resolve(node, {"x": parse(f"series:{n}x4,padded")})).count for n in (4, 4000))
    assert 0 < long == short
