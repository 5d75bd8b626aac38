"""Values on the command line and in architecture files are what a person means: YAML 1.2, which JSON is part of."""

import json
import math

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from weftnet.base.plain_yaml import parse
from weftnet.cli._options import parsed, values_of

#: what JSON writes as one escape; beyond it are pairs of surrogates, which are JSON's alone
TEXTS = st.text(st.characters(max_codepoint=0xD7FF), max_size=20)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 1e-3), ("1E-3", 1e-3), ("1e30", 1e30), ("-2e5", -2e5), ("+1.5e+3", 1500.0), (".5", 0.5), ("3.", 3.0),
        ("1.e4", 1e4), ("12", 12), ("010", 10), ("0o10", 8), ("0x1F", 31), ("1_000", 1000), (".inf", math.inf),
        ("yes", "yes"), ("no", "no"), ("on", "on"), ("OFF", "OFF"), ("true", True), ("False", False), ("null", None),
        ("~", None), ("", None), ("1:30", "1:30"), ("2020-01-05", "2020-01-05"), ("1e", "1e"), ("e3", "e3"),
        ("[no, 1e-1, on]", ["no", 0.1, "on"]), ("{on: 1e2}", {"on": 100.0}), ("=", "="), ("none", "none"),
    ],
)  # fmt: skip
def test_a_value_is_what_it_looks_like(text: str, value: object) -> None:
    assert parse(text) == value
    assert type(parse(text)) is type(value)
    assert values_of([f"lr={text}"]) == {"lr": value}
    assert parsed(text, "--plan") == value


@given(VALUES)
@settings(deadline=None)
def test_what_json_writes_is_read_the_same(value: object) -> None:
    text = json.dumps(value)
    assert parse(text) == json.loads(text)


@given(st.floats(allow_nan=False, allow_infinity=False))
@settings(deadline=None)
def test_numbers_as_python_and_c_write_them(value: float) -> None:
    assert parse(repr(value)) == value
    assert parse(f"{value:.17e}") == parse(f"{value:.17E}") == value


@pytest.mark.parametrize("text", ["!!python/object:os.system x", "[&a 1, *a]", "{a: 1, a: 2}", "9" * 5000, "[" * 9000])
def test_what_is_refused(text: str) -> None:
    with pytest.raises(yaml.YAMLError):
        parse(text)
