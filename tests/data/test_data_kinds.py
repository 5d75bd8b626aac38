"""Kinds of column: values come back, states come back, and the numbers are scikit-learn's."""

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from weftnet.data import KINDS
from weftnet.data.kinds._kind import BadValue
from weftnet.data.kinds._spelling import spelling
from weftnet.data.kinds.category import Category
from weftnet.data.kinds.characters import Characters
from weftnet.data.kinds.image import Image
from weftnet.data.kinds.number import Number
from weftnet.data.kinds.series import Series
from weftnet.data.kinds.text import Text
from weftnet.data.kinds.vector import Vector
from weftnet.errors import DataError

RNG = np.random.default_rng(0)


@given(st.lists(st.floats(-1e6, 1e6) | st.none(), min_size=2, max_size=30))
@settings(max_examples=60, deadline=None)
def test_number_round_trip(values: list[float | None]) -> None:
    kind = Number().fit(values)
    back = kind.decode(kind.encode(values))
    expected = np.array([math.nan if value is None else value for value in values])
    np.testing.assert_allclose(back, expected, rtol=1e-5, atol=1e-5 * max(1.0, kind.std, abs(kind.mean)))
    assert np.isfinite(kind.features(values)).all()


def test_number_is_standard_scaler() -> None:
    values = RNG.normal(50, 9, 200)
    oracle = StandardScaler().fit(values[:, None])
    kind = Number().fit(values)
    np.testing.assert_allclose(kind.encode(values), oracle.transform(values[:, None])[:, 0], rtol=1e-5, atol=1e-6)


def test_number_missing_and_constant() -> None:
    kind = Number().fit(["1", "3", " NA ", None, "?"])
    assert (kind.mean, kind.std, kind.missing) == (2.0, 1.0, True)
    assert kind.features(["3", None]).tolist() == [[1.0, 0.0], [0.0, 1.0]]
    whole = Number().fit([1.0, 3.0])
    assert whole.features([None]).tolist() == [[0.0]]
    assert Number().fit([0.1] * 7).features([0.1, 5.0])[0].item() == pytest.approx(0, abs=1e-12)
    assert Number().fit([None, None]).features([4.0]).shape == (1, 2)


def test_number_bins_are_the_papers() -> None:
    values = RNG.exponential(size=400)
    kind = Number(bins=5).fit(values)
    edges = np.quantile(values, [0, 0.2, 0.4, 0.6, 0.8, 1])
    probe = [-1.0, *RNG.exponential(size=20), 30.0]
    expected = []
    for x in probe:  # equation 1, a bin at a time
        row = []
        for t in range(1, 6):
            if x < edges[t - 1] and t > 1:
                row.append(0.0)
            elif x >= edges[t] and t < 5:
                row.append(1.0)
            else:
                row.append((x - edges[t - 1]) / (edges[t] - edges[t - 1]))
        expected.append(row)
    np.testing.assert_allclose(kind.features(probe), expected, rtol=1e-5)


def test_a_column_of_zeros_has_bins_in_its_other_values() -> None:
    kind = Number(bins=4).fit([0] * 90 + [1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    assert kind.edges == [0, 1, 4, 7, 10]
    assert kind.features([0, 2.5, 10]).tolist() == [[0, 0, 0, 0], [1, 0.5, 0, 0], [1, 1, 1, 1]]


@given(
    st.lists(
        st.sampled_from(["1", " 2.5", "-3e2 ", "nan", "NA", "", "?"]) | st.floats(-9, 9).map(repr) | st.none(),
        min_size=1,
        max_size=9,
    )
)
@settings(max_examples=40, deadline=None)
def test_long_columns_read_as_short_ones(values: list[str | None]) -> None:
    several = values * (1000 // len(values) + 1)
    short = Number().fit(values)
    np.testing.assert_allclose(short.encode(several[:1000]), np.tile(short.encode(values), 1000)[:1000])
    long = short.encode(several)
    np.testing.assert_allclose(long[: len(values)], short.encode(values))


@pytest.mark.parametrize("length", [3, 2000])
def test_a_stray_word_is_named_by_its_row(length: int) -> None:
    values = np.array(["1"] * length, dtype=object)
    for word, text in (("twelve", "not a number"), ("1_000", "not a number"), ("inf", "infinite")):
        values[2] = word
        with pytest.raises(BadValue, match=text) as fault:
            Number().fit(values)
        assert fault.value.row == 2


def test_category_is_one_hot() -> None:
    values = np.array(list("bacabca"), dtype=object)
    kind = Category().fit(values)
    assert kind.labels == ["a", "b", "c"]
    oracle = OneHotEncoder(sparse_output=False).fit_transform(values[:, None])
    np.testing.assert_array_equal(kind.features(values)[:, :3], oracle)
    assert kind.features(["z", None]).tolist() == [[0, 0, 0, 1]] * 2
    assert kind.decode(kind.encode(["c", "z"])) == ["c", None]


def test_category_caps_rare_labels() -> None:
    values = ["a"] * 5 + ["b"] * 4 + ["c"] * 3 + ["d"]
    assert Category().fit(values).labels == ["a", "b", "c"]
    assert Category(most=2).fit(values).labels == ["a", "b"]
    assert Category(most=0, least=1).fit(values).labels == ["a", "b", "c", "d"]


def test_category_sorts_whole_numbers_by_value() -> None:
    assert Category(least=1).fit(["10", "9", "-1"]).labels == ["-1", "9", "10"]
    kind = Category(least=1).fit(np.array([10, 9, 9], np.uint8))
    assert kind.labels == [9, 10]
    assert kind.encode(["10", "9"]).tolist() == kind.encode(np.array([10, 9])).tolist() == [1, 0]
    assert Category(least=1).fit(np.array([2.0, np.nan, 1.0])).labels == [1, 2]


@given(st.lists(st.text(min_size=1) | st.none(), min_size=1))
@settings(max_examples=60, deadline=None)
def test_category_round_trip(values: list[str | None]) -> None:
    array = np.array(values, dtype=object)
    kind = Category(most=0, least=1).fit(array)
    assert Category.from_state(json.loads(json.dumps(kind.state()))).decode(kind.encode(array)) == [
        value and (spelling(value) or None) for value in values
    ]


def test_words() -> None:
    kind = Text(least=2).fit(["Don't panic!", "don't  PANIC, Arthur", None])
    assert kind.vocabulary == ["'", "don", "panic", "t"]
    assert kind.encode(["Panic now", None]).tolist() == [[4, 1] + [0] * (kind.time - 2), [1] + [0] * (kind.time - 1)]
    assert kind.decode(kind.encode(["Panic now"])) == ["panic \ufffd"]
    assert Text(least=1, most=1).fit(["b a a"]).vocabulary == ["a"]


def test_text_length_is_a_quantile_of_training() -> None:
    texts = ["x " * 5] * 99 + ["x " * 300]
    assert Text().fit(texts).time == 5
    assert Text().fit(["x " * 600] * 9).time == 512
    assert Text(length=7).fit(texts).encode(texts).shape == (100, 7)


@given(st.lists(st.text(min_size=1, max_size=20), min_size=1, max_size=9))
@settings(max_examples=60, deadline=None)
def test_characters_of_texts_round_trip(texts: list[str]) -> None:
    kind = Text(level="characters", least=1, length=20).fit(texts)
    assert Text.from_state(json.loads(json.dumps(kind.state()))).decode(kind.encode(texts)) == texts


@given(st.text(min_size=1), st.text())
@settings(max_examples=80, deadline=None)
def test_running_text_round_trip(text: str, other: str) -> None:
    kind = Characters().fit(text)
    assert kind.decode(kind.encode(text)) == text
    assert kind.vocabulary == "".join(sorted(set(text)))
    assert kind.decode(kind.encode(other)) == "".join(c if c in set(text) else "\ufffd" for c in other)


def test_several_running_texts_are_padded_to_the_longest() -> None:
    kind = Characters().fit("abc")
    codes = kind.encode(["ca", "b", "abxc"])
    padding, unknown = kind.encode(["a", "ab"])[0, 1], kind.tokens("x")[0]
    assert codes.tolist() == [[3, 1, padding, padding], [2, *[padding] * 3], [1, 2, unknown, 3]]
    assert padding not in (1, 2, 3, unknown)
    assert Characters().fit("").tokens("xyz").tolist() == [unknown] * 3
    with pytest.raises(BadValue, match="the text is empty"):
        kind.encode(["a", ""])


@pytest.mark.parametrize("range_", ["standard", "unit", "signed"])
@pytest.mark.parametrize("shape", [(7, 5, 6), (7, 5, 6, 3), (7, 3, 5, 6), (7, 1, 5, 6), (7, 2, 5, 4)])
def test_images_round_trip(shape: tuple[int, ...], range_: str) -> None:
    values = RNG.integers(3, 200, shape).astype(np.uint8)
    kind = Image(range=range_).fit(values)
    encoded = kind.encode(values)
    assert encoded.flags.c_contiguous
    np.testing.assert_array_equal(kind.decode(encoded), values)
    if range_ == "standard":
        np.testing.assert_allclose(encoded.mean((0, 2, 3)), 0, atol=1e-5)
        np.testing.assert_allclose(encoded.std((0, 2, 3)), 1, rtol=1e-5)
    else:
        assert encoded.min().item() == pytest.approx(0 if range_ == "unit" else -1)
        assert encoded.max().item() == pytest.approx(1)


def test_image_channels() -> None:
    values = RNG.normal(size=(5, 3, 8, 4))  # both ends could be channels: the last wins, a setting overrules
    assert Image().fit(values).sizes == [4, 3, 8]
    assert Image(channels="first").fit(values).sizes == [3, 8, 4]
    kind = Image(channels="first").fit(values)
    np.testing.assert_allclose(kind.decode(kind.encode(values)), values, atol=1e-6)
    with pytest.raises(DataError, match=r"looks like channels\n.*\n.*\n.*'channels': 'first'"):
        Image().fit(np.zeros((2, 8, 8, 8)))
    with pytest.raises(DataError, match=r"another size\n.*4×3×8.*\n.*4×3×9"):
        Image().fit(values).encode(np.zeros((1, 3, 9, 4)))


@pytest.mark.parametrize(("cls", "shape"), [(Vector, (300, 5)), (Series, (60, 7, 5))])
def test_arrays_are_standardised(cls: type[Vector] | type[Series], shape: tuple[int, ...]) -> None:
    values = RNG.normal(1e4, 3, shape) * np.array([1, 2, 0.1, 0, 9])
    kind = cls().fit(values)
    oracle = StandardScaler().fit_transform(values.reshape(-1, 5)).reshape(shape)
    np.testing.assert_allclose(kind.encode(values), oracle, atol=1e-4)
    np.testing.assert_allclose(kind.decode(kind.encode(values)), values, rtol=1e-6)
    with pytest.raises(DataError, match="another"):
        kind.encode(values[..., :4])
    values[3, ..., 1] = np.nan
    with pytest.raises(BadValue, match="not finite") as fault:
        cls().fit(values)
    assert fault.value.row == 3


def test_moments_do_not_depend_on_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    from weftnet.data.kinds import _moments

    values = RNG.normal(1e6, 1e-2, (101, 4, 3))
    monkeypatch.setattr(_moments, "_BLOCK", 30)
    mean, std = _moments.moments(values, axis=2)
    np.testing.assert_allclose(mean, values.mean((0, 1)), rtol=1e-14)
    np.testing.assert_allclose(std, values.std((0, 1)), rtol=1e-8)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("number", {"bins": 1}),
        ("number", {"bins": -2}),
        ("category", {"most": -1}),
        ("category", {"least": 0}),
        ("text", {"level": "bytes"}),
        ("text", {"most": 0}),
        ("characters", {"context": 0}),
        ("image", {"channels": "middle"}),
        ("image", {"range": "wide"}),
    ],
)
def test_settings_are_checked(name: str, arguments: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=f"{name}:.*expected"):
        KINDS.get(name)(**arguments)
