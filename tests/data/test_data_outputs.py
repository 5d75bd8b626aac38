"""One of several outputs."""

import pytest
import torch

from weftnet.data.outputs import chosen, finite
from weftnet.errors import SettingError

Y, Z = torch.tensor([1.0]), torch.tensor([2.0])


def test_the_named_output_or_the_first_is_chosen() -> None:
    assert chosen(Y) is chosen(Y, "z") is Y
    assert chosen({"y": Y, "z": Z}) is Y
    assert chosen({"y": Y, "z": Z}, "z") is Z
    with pytest.raises(SettingError, match="there is no output 'x'\n  expected: y, z"):
        chosen({"y": Y, "z": Z}, "x")


def test_every_number_of_every_output_counts() -> None:
    assert finite(Y)
    assert finite({"y": Y, "z": Z})
    for bad in (torch.nan, torch.inf):
        assert not finite(torch.tensor([bad, 1.0]))
        assert not finite({"y": Y, "z": torch.tensor([1.0, bad])})
