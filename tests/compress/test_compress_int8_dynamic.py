"""Which networks dynamic int8 is tried on."""

from pathlib import Path
from typing import Any, cast

import pytest

from weftnet.compress.methods import int8_dynamic
from weftnet.compress.methods.int8_dynamic import Int8Dynamic
from weftnet.compress.resources import NotApplicable

ALL = dict.fromkeys(("conv", "linear", "embedding", "attention", "LSTM", "GRU", "RNN"), False)


class Tried(Exception):
    """It goes on."""


@pytest.mark.parametrize(("families", "reason"), [
    ({"conv", "linear"}, "quantising the activations of every convolution"),
    ({"conv", "linear", "LSTM"}, ""),
    ({"conv", "embedding"}, ""),
    ({"conv", "linear", "attention"}, ""),
    ({"linear"}, ""),
    ({"LSTM"}, ""),
    ({"embedding", "GRU"}, ""),
    ({"GRU"}, "no dense, LSTM or embedding layer"),
    (set(), "no dense, LSTM or embedding layer"),
])  # fmt: skip
def test_what_it_is_tried_on(families: set[str], reason: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def went_on(loaded: Any) -> Any:
        raise Tried

    monkeypatch.setattr(int8_dynamic, "network_of", lambda loaded: (None, {}))
    monkeypatch.setattr(int8_dynamic, "layer_families", lambda network: ALL | dict.fromkeys(families, True))
    monkeypatch.setattr(int8_dynamic, "prepared", went_on)
    try:
        refused = Int8Dynamic.apply(cast(Any, None), cast(Any, None), Path("unused"))
    except Tried:
        assert not reason
    else:
        assert isinstance(refused, NotApplicable)
        assert reason
        assert refused.reason.startswith(reason)
