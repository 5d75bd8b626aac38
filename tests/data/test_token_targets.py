"""Targets that are sequences of tokens: recognised, padded with a mask, trimmed; a vocabulary shared with the input."""

import json
from typing import Any

import numpy as np
import pytest
import torch

from weftnet.data import open_data
from weftnet.data.kinds import RawColumn
from weftnet.data.kinds.subwords import Subwords
from weftnet.data.kinds.text import Text
from weftnet.data.opening import reopen
from weftnet.errors import DataError, SettingError

WORDS = ["a", "bee", "sees", "the", "sea", "and", "we", "see", "the", "bees"]


def pairs(count: int = 60) -> dict[str, list[str]]:
    """Sentences, and the same in capitals and in reverse; some are short."""
    rows = [[WORDS[(row * step) % 10] for step in range(1, 3 + row % 7)] for row in range(count)]
    numbered = [[f"n{k}", *row] for k, row in enumerate(rows)]
    return {"from": [" ".join(row) for row in numbered], "to": [" ".join(row[::-1]).upper() for row in numbered]}


def test_a_target_of_sentences_is_subwords_and_the_source_is_read_alike() -> None:
    data = open_data(pairs(), target="to")
    assert isinstance(data.target, Subwords)
    assert isinstance(data.kinds["tokens"], Subwords)
    assert "from: read as subwords, like the target" in data.notes
    assert any("to read it as text: --kind to=text" in note for note in data.notes)


@pytest.mark.parametrize(
    "spec", [{"subwords": {"most": 300}}, {"text": {"level": "characters"}}, {"text": {"least": 1}}], ids=str
)
def test_batches_hold_tokens_with_their_mask_as_long_as_the_longest(spec: Any) -> None:
    source = pairs()
    data = open_data(source, target="to", kinds={"to": spec})
    kind = data.target
    assert isinstance(kind, Text | Subwords)
    widths = set()
    for batch in data.batches("train", 4):
        mask = batch.target_mask
        assert mask is not None
        widths.add(batch.target.shape[1])
        assert batch.target.shape == mask.shape
        assert mask.any(0).all()
        assert ((batch.target == 0) == ~mask).all()
        for row, tokens, real in zip(batch.rows.tolist(), batch.target, mask, strict=True):
            written = source["to"][row]
            np.testing.assert_array_equal(tokens[real].numpy(), kind.tokens(written))
            back = kind.decode(tokens[None].numpy())[0]
            assert back == (written if spec != {"text": {"least": 1}} else written.lower())
    assert len(widths) > 1
    assert data.signals["tokens"].known["vocabulary"] == data.kinds["tokens"].signal.known["vocabulary"]


def test_a_target_and_the_text_beside_it_are_read_whole_while_other_inputs_are_cut() -> None:
    source = pairs(80)
    source["from"] = source["to"] = [*source["to"][:-1], "AND THE LAST ONE IS LONG " * 4]
    letters = {"text": {"level": "characters"}}
    all_train: Any = {"splits": {"train": 1.0, "validation": 0.0, "test": 0.0}}
    kept = open_data(source, target="to", kinds={"from": letters, "to": letters}, **all_train)
    assert kept.target is not None
    assert kept.target.signal.size("time") == kept.signals["tokens"].size("time") == 100
    usual = open_data(source, target="to", kinds={"from": {"text": {"share": 0.9}}, "to": letters}, **all_train)
    assert usual.signals["tokens"].size("time") < 10
    labels = open_data({**source, "to": ["a", "b"] * 40}, target="to", kinds={"from": letters}, **all_train)
    assert labels.signals["tokens"].size("time") < 60
    cut = open_data(source, target="to", kinds={"to": {"text": {"level": "characters", "length": 12}}})
    assert any(note.endswith("rows are longer than 12 tokens, and cut") for note in cut.notes)


def test_an_empty_target_is_a_sequence_without_tokens() -> None:
    kind = Text(level="words", least=1).fit(["a b", "c"])
    codes = kind.encode_target(["", "a b", "unheard", " "])
    np.testing.assert_array_equal(kind.mask(codes), [[False, False], [True, True], [True, False], [False, False]])
    assert codes[2, 0] == 1
    letters = Text(level="characters").fit(["a b"] * 2)
    np.testing.assert_array_equal(letters.mask(letters.encode_target(["", " "])).sum(1), [0, 1])
    assert Subwords(most=256).fit(["ab"]).encode_target([""]).sum() == 0


def test_a_missing_target_is_refused_with_its_row() -> None:
    source: dict[str, list[Any]] = pairs()
    source["to"][4] = None
    with pytest.raises(DataError, match="the target is missing in 1 of 60 rows"):
        open_data(source, target="to")


@pytest.mark.parametrize("spec", ["subwords", "text"])
def test_a_shared_vocabulary_has_one_number_for_a_token_on_both_sides(spec: str) -> None:
    settings = {"most": 300} if spec == "subwords" else {"least": 1}
    source = pairs()
    source["to"] = [row.lower().replace("sea", "ocean wave") for row in source["to"]]
    data = open_data(source, target="to", kinds={"to": {spec: {**settings, "shared": True}}})
    source_kind, target = data.kinds["tokens"], data.target
    assert isinstance(source_kind, Text | Subwords)
    assert isinstance(target, Text | Subwords)
    assert source_kind.vocabulary == target.vocabulary
    for word in (" bees", " ocean", " sea"):  # of which each side alone has one
        np.testing.assert_array_equal(source_kind.tokens(word), target.tokens(word))
        assert (target.tokens(word) > 1).all()
    assert any(note.startswith("from, to: one vocabulary of") for note in data.notes)
    again = reopen(json.loads(json.dumps(data.state())), source)
    assert torch.equal(again.train_batch(3, 4, 1).target, data.train_batch(3, 4, 1).target)


def test_sharing_takes_two_that_are_read_alike() -> None:
    with pytest.raises(SettingError, match="shares its vocabulary, and no other does"):
        open_data(pairs(), target="to", kinds={"to": {"text": {"shared": True}}, "from": "text"})
    kinds = {"to": {"text": {"shared": True}}, "from": {"text": {"shared": True, "level": "characters"}}}
    with pytest.raises(SettingError, match="are read in the same way"):
        open_data(pairs(), target="to", kinds=kinds)


def test_short_labels_stay_categories_and_are_texts_for_a_task_that_reads_them_so() -> None:
    source = {"n": [float(k) for k in range(40)], "word": ["one two three", "four"] * 20}
    assert type(open_data(source, target="word").target).__name__ == "Category"
    data = open_data(source, target="word", target_kind={"text": {"level": "characters"}})
    assert isinstance(data.target, Text)
    assert data.target.level == "characters"
    numbers = RawColumn([np.arange(3.0)], target=True)
    assert Text.recognises(numbers) == Subwords.recognises(numbers) == 0.0
