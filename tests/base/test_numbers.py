import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weftnet.base.numbers import fixed, number, ticks_of
from weftnet.base.plain import plain


@given(st.floats(1e-3, 1e14), st.booleans())
def test_what_stands_before_the_point_is_never_shortened(value: float, negative: bool) -> None:
    value = -value if negative else value
    for text in (number(value), fixed(value, 4), fixed(value, 2)):
        assert re.fullmatch(r"-?(\d{1,4}|\d{1,3}(,\d{3})+)(\.\d+)?", text), text
        back = float(text.replace(",", ""))
        assert math.isclose(back, value, rel_tol=1e-3, abs_tol=0.51 if abs(value) >= 1000 else 0.006)


@pytest.mark.parametrize(
    ("value", "text"),
    [(250_000.0, "250,000"), (1_234_567.8, "1,234,568"), (9999, "9999"), (10_000, "10,000"), (-0.5, "-0.5"),
     (math.nan, "nan"), (math.inf, "inf"), (3.0e-7, "3e-07"), (2.5e17, "2.5e+17")],
)  # fmt: skip
def test_numbers(value: float, text: str) -> None:
    assert number(value) == text


def test_another_number_gets_as_many_digits() -> None:
    assert (fixed(123456.78, 4), fixed(1.23456, 4, like=123456.78)) == ("123,456.8", "1.2")
    assert fixed(math.nan, 2) == "nan"


@given(st.floats(-1e9, 1e9), st.sampled_from([1e-6, 0.025, 0.5, 2.0, 2.5e3, 1e6]), st.integers(1, 7))
def test_ticks_are_told_apart(first: float, step: float, count: int) -> None:
    first = round(first / step) * step
    values = [first + step * place for place in range(count)]
    texts = ticks_of(values)
    if abs(first) / step < 1e6:
        assert len(set(texts)) == count


def test_settings_have_no_braces() -> None:
    recipe = {"optimiser": {"adamw": {"decay": 0.05}}, "augment": ["crop", {"flip": {"vertical": True}}], "ema": None}
    assert plain(recipe) == "optimiser (adamw (decay 0.05)), augment (crop, flip (vertical yes)), ema none"
    assert plain({}) == plain([]) == "none"
    assert plain(list(range(20))).endswith("6, 7 … (20)")
