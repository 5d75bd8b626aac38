"""Error rates of words and characters against an edit distance written out, over texts of tokens."""

from typing import Any

import pytest
import torch

from weftnet.data.kinds.text import Text
from weftnet.metrics.character_error_rate import CharacterErrorRate
from weftnet.metrics.word_error_rate import WordErrorRate

SAID = ["seven two", "one", "", "three  oh one", "nine"]
TOLD = ["seven too", "", "one", "tree one one", "nine nine"]


def distance(a: Any, b: Any) -> int:
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        before, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (x != y))
    return row[-1]


def test_they_are_edits_over_all_texts_together() -> None:
    kind = Text(level="characters", least=1).fit(SAID + TOLD)
    said, told = (torch.from_numpy(kind.encode_target(texts)) for texts in (SAID, TOLD))
    words, characters = WordErrorRate(kind.state()), CharacterErrorRate(kind.state())
    for rows in (slice(0, 2), slice(2, 5)):  # batches need not be of one length
        for metric in (words, characters):
            metric.update(told[rows], said[rows])
    pairs = list(zip(SAID, TOLD, strict=True))
    wrong = sum(distance(a.split(), b.split()) for a, b in pairs)
    assert float(words.compute()) == pytest.approx(wrong / sum(len(a.split()) for a in SAID))
    wrong = sum(distance(a, b) for a, b in pairs)
    assert float(characters.compute()) == pytest.approx(wrong / sum(map(len, SAID)))


def test_without_a_kind_a_token_is_a_word() -> None:
    metric = WordErrorRate()
    metric.update(torch.tensor([[3, 12, 0], [4, 0, 0]]), torch.tensor([[3, 11, 7], [4, 0, 0]]))
    assert float(metric.compute()) == pytest.approx(2 / 4)


def test_jiwer_is_asked_for_by_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    from weftnet.errors import MissingExtra

    monkeypatch.setitem(sys.modules, "jiwer", None)
    metric = WordErrorRate()
    with pytest.raises(MissingExtra, match=r"pip install .*weftnet\[audio\]"):
        metric.update(torch.tensor([[1]]), torch.tensor([[1]]))
