"""Few steps of a recurrent layer run and stand for all: what is counted is that of the whole loop."""

import pytest
from counting import kernels

from weftnet.architecture.reading import from_dict
from weftnet.architecture.signal import parse
from weftnet.compose import resolve
from weftnet.compose.flow import Resolved
from weftnet.cost import recurrence
from weftnet.cost.cost import cost

NETWORKS = {
    "gru": [{"gru": {"dim": 8}}],
    "rnn": [{"rnn": {"dim": 8, "nonlinearity": "relu"}}, "last_step"],
    "both ways": [{"gru": {"dim": 6, "layers": 2, "bidirectional": True, "dropout": 0.3}}, {"dense": {"dim": 5}}],
    "behind weights": [{"dense": {"dim": 9}}, {"rnn": {"dim": 64, "layers": 3}}, "global_average_pool1d"],
    "twice": [{"gru": {"dim": 7}}, "layer_norm", {"gru": {"dim": 40, "bidirectional": True}}, "last_step"],
}


def made(name: str, time: int, padded: str = "") -> Resolved:
    return resolve(from_dict(NETWORKS[name]).parts["network"], {"x": parse(f"series:{time}x4{padded}")})


@pytest.mark.parametrize("padded", ["", pytest.param(",padded", marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", NETWORKS)
def test_all_counts_are_those_of_the_whole_loop(name: str, padded: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls of each kernel, FLOPs, saved bytes and the peak; one example runs in evaluation."""
    cases = [(made(name, time, padded), batch) for time, batch in ((7, 3), (8, 3), (9, 1), (12, 130))]
    few = [cost(network, batch) for network, batch in cases]
    monkeypatch.setattr(recurrence, "EDGE", 1000)
    for got, (network, batch) in zip(few, cases, strict=True):
        assert got == cost(network, batch)


def test_a_long_sequence_takes_no_more_kernels_than_a_short_one() -> None:
    short, long = (kernels(lambda n=n: cost(made("gru", n), 4)).count for n in (20, 2_000))
    assert 0 < long < 1.2 * short  # what is remembered of a kernel is another one
