"""Targets alone, without the inputs beside them."""

from typing import Any

import numpy as np
import pytest
import torch

from weftnet.data import open_data
from weftnet.errors import DataError

RNG = np.random.default_rng(0)
SERIES = {"a": [float(k) for k in range(60)]}


@pytest.mark.parametrize(("source", "options"), [("digits", {}), (SERIES, {"context": 4, "horizon": 2})])
def test_they_are_those_of_the_batches(source: Any, options: dict[str, Any]) -> None:
    data = open_data(source, **options)
    wanted = torch.cat([batch.target for batch in data.batches("train", 7)])
    assert torch.equal(torch.cat(list(data.targets("train", 11))), wanted)


def test_where_there_is_none() -> None:
    with pytest.raises(DataError, match="no target"):
        list(open_data({"x": RNG.normal(size=(20, 3))}).targets("train", 4))
