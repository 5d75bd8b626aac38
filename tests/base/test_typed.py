"""The validator of JSON files: dataclasses by their annotations, and the exact place of the first fault."""

import math
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

import pytest

from weftnet.base.typed import Measured, misfit, read
from weftnet.errors import DamagedCheckpoint


@dataclass(frozen=True)
class Inner:
    name: Literal["a", "b"]
    share: float = 0.5

    def __post_init__(self) -> None:
        if self.share > 1:
            raise ValueError("the share is above 1")


@dataclass(frozen=True)
class Closed:
    closed: ClassVar[bool] = True

    on: bool = False


@dataclass(frozen=True)
class Outer:
    count: int
    inner: Inner
    maybe: Inner | None = None
    rows: tuple[Inner, ...] = ()
    by_name: dict[str, dict[str, Measured]] = field(default_factory=dict)
    parts: dict[str, Inner] = field(default_factory=dict)
    pair: tuple[int, str] | None = None
    anything: dict[str, Any] = field(default_factory=dict)
    closed: Closed = field(default_factory=Closed)


GOOD: dict[str, Any] = {"count": 3, "inner": {"name": "a"}}


def test_everything_is_read() -> None:
    document = GOOD | {
        "maybe": {"name": "b", "share": 1}, "rows": [{"name": "a"}, {"name": "b"}],
        "by_name": {"test": {"loss": math.inf, "score": 2}}, "parts": {"x": {"name": "a"}}, "pair": [1, "x"],
        "anything": {"a": [1, {}]}, "closed": {"on": True}, "of a later version": 7,
    }  # fmt: skip
    record = read(Outer, document, "file")
    assert record.maybe == Inner("b", 1)
    assert record.rows == (Inner("a"), Inner("b"))
    assert record.by_name == {"test": {"loss": math.inf, "score": 2}}
    assert record.parts == {"x": Inner("a")}
    assert (record.closed, record.anything) == (Closed(True), {"a": [1, {}]})
    assert read(Outer, GOOD, "file") == Outer(3, Inner("a"))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"count": True}, "the field 'count' is wrong\n  expected: a whole number\n  got: True"),
        ({"count": 2**70}, "the field 'count' is wrong\n  expected: a whole number\n  got: a huge number"),
        ({"inner": []}, "the field 'inner' is wrong\n  expected: a mapping\n  got: a list of 0"),
        ({"inner": {}}, "the field 'inner: name' is wrong\n  expected: 'a' or 'b'\n  got: nothing"),
        ({"inner": {"name": "c"}}, "the field 'inner: name' is wrong\n  expected: 'a' or 'b'\n  got: 'c'"),
        (
            {"inner": {"name": "a", "share": math.nan}},
            "'inner: share' is wrong\n  expected: a finite number",
        ),
        ({"inner": {"name": "a", "share": 2}}, "the field 'inner' is wrong\n  got: the share is above 1"),
        ({"maybe": 3}, "the field 'maybe' is wrong\n  expected: a mapping\n  got: 3"),
        ({"rows": {}}, "the field 'rows' is wrong\n  expected: a list\n  got: a dict of 0"),
        (
            {"rows": [{"name": "a"}, {"name": 1}]},
            "the field 'rows: 2: name' is wrong\n  expected: 'a' or 'b'",
        ),
        (
            {"by_name": {"test": {"loss": "x"}}},
            "'by_name: test: loss' is wrong\n  expected: a finite number",
        ),
        ({"by_name": {"t" * 999: 3}}, f"the field 'by_name: {'t' * 60}' is wrong\n  expected: a mapping"),
        ({"parts": {"x": {"name": None}}}, "the field 'parts: x: name' is wrong\n  expected: 'a' or 'b'\n  got: None"),
        ({"pair": [1]}, "the field 'pair' is wrong\n  expected: a list of 2"),
        ({"closed": {"off": 1}}, "the field 'closed' is wrong\n  expected: on\n  got: no field is called 'off'"),
    ],
)
def test_the_first_fault_is_named_with_its_place(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(DamagedCheckpoint) as caught:
        read(Outer, GOOD | changes, "file")
    assert message in str(caught.value)
    assert str(caught.value).startswith("file: ")


def test_what_is_missing_and_what_is_no_mapping() -> None:
    with pytest.raises(DamagedCheckpoint, match="'count' is wrong\n  expected: a whole number\n  got: nothing"):
        read(Outer, {}, "file")
    with pytest.raises(DamagedCheckpoint, match="the field 'inner' is wrong\n  expected: a mapping\n  got: nothing"):
        read(Outer, {"count": 1}, "file")
    with pytest.raises(DamagedCheckpoint, match="file: is not what was written\n  expected: a mapping\n  got: 'x'"):
        read(Outer, "x", "file")


def test_measured_numbers_may_be_anything_but_other_types() -> None:
    assert misfit(math.nan, Measured) == misfit(-math.inf, Measured) == misfit(3, Measured) == ""
    assert misfit(True, Measured) == misfit("1", Measured) == "a finite number"
