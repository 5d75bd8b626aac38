"""Raw values in words."""

from typing import Any

import numpy as np
import pytest

from weftnet.data.kinds._words import words


@pytest.mark.parametrize(("value", "text"), [
    ("red", "red"), (3, "3"), (0.12345678, "0.123457"), (1e9, "1e+09"),
    (["b", "a"], "b, a"), ([1.5, 2], "1.5, 2"), (np.arange(8.0), "0, 1, 2, 3, 4, 5, 6, 7"),
    (np.arange(10.0).reshape(2, 5), "0, 1, 2, 3, 4, 5, 6, 7 …"), (["x"] * 9, ", ".join(["x"] * 9)), ((), ""),
])  # fmt: skip
def test_a_value_in_words(value: Any, text: str) -> None:
    assert words(value).text == text
