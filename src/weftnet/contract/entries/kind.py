"""A kind of column: raw values ⇄ arrays, by statistics fitted once; see `weftnet.data.kinds`.

The contract tries it on its own `example() → (the kind, raw values)`, an attribute or a function beside it.
"""

import inspect
import json
from contextlib import suppress

import numpy as np

from weftnet.contract._check import Broken, Check, NotApplicable, checks, documented, expect
from weftnet.contract._kinds import KindCase
from weftnet.contract._places import CHECKS as PLACE_CHECKS
from weftnet.contract._wires import CHECKS as WIRE_CHECKS
from weftnet.data.kinds import KINDS, RawColumn
from weftnet.errors import DataError

#: fits that are compared: what depends on a hash differs in most of them
_TIMES = 4


def kind(name: str) -> list[Check]:
    """The checks of a kind."""
    functions = [
        _state, _refuses, _promises, _comes_back, _unseen, _repeats, _only_fit_learns, _rows_are_alone, _recognises,
        *WIRE_CHECKS, *PLACE_CHECKS, _documented,
    ]  # fmt: skip
    return checks(name, _case, functions)


def _case(name: str) -> KindCase:
    cls = KINDS.get(name)
    make = getattr(cls, "example", None) or getattr(inspect.getmodule(cls), "example", None)
    if make is None:
        fix = "write `example() → (the kind with its settings, raw values)` beside it; with a missing one if it has any"
        raise Broken("there is nothing to try it on", fix=fix)
    made, values = make()
    return KindCase(cls, made.fit(values), values)


def _state(case: KindCase) -> None:
    """Its state is JSON, and makes a kind that is equal and encodes alike."""
    state = case.kind.state()
    try:
        read = json.loads(json.dumps(state, allow_nan=False))
    except (TypeError, ValueError) as error:
        raise Broken("the state is no JSON", got=str(error), fix="keep lists, numbers and texts only") from None
    again = case.cls.from_state(read)
    expect(again == case.kind, "the kind of this state is another", fix="make it a dataclass; every field is its state")
    expect(again.state() == state, "the state of the restored kind is another")
    one, other = case.encode(case.kind, case.values), case.encode(again, case.values)
    expect(np.array_equal(one, other, equal_nan=one.dtype.kind == "f"), "the restored kind encodes otherwise")


def _refuses(case: KindCase) -> None:
    """The state of another kind, or one with a field too many, is refused as data."""
    state = json.loads(json.dumps(case.kind.state()))
    for wrong in ({**state, "extra": 1}, {**state, "kind": "other"}):
        try:
            case.cls.from_state(wrong)
        except DataError:
            continue
        raise Broken("a state that is not its own is taken", got=str(wrong), fix="use from_state of kinds/_kind.py")


def _promises(case: KindCase) -> None:
    """Encoded values have the shape and sort that its signal says."""
    encoded, signal = case.encode(case.kind, case.values), case.kind.signal
    if not isinstance(case.values, str):
        shape = signal.shape(len(case.values))
        expect(encoded.shape == shape, "the shape is another", expected=str(shape), got=str(encoded.shape))
    sort = {"f": "float", "i": "int", "u": "int", "b": "bool"}[encoded.dtype.kind]
    expect(sort == signal.dtype, "the dtype is another", expected=signal.dtype, got=str(encoded.dtype))


def _comes_back(case: KindCase) -> None:
    """What is decoded encodes to the same values again."""
    encoded = case.kind.encode(case.values)
    try:
        decoded = case.kind.decode(encoded)
    except DataError as reason:
        raise NotApplicable(str(reason)) from None
    again = case.kind.encode(decoded)
    expect(again.shape == encoded.shape, "the shape changes", expected=str(encoded.shape), got=str(again.shape))
    exact = encoded.dtype.kind != "f"
    close = np.array_equal(again, encoded) if exact else np.allclose(again, encoded, atol=1e-4, equal_nan=True)
    expect(close, "decoded and encoded again, the values are others")


def _unseen(case: KindCase) -> None:
    """Values that it was not fitted on are encoded to finite ones, or refused as data."""
    half = max(1, len(case.values) // 2)
    kind = case.fitted(case.values[:half])
    try:
        encoded = case.encode(kind, case.values[half:])
    except DataError:
        return
    expect(bool(np.isfinite(encoded).all()), "unseen values are not finite once they are encoded")
    if not isinstance(case.values, str):
        shape = kind.signal.shape(len(case.values) - half)
        expect(encoded.shape == shape, "unseen values change the shape", expected=str(shape), got=str(encoded.shape))


def _repeats(case: KindCase) -> None:
    """Fitted on the same values again, it has learnt the same."""
    states = [json.dumps(case.fitted().state()) for _ in range(_TIMES)]
    fix = "break ties by an order of their own, not by that of a set or a hash"
    expect(len(set(states)) == 1, "fitted again it has another state", fix=fix)


def _only_fit_learns(case: KindCase) -> None:
    """Encoding and decoding change nothing that it has learnt."""
    half = max(1, len(case.values) // 2)
    kind = case.fitted(case.values[:half])
    before = json.dumps(kind.state())
    with suppress(DataError):
        kind.decode(kind.encode(case.values[half:]))
    expect(json.dumps(kind.state()) == before, "encoding changes the state", fix="learn in `fit` alone")


def _rows_are_alone(case: KindCase) -> None:
    """A row is encoded the same alone as beside others."""
    if isinstance(case.values, str):
        raise NotApplicable("its values are one text")
    together = case.encode(case.kind, case.values)
    for row in range(len(case.values)):
        alone = case.encode(case.kind, case.values[row : row + 1])
        equal = np.array_equal(alone[0], together[row], equal_nan=alone.dtype.kind == "f")
        expect(equal, f"row {row} is encoded otherwise alone", fix="use what `fit` learnt, not the rows at hand")


def _recognises(case: KindCase) -> None:
    """How sure it is that a column is its own lies between 0 and 1, whatever the column holds."""
    own = case.values if isinstance(case.values, np.ndarray) else np.array([*case.values[:9], None], object)[:-1]
    columns = (own, np.arange(3.0), np.array(["a", None], object), np.zeros((2, 3, 4)), np.empty(0, object))
    for values in columns:
        for target in (False, True):
            try:
                sure = case.cls.recognises(RawColumn([values], target=target))
            except DataError:
                continue
            expect(0 <= sure <= 1, "how sure it is", expected="0 … 1", got=str(sure))


def _documented(case: KindCase) -> None:
    """It says what it is."""
    documented(case.cls)
