"""Subwords come back exactly and are learnt from training rows alone; labels are scikit-learn's indicator matrix."""

import json
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.preprocessing import MultiLabelBinarizer

from weftnet.base import extras
from weftnet.compete.propose import propose
from weftnet.compose import build
from weftnet.data import open_data
from weftnet.data.kinds._kind import BadValue
from weftnet.data.kinds.labels import Labels
from weftnet.data.kinds.subwords import Subwords
from weftnet.data.preprocessing import Preprocessing
from weftnet.errors import DataError, MissingExtra
from weftnet.tasks import TASKS
from weftnet.tasks._assemble import assemble

TEXTS = ["the cat sat on the mat", "the cats sat there", "a mat, the mat!", "sitting cat, Ünïcode 🙂"] * 3
FITTED = Subwords(most=300, length=400).fit(TEXTS)


@given(st.lists(st.text(max_size=30), min_size=1, max_size=5))
@settings(max_examples=100, deadline=None)
def test_every_text_comes_back(texts: list[str]) -> None:
    assert FITTED.decode(FITTED.encode(texts)) == texts


def test_the_state_is_enough_and_order_does_not_matter() -> None:
    state = json.loads(json.dumps(FITTED.state()))
    again = Subwords.from_state(state)
    assert again == FITTED
    np.testing.assert_array_equal(again.encode(TEXTS), FITTED.encode(TEXTS))
    assert Subwords(most=300, length=400).fit(TEXTS[::-1]) == FITTED


def test_merges_are_byte_pair_encoding() -> None:
    """Against the algorithm written out: the most frequent pair of neighbours within words, again and again."""
    kind = Subwords(most=256 + 4).fit(["aab aab aab ab"] * 2)
    words = {"aab": 2, "Ġaab": 4, "Ġab": 2}
    pieces = {word: list(word) for word in words}
    for merge in kind.merges:
        counts: dict[tuple[str, str], int] = {}
        for word, parts in pieces.items():
            for pair in pairwise(parts):
                counts[pair] = counts.get(pair, 0) + words[word]
        assert counts[merge[0], merge[1]] == max(counts.values())
        for word, parts in pieces.items():
            joined: list[str] = []
            for part in parts:
                fits = joined and [joined[-1], part] == merge
                joined[-1:] = [joined[-1] + part] if fits else [*joined[-1:], part]
            pieces[word] = joined
    codes = kind.encode(["aab ab"])[0]
    assert [kind.vocabulary[code - 2] for code in codes if code] == pieces["aab"] + pieces["Ġab"]


def test_padding_mask_and_length() -> None:
    kind = Subwords(most=300, length=5).fit(TEXTS)
    codes = kind.encode(["", "the cat sat on the mat and on", None])
    assert codes.tolist()[0] == codes.tolist()[2] == [1, 0, 0, 0, 0]
    assert (codes[1] > 1).all()
    assert kind.decode(codes)[0] == ""
    short = Subwords(most=300).fit(["ab"] * 99 + ["ab " * 300])
    assert short.time < 5


def test_padding_is_neutral() -> None:
    """A row's outputs are the same alone, trimmed, and beside a longer one, for every network proposed."""
    columns = {"words": TEXTS * 3, "label": ["a", "b", "c", "a"] * 9}
    data = open_data(columns, target="label", kinds={"words": {"subwords": {"most": 280, "length": 40}}})
    task = TASKS.get("classification").from_data(data)
    short, long = ["the cat"], ["the cat", "a mat, the mat! sitting on mats there, " * 2]
    for candidate in propose(data.signals, "classification"):
        complete = assemble(candidate.architecture, task, data.signals)
        network = build(complete.architecture, complete.inputs, seed=1).eval()["network"]
        batches = [data.encode({"words": texts}) for texts in (short, long)]
        assert batches[0].inputs["tokens"].shape[1] < batches[1].inputs["tokens"].shape[1]
        outputs = [network(batch.inputs, batch.masks) for batch in batches]
        np.testing.assert_allclose(outputs[0][0].tolist(), outputs[1][0].tolist(), atol=2e-6)


def test_subwords_and_labels_are_of_the_training_rows_alone() -> None:
    """Validation and test rows do not influence the fitted state."""
    rng = np.random.default_rng(0)
    columns: dict[str, Any] = {
        "words": [f"{rng.integers(50)} some words {rng.integers(50)}" for _ in range(80)],
        "tags": [["a", "b", "c"][: rng.integers(4)] for _ in range(80)],
        "y": [("n", "p")[row % 2] for row in range(80)],
    }
    kinds = {"words": "subwords"}
    first = open_data(columns, target="y", kinds=kinds)
    assert isinstance(first.preprocessing.columns["tags"], Labels)
    for row in (*first.rows("validation").tolist(), *first.rows("test").tolist()):
        columns["words"][row] = "zzz qqq zzz qqq " * 9
        columns["tags"][row] = ["never seen", "nor this"]
    second = open_data(columns, target="y", kinds=kinds)
    assert second.preprocessing.state() == first.preprocessing.state()


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"merges": [["q", "zz"]]}, "merges don't fit"),
        ({"merges": [["a"]]}, "merges don't fit"),
        ({"vocabulary": ["a", "a"]}, "twice"),
    ],
)
def test_a_broken_state_is_refused(change: dict[str, Any], text: str) -> None:
    with pytest.raises(DataError, match=text):
        Subwords.from_state({**FITTED.state(), **change}).encode(["a"])


def test_half_a_character_is_named_by_its_row() -> None:
    with pytest.raises(BadValue, match="a lone surrogate") as fault:
        FITTED.encode(["fine", "a\ud800b"])
    assert fault.value.row == 1


def test_without_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> Any:
        raise ModuleNotFoundError(name=name)

    monkeypatch.setattr(extras, "import_module", absent)
    with pytest.raises(MissingExtra, match=r"tokenizers(.|\n)*weftnet\[text\]"):
        Subwords().fit(TEXTS)


SETS = [["b", "a"], [], ["c"], ["a", "c", "b"], ["a"]]


def test_labels_are_the_indicator_matrix() -> None:
    kind = Labels(least=1).fit(SETS)
    oracle = MultiLabelBinarizer().fit(SETS)
    assert kind.labels == oracle.classes_.tolist()
    np.testing.assert_array_equal(kind.encode(SETS), oracle.transform(SETS))
    assert kind.decode(kind.encode(SETS)) == [sorted(row) for row in SETS]


@pytest.mark.parametrize("mark", [";", "|", ","])
def test_labels_written_as_one_word(mark: str) -> None:
    words = [f" {mark} ".join(row) for row in SETS]
    kind = Labels(separator=mark, least=1).fit(words)
    np.testing.assert_array_equal(kind.encode([*words, None]), Labels(least=1).fit(SETS).encode([*SETS, []]))


def test_labels_as_an_input_have_a_place_for_others() -> None:
    kind = Labels(least=2).fit(SETS)
    assert kind.labels == ["a", "b", "c"]
    assert Labels(least=3).fit(SETS).labels == ["a"]
    assert Labels(least=1, most=1).fit(SETS).features([["b"], ["a", "z"]]).tolist() == [[0, 1], [1, 1]]
    assert kind.signal.sizes == (4,)


def test_a_label_that_training_never_had_is_named() -> None:
    columns = {"age": np.arange(40.0), "tags": ["a;b", "b", "", "a"] * 10}
    data = open_data(columns, target="tags", kinds={"tags": "labels"})
    row = int(data.rows("test")[0])
    columns["tags"][row] = "a;q"
    with pytest.raises(DataError, match=rf"row {row}, column 'tags'(.|\n)*no training row(.|\n)*'q'(.|\n)*ignore"):
        open_data(columns, target="tags", kinds={"tags": "labels"})
    fine = open_data(columns, target="tags", kinds={"tags": {"labels": {"unseen": "ignore"}}})
    assert fine.target.labels == ["a", "b"]


def test_rows_to_predict_take_lists_of_any_length() -> None:
    columns = {"tags": ["a;b", "b", "a", ""] * 10, "y": ["n", "p"] * 20}
    fitted = open_data(columns, target="y", kinds={"tags": "labels"}).preprocessing
    again = Preprocessing.from_state(json.loads(json.dumps(fitted.state())))
    for given_ in ([["a"], ["b", "q"]], [["a", "b"], ["b", "a"]], ["a", "b;q"]):
        assert again.encode({"tags": given_}).inputs["table"].shape == (2, 3)
    with pytest.raises(DataError, match=r"these are no labels"):
        again.encode({"tags": [["a"], 7]})


@pytest.mark.parametrize(
    ("cls", "arguments"),
    [
        (Subwords, {"most": 100}),
        (Subwords, {"least": 0}),
        (Labels, {"separator": ""}),
        (Labels, {"unseen": "drop"}),
        (Labels, {"most": -1}),
    ],
)
def test_settings_are_checked(cls: type, arguments: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=f"{cls.__name__.lower()}:.*expected"):
        cls(**arguments)


def test_a_pair_is_merged_that_stands_there_twice() -> None:
    assert ["x", "y"] not in Subwords().fit(["xy"]).merges
    assert ["x", "y"] in Subwords().fit(["xy", "xy"]).merges
