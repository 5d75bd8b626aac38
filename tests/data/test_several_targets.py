"""Several target columns of a table: each as it would be alone, under its name."""

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from weftnet.answer.predict import without_target
from weftnet.compete.choosing import choose
from weftnet.data import KINDS, open_data
from weftnet.data.kinds.several import Several
from weftnet.errors import DataError, SettingError
from weftnet.train.augment import Augment

DRAW = np.random.default_rng(0)
TABLE: dict[str, Any] = {
    "size": DRAW.normal(4, 2, 60),
    "price": DRAW.normal(30, 9, 60),
    "weight": DRAW.normal(-2, 0.1, 60).tolist(),
    "colour": DRAW.choice(["red", "green", "blue"], 60).tolist(),
    "age": DRAW.normal(0, 1, 60),
}


def test_each_target_is_what_it_would_be_alone() -> None:
    targets = ["weight", "colour", "price"]
    together = open_data(TABLE, target=targets, splits={"by": "random"})
    (batch,) = together.batches("train", 99)
    assert list(batch.targets) == targets
    assert together.signals["table"].sizes == (2,), "no target is an input"
    for name in targets:
        table = {column: TABLE[column] for column in ("size", "age", name)}
        (alone,) = open_data(table, target=name, splits={"by": "random"}).batches("train", 99)
        assert torch.equal(batch.rows, alone.rows)
        assert batch.targets[name].dtype == alone.target.dtype
        assert torch.equal(batch.targets[name], alone.target), name
    with pytest.raises(DataError, match="several targets"):
        batch.target  # noqa: B018


def test_a_state_opens_them_again_and_asks_without_them() -> None:
    data = open_data(TABLE, target=["weight", "price"])
    again = open_data(TABLE, state=data.state())
    for split in ("train", "test"):
        (one,), (other,) = data.batches(split, 99), again.batches(split, 99)
        assert all(torch.equal(one.targets[name], other.targets[name]) for name in ("weight", "price"))
    rows = {name: TABLE[name][:3] for name in ("size", "colour", "age")}
    (question,) = open_data(rows, state=without_target(data.state())).batches("test", 9)
    assert not question.targets
    whole = next(data.batches("train", 1))
    asked = open_data(TABLE, state=without_target(data.state()))
    inputs = asked.encode({name: TABLE[name] for name in rows}).inputs["table"]
    assert torch.equal(inputs[whole.rows], whole.inputs["table"])


def test_one_in_a_list_is_one() -> None:
    one, other = open_data(TABLE, target=["price"]), open_data(TABLE, target="price")
    assert one.state() == other.state()


def test_what_can_not_be_several_targets() -> None:
    with pytest.raises(DataError, match=r"no column 'prize'(.|\n)*did you mean 'price'"):
        open_data(TABLE, target=["prize", "weight"])
    with pytest.raises(SettingError, match="a target is named twice"):
        open_data(TABLE, target=["price", "price"])
    gap = {**TABLE, "weight": [None, *TABLE["weight"][1:]]}
    with pytest.raises(DataError, match=r"the target is missing in 1 of 60 rows(.|\n)*"):
        open_data(gap, target=["price", "weight"])


def test_a_target_of_pictures_is_learnt_alone() -> None:
    pictures = [np.full((4, 4), k % 2, np.uint8) for k in range(60)]
    cells = np.empty(60, dtype=object)
    cells[:] = pictures
    kind = Several({"x": KINDS.get("number")().state(), "region": KINDS.get("mask")().state()})
    raw = np.stack([np.arange(60.0).astype(object), cells], 1)
    with pytest.raises(DataError, match="region: such a target is learnt alone"):
        kind.fit(raw)


def test_several_targets_are_not_blended() -> None:
    table = {"picture": list(DRAW.integers(0, 255, (60, 6, 6), np.uint8)), "a": TABLE["price"], "b": TABLE["age"]}
    data = open_data(table, target=["a", "b"], kinds={"picture": "image"})
    with pytest.raises(SettingError, match="mixup blends targets, and this one can't be blended"):
        Augment(["mixup"], data)
    Augment(["flip"], data)


def test_where_no_task_takes_them_the_error_names_the_target() -> None:
    assert choose(open_data(TABLE, target=["price", "weight"])).name == "multioutput_regression"
    mixed = open_data(TABLE, target=["price", "colour"])
    with pytest.raises(DataError, match=r"multioutput_regression: a target is no number: colour .category."):
        choose(mixed)


@given(
    numbers=st.lists(st.floats(-1e6, 1e6, width=32), min_size=2, max_size=8),
    data=st.data(),
)
def test_parts_are_the_encoded_columns(numbers: list[float], data: st.DataObject) -> None:
    """Whatever the kinds are, and bit for bit."""
    words = data.draw(st.lists(st.sampled_from("abc"), min_size=len(numbers), max_size=len(numbers)))
    raw = np.array([numbers, words, numbers], dtype=object).T
    names = {"x": "number", "word": "category", "z": "number"}
    kind = Several({name: KINDS.get(each)().state() for name, each in names.items()}).fit(raw)
    parts = kind.parts(kind.encode(raw))
    for place, (name, each) in enumerate(names.items()):
        expected = KINDS.get(each)().fit(raw[:, place]).encode(raw[:, place])
        assert parts[name].dtype == expected.dtype
        np.testing.assert_array_equal(parts[name], expected)
