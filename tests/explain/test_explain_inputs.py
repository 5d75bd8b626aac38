"""What is shown of an input beside its attributions."""

import numpy as np
import pytest
import torch

from weftnet.architecture.signal import parse
from weftnet.data.kinds.vector import Vector
from weftnet.explain.inputs import view


def test_numbers_of_a_vector_are_shown_in_their_own_units() -> None:
    values = np.array([[170.0, 0.001], [180.0, 0.002], [190.0, 0.006]])
    column, signal = Vector().fit(values), parse("vector:2")
    encoded = torch.from_numpy(column.encode(values))
    assert view("size", signal, {"size": column}).display(encoded[2]).values == ["190", "0.006"]
    plain = [float(text) for text in view("size", signal, {}).display(encoded[2]).values]
    assert plain == pytest.approx(encoded[2].tolist(), rel=1e-3)  # without a column, as the network reads them
