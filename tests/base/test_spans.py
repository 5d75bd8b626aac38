"""Spans of tags, equal to seqeval's in its default and in its strict mode."""

import itertools
import random

import pytest
import torch
from seqeval.metrics import f1_score
from seqeval.metrics.sequence_labeling import get_entities
from seqeval.scheme import IOB2, Tokens

from weftnet.base.spans import marked, spans
from weftnet.metrics.span_f1 import SpanF1

TAGS = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]


@pytest.mark.parametrize("length", [1, 2, 3, 4])
def test_every_short_sentence_has_seqeval_s_spans(length: int) -> None:
    for tags in map(list, itertools.product(TAGS, repeat=length)):
        assert spans(tags) == [(kind, first, last + 1) for kind, first, last in get_entities(tags)]
        strict = [(each.tag, each.start, each.end) for each in Tokens(tags, IOB2).entities]
        assert spans(tags, strict=True) == strict


def test_ends_and_single_words_are_seqeval_s_too() -> None:
    labels = ["O", *(f"{mark}-{kind}" for mark in "BIES" for kind in "XY")]
    for tags in map(list, itertools.product(labels, repeat=3)):
        assert spans(tags) == [(kind, first, last + 1) for kind, first, last in get_entities(tags)]


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.UndefinedMetricWarning")
def test_f1_is_seqeval_s(strict: bool) -> None:
    draw = random.Random(3)
    how = {"mode": "strict", "scheme": IOB2} if strict else {}
    for sentences in (1, 7, 40):
        metric, pairs = SpanF1(TAGS, strict), []
        for _ in range(sentences):
            length = draw.randrange(1, 12)
            truth = [draw.randrange(5) for _ in range(length)]
            found = [tag if draw.random() < 0.7 else draw.randrange(5) for tag in truth]
            pairs.append(([TAGS[tag] for tag in truth], [TAGS[tag] for tag in found]))
            padding = [-1] * (12 - length)
            metric.update(torch.tensor([[*found, *padding]]), torch.tensor([[*truth, *padding]]))
        true, own = (list(each) for each in zip(*pairs, strict=True))
        assert metric.compute() == pytest.approx(f1_score(true, own, **how), abs=1e-12)


def test_tags_without_marks_are_spans_of_a_word() -> None:
    assert not marked(["NOUN", "VERB", "O"])
    assert not marked(["O"])
    assert marked(["O", "B-PER", "I-PER", "E-PER"])
    assert not marked(["O", "B-PER", "NOUN"])
    assert spans(["NOUN", "VERB"], marks=False) == [("NOUN", 0, 1), ("VERB", 1, 2)]
