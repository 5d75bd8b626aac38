"""Texts of every script are texts, and their words are told as well as can be without a dictionary."""

import random
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weftnet.data import KINDS, open_data
from weftnet.data.kinds._writing import count_of_words, words_of

ANY = ["这个", "商品", "质量", "包装", "物流", "客服", "价格", "手机", "电池", "屏幕"]
GOOD, BAD = ["很好", "喜欢", "优秀", "满意"], ["很差", "讨厌", "糟糕", "失望"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Don't!", "don ' t !"),
        ("很好。手机abc电池3", "很 好 。 手 机 abc 电 池 3"),
        ("これはペンです", "こ れ は ペ ン で す"),
        ("ที่นี่ดี", "ที่ นี่ ดี"),
        ("नमस्ते दुनिया", "नमस्ते दुनिया"),
        ("한국어 좋아요", "한국어 좋아요"),
        ("❤️🙂", "❤️ 🙂"),
        ("Cafe\u0301", "café"),
    ],
)
def test_words(text: str, words: str) -> None:
    assert words_of(text) == words.split()


@given(st.text())
def test_no_letter_is_lost(text: str) -> None:
    words = words_of(text)
    composed = unicodedata.normalize("NFC", text.lower())
    assert "".join("".join(words).split()) == "".join(composed.split())


@given(st.text("abc xyz\n"))
def test_words_of_scripts_with_blanks_are_counted_by_blanks(text: str) -> None:
    assert count_of_words(text) == len(text.split())


def reviews(rows: int) -> dict[str, list[Any]]:
    draw = random.Random(0)
    said = [
        draw.choices(ANY, k=3) + draw.choices([BAD, GOOD][row % 2], k=2) + draw.choices(ANY, k=2) for row in range(rows)
    ]
    return {"review": ["".join(words) + "。" for words in said], "mood": ["neg", "pos"] * (rows // 2)}


def test_reviews_without_blanks_are_texts_of_known_letters() -> None:
    data = open_data(reviews(200), target="mood")
    assert list(data.signals) == ["tokens"]
    assert not [note for note in data.notes if "unknown" in note]
    assert data.signals["tokens"].known["vocabulary"] > 30


def test_names_of_cities_are_categories() -> None:
    cities = {"city": ["北京", "上海", "广州", "深圳"] * 10, "y": ["a", "b"] * 20}
    assert list(open_data(cities, target="y").signals) == ["table"]


def test_unknown_texts_are_said_with_the_option_that_reads_them() -> None:
    draw = random.Random(0)
    texts = [" ".join("".join(draw.choices("ACGT", k=9)) for _ in range(6)) for _ in range(60)]
    data = open_data({"dna": texts, "y": ["a", "b"] * 30}, target="y")
    (note,) = [note for note in data.notes if "unknown" in note]
    assert "--kind 'dna={text: {level: characters}}'" in note
    read = open_data({"dna": texts, "y": ["a", "b"] * 30}, target="y", kinds={"dna": {"text": {"level": "characters"}}})
    assert not [note for note in read.notes if "unknown" in note]


@pytest.mark.parametrize(("kind", "text"), [("text", "नमस्ते"), ("subwords", "नमस्ते")])
def test_states_written_before_split_as_they_did(kind: str, text: str) -> None:
    settings = {"least": 1} if kind == "text" else {"most": 300}
    new = KINDS.get(kind)(**settings).fit([text] * 3)
    assert new.state()["rule"] == 2
    old = KINDS.get(kind)(**settings, rule=1).fit([text] * 3)
    state = {name: value for name, value in old.state().items() if name != "rule"}
    assert KINDS.get(kind).from_state(state) == old
    assert (KINDS.get(kind).from_state(state).encode([text]) == old.encode([text])).all()
