"""Sentences with a tag for every word: their files, their words, their tags."""

import json
import lzma
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from weftnet.data import KINDS, open_data
from weftnet.data.conll import sentences
from weftnet.errors import DataError

CONLL = """-DOCSTART- -X- O O

# a comment
EU NNP I-NP B-ORG
rejects VBZ I-VP O
calls NNS I-NP O

Peter NNP I-NP B-PER
Blackburn NNP I-NP I-PER
"""
UNIVERSAL = "\n".join(
    "\t".join(row)
    for row in [
        ["# text = vámonos al mar"],
        ["1-2", "vámonos", *"________"],
        ["1", "vamos", "ir", "VERB", *"______"],
        ["2", "nos", "nosotros", "PRON", *"______"],
        ["2.1", "ya", "ya", "ADV", *"______"],
        ["3", "al mar", "mar", "NOUN", *"______"],
    ]
)
ROWS = [
    (["Ada", "met", "Alan", "Turing"], ["B-PER", "O", "B-PER", "I-PER"]),
    (["so", "it", "so"], ["O", "O", "O"]),
] * 20


def written(path: Path, text: str) -> Path:
    path.write_bytes(lzma.compress(text.encode()) if path.suffix == ".xz" else text.encode())
    return path


def lines(rows: Any = ROWS) -> str:
    return "\n".join("".join(f"{word} {tag}\n" for word, tag in zip(*row, strict=True)) for row in rows)


def test_columns_are_words_and_their_tags() -> None:
    assert list(sentences(CONLL.split("\n"), "x")) == [
        (["EU", "rejects", "calls"], ["B-ORG", "O", "O"]), (["Peter", "Blackburn"], ["B-PER", "I-PER"]),
    ]  # fmt: skip
    assert [tags for _, tags in sentences(CONLL.split("\n"), "x", tag=2)] == [["NNP", "VBZ", "NNS"], ["NNP", "NNP"]]


def test_a_treebank_has_its_own_columns() -> None:
    assert list(sentences(UNIVERSAL.split("\n"), "x")) == [(["vamos", "nos", "al mar"], ["VERB", "PRON", "NOUN"])]


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("a B\nb\n", {}, "x: line 2: a line has another number of columns\n  expected: 2 columns, as in the first"),
        ("a B\n", {"tag": 3}, "x: there is no such column\n  expected: different columns for token and tag, counted"),
        ("a B\n", {"token": 2}, "x: there is no such column"),
        ("a\n", {}, "x: there is no such column"),
    ],
)
def test_what_is_no_such_file(text: str, options: dict[str, int], message: str) -> None:
    with pytest.raises(DataError) as raised:
        list(sentences(text.split("\n"), "x", **options))
    assert str(raised.value).startswith(message)


@pytest.mark.parametrize("name", ["a.conll", "a.conll.xz", "a.txt", "a.txt.xz", "a.bio"])
def test_a_file_of_them_is_known_by_its_content(name: str, tmp_path: Path) -> None:
    data = open_data(written(tmp_path / name, lines()))
    batch = next(data.batches("train", 4))
    assert batch.masks["words"].sum(1).tolist() == batch.target_masks["tags"].sum(1).tolist()
    assert data.target is not None
    assert data.target.facts == {"labels": ["B-PER", "I-PER", "O"]}


def test_a_running_text_stays_one(tmp_path: Path) -> None:
    path = written(tmp_path / "a.txt", "Two words\nfour words a line\n\nand more\n" * 30)
    assert open_data(path, context=8).signals.keys() == {"tokens"}


def test_several_columns_are_said(tmp_path: Path) -> None:
    path = written(tmp_path / "a.conll", "a X P\nb Y Q\n\nc Y Q\n\n" * 20)
    (note,) = [note for note in open_data(path).notes if "columns" in note]
    assert note == "of 3 columns, 1 is read as the word and 3 as its tag; to take another: --data-set tag=1, tag=1"
    assert open_data(path, tag=2).state()["options"] == {"tag": 2}


def test_lists_are_read_alike_from_every_source(tmp_path: Path) -> None:
    rows = [{"tokens": words, "tags": tags} for words, tags in ROWS]
    written(tmp_path / "a.jsonl.xz", "\n".join(map(json.dumps, rows)))
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "a.parquet")
    written(tmp_path / "a.conll", lines())
    every = [open_data(tmp_path / name, target="tags") for name in ("a.jsonl.xz", "a.parquet", "a.conll")]
    first = next(every[0].batches("train", 100))
    for other in every[1:]:
        batch = next(other.batches("train", 100))
        assert other.state()["preprocessing"] == every[0].state()["preprocessing"]
        assert np.array_equal(batch.inputs["words"], first.inputs["words"])
        assert np.array_equal(batch.target, first.target)


def test_a_long_word_keeps_its_ends_and_an_unknown_one_its_letters() -> None:
    kind = KINDS.get("word_list")(letters=6, least=1).fit([["Understanding", "is", "is", "hard"]])
    encoded = kind.encode([["Understanding", "hash", "Zoo"]])
    assert kind.decode(encoded) == [["Understanding", "hash", "\ufffd\ufffd\ufffd"]]
    assert encoded[0, :3, 0].tolist() == [kind.vocabulary.index("understanding") + 2, 1, 1]
    alphabet = ["", "\ufffd", *kind.alphabet]
    assert [alphabet[code] for code in encoded[0, 0, 1:]] == ["U", "n", "d", "\ufffd", "n", "g"]


def test_rare_words_are_unknown_in_training_too() -> None:
    kind = KINDS.get("word_list")(letters=0).fit([["the", "The", "cat"], ["a", "cat", "sat"]])
    assert kind.vocabulary == ["cat", "the"]
    assert kind.encode(["The cat sat"])[0, :4].tolist() == [3, 2, 1, 0]
    assert kind.unknown([["a", "dog", "sat"], ["the", "cat", "sat"]]) == {"a dog sat": 1}


def test_words_and_tags_are_cut_alike() -> None:
    words, tags = KINDS.get("word_list")(), KINDS.get("tag_list")()
    train = [["a", "b", "a"] * 4, ["a"]]
    assert words.fit(train).time == tags.fit(train).time == 16
    long = [["a"] * 40]
    assert words.encode(long).shape[1] == tags.encode_target(long).shape[1] == 16
    assert words.beyond([*long, "a " * 16, "a " * 17]) == 2
    assert KINDS.get("word_list")().fit([["a"] * 4000]).time == 512


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (["O", "B-LOC"], "the target holds a tag that no training row has\n  expected: B-ORG, O\n  got: 'B-LOC'"),
        (["B-ORQ"], "got: 'B-ORQ'\n  fix: did you mean 'B-ORG'?"),
        ([], "the sentence has no tags\n  expected: a tag for each word"),
        ([3], "this is no list of words"),
    ],
)
def test_tags_that_can_not_be_learnt_are_refused_by_name(value: list[Any], message: str) -> None:
    kind = KINDS.get("tag_list")().fit([["O", "B-ORG"]])
    with pytest.raises(DataError, match="row 1") as raised:
        kind.encode_target([["O"], value])
    assert message in str(raised.value)


def test_sets_of_labels_are_no_tags() -> None:
    rows = [{"text": f"film number {n}", "genres": ["drama", "war"][: 1 + n % 2]} for n in range(40)]
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    assert open_data(columns, target="genres").state()["preprocessing"]["target"]["kind"] == "labels"


def test_lists_without_a_repeated_word_may_be_either() -> None:
    columns = {"v": [["a", "b"], ["b", "c", "a"]] * 20, "y": ["p", "q"] * 20}
    (note,) = [note for note in open_data(columns, target="y").notes if note.startswith("v: read as")]
    assert note == "v: read as labels; to read it as word_list: --kind v=word_list, kinds={'v': 'word_list'}"
