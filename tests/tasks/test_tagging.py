"""Tagging: the best path, the shares of tags, loss and metrics against all paths written out; what is refused."""

import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from seqeval.metrics import f1_score
from torchcrf import CRF

from weftnet.architecture.signal import parse
from weftnet.architecture.spec import Architecture, Block
from weftnet.blocks import BLOCKS
from weftnet.compose import build
from weftnet.data import Batch, open_data
from weftnet.errors import ArchitectureError, DataError, SettingError, UnknownName
from weftnet.tasks import ANSWERS, DISTILLATIONS, EXPLANATIONS, JUDGES, PROPOSALS
from weftnet.tasks._assemble import assemble
from weftnet.tasks._judgement import Answered
from weftnet.tasks.tagging._paths import decoded
from weftnet.tasks.tagging.task import Tagging

LENGTHS = [5, 3, 1, 4]
LABELS = ["O", "B-A", "I-A", "B-C"]
READER = [{"word_embedding": {"dim": 5, "dim_letters": 3, "filters": 4}}, {"lstm": {"dim": 4, "bidirectional": True}}]


def potentials(tags: int = 4) -> tuple[Any, Any]:
    real = np.arange(5) < np.array(LENGTHS)[:, None]
    crf = BLOCKS.get("crf")(tags).double()
    for weight in crf.parameters():
        torch.nn.init.normal_(weight)
    with torch.no_grad():
        psi = crf(torch.randn(4, 5, tags, dtype=torch.float64), torch.from_numpy(real))
    return psi.numpy(), real


def test_the_best_path_and_its_shares_are_those_of_all_paths() -> None:
    psi, real = potentials()
    tags, share = decoded(psi, real)
    for row, length in enumerate(LENGTHS):
        every = list(itertools.product(range(4), repeat=length))
        scores = np.array([sum(psi[row, t, path[t - 1] if t else 0, path[t]] for t in range(length)) for path in every])
        best = every[int(scores.argmax())]
        assert tags[row].tolist() == [*best, *[-1] * (5 - length)]
        p = np.exp(scores - scores.max()) / np.exp(scores - scores.max()).sum()
        wanted = [sum(p[n] for n, path in enumerate(every) if path[t] == best[t]) for t in range(length)]
        np.testing.assert_allclose(share[row], [*wanted, *[0.0] * (5 - length)], atol=1e-12)


def test_the_best_path_is_pytorch_crf_s() -> None:
    crf, x = CRF(7, batch_first=True).double(), torch.randn(40, 9, 7, dtype=torch.float64)
    for weight in crf.parameters():
        torch.nn.init.normal_(weight)
    mask = torch.arange(9) < torch.randint(1, 10, (40, 1))
    block = BLOCKS.get("crf")(7).double()
    block.start.data, block.end.data = crf.start_transitions.data, crf.end_transitions.data
    block.transitions.data = crf.transitions.data
    tags, _ = decoded(block(x, mask).detach().numpy(), mask.numpy())
    assert [row[row >= 0].tolist() for row in tags] == crf.decode(x, mask)


def test_without_a_chain_each_word_is_by_itself() -> None:
    logits = np.random.default_rng(0).normal(size=(2, 3, 4))
    tags, share = decoded(logits, np.array([[True] * 3, [True, False, False]]))
    p = np.exp(logits) / np.exp(logits).sum(2, keepdims=True)
    assert tags.tolist() == [logits[0].argmax(1).tolist(), [int(logits[1, 0].argmax()), -1, -1]]
    np.testing.assert_allclose(share[0], p[0].max(1))


def sentences(tmp_path: Path, rows: int = 24) -> Any:
    draw = np.random.default_rng(1)
    lines = []
    for _ in range(rows):
        tags = [LABELS[draw.integers(4)] for _ in range(draw.integers(1, 9))]
        lines.append({"tokens": [f"{tag[0].lower()}{draw.integers(3)}" for tag in tags], "tags": tags})
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, lines)))
    return open_data(tmp_path / "a.jsonl", target="tags", kinds={"tokens": "word_list", "tags": "tag_list"})


def built(task: Tagging, data: Any, nodes: Any = READER) -> Any:
    made = assemble(Architecture.of([Block(*next(iter(node.items()))) for node in nodes]), task, data.signals)
    return build(made.architecture, made.inputs, seed=0).eval()


@pytest.mark.parametrize("crf", [True, False])
def test_metrics_are_seqeval_s_and_the_nats_those_of_the_sentences(crf: bool, tmp_path: Path) -> None:
    data = sentences(tmp_path)
    task = Tagging.from_data(data, crf=crf)
    model = built(task, data)
    metrics = task.evaluate(model, data.batches("train", 7))
    true, own, nats, words = [], [], 0.0, 0
    for batch in data.batches("train", 1):
        outputs = task.infer(model, batch)
        (tags,) = outputs["tags"].tolist()
        length = int(batch.target_mask.sum())
        true.append([task.labels[tag] for tag in batch.target[0, :length].tolist()])
        own.append([task.labels[tag] for tag in tags[:length]])
        (loss,) = [float(each.detach()) for _, each in task.losses(model, batch, torch.Generator())]
        nats, words = nats + loss * length, words + length
    assert metrics["span_f1"] == pytest.approx(f1_score(true, own), abs=1e-12)
    right = sum(a == b for pair in zip(true, own, strict=True) for a, b in zip(*pair, strict=True))
    assert metrics["accuracy"] == pytest.approx(right / words)
    assert metrics["loss"] == pytest.approx(nats / words, rel=1e-5)


def test_a_sentence_s_answer_is_the_same_in_every_batch(tmp_path: Path) -> None:
    data = sentences(tmp_path)
    task = Tagging.from_data(data)
    model = built(task, data)
    together = [each for batch in data.batches("train", 50) for each in task.answers(task.infer(model, batch))]
    alone = [each for batch in data.batches("train", 1) for each in task.answers(task.infer(model, batch))]
    assert [each["tags"] for each in together] == [each["tags"] for each in alone]
    assert [each["certainty"] for each in together] == pytest.approx([each["certainty"] for each in alone], abs=1e-5)


def test_answers_hold_words_tags_and_spans() -> None:
    tags = np.array([[1, 2, 0, 3, -1], [0, -1, -1, -1, -1]])
    share = np.array([[0.9, 0.8, 0.7, 0.6, 0], [0.5, 0, 0, 0, 0]])
    outputs = {"tags": tags, "share": share, "words": np.array([[2, 3, 4, 1, 0], [2, 0, 0, 0, 0]])}
    writer = {"kind": "word_list", "most": 9, "least": 1, "letters": 0, "lower": True, "length": 0, "trim": True,
              "vocabulary": ["ada", "lovelace", "met"], "alphabet": [], "time": 5}  # fmt: skip
    first, second = ANSWERS.get("tagging")(outputs, {"labels": LABELS, "writer": writer})
    assert first == {
        "tags": ["B-A", "I-A", "O", "B-C"], "words": ["ada", "lovelace", "met", "\ufffd"], "certainty": 0.6,
        "spans": [{"type": "A", "text": "ada lovelace", "first": 0, "last": 2, "probability": 0.8},
                  {"type": "C", "text": "\ufffd", "first": 3, "last": 4, "probability": 0.6}],
    }  # fmt: skip
    assert second["spans"] == []


def test_parts_of_speech_are_scored_by_accuracy() -> None:
    task = Tagging(["NOUN", "VERB"], 4)
    assert task.score == "accuracy"
    assert [metric.name for metric in task.metrics()] == ["loss", "accuracy"]
    assert Tagging(LABELS, 4).score == "span_f1"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"labels": ["O"]}, r"task tagging: labels are not distinct\n  expected: two or more\n  got: \['O'\]"),
        ({"labels": ["O", "O"]}, "labels are not distinct"),
        ({"context": 0}, "context is too small"),
    ],
)
def test_settings_that_can_not_be(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingError, match=message):
        Tagging(**{"labels": LABELS, "context": 4, **settings})


@pytest.mark.parametrize(
    ("nodes", "crf", "message"),
    [
        ([*READER, {"dense": {"dim": 3}}, {"crf": {}}], True, "its chain is not of the task's tags"),
        ([*READER, {"dense": {"dim": 4}}, {"crf": {}}], False, "the task appends its own unless crf is false"),
        ([*READER, {"global_average_pool1d": {}}], True, "every word has a tag; leave out what pools"),
        ([*READER, {"dense": {"dim": 4}}, {"softmax": {}}], False, "remove the softmax"),
    ],
)
def test_networks_that_do_not_fit(nodes: Any, crf: bool, message: str, tmp_path: Path) -> None:
    data = sentences(tmp_path)
    with pytest.raises(ArchitectureError, match=message):
        built(Tagging.from_data(data, crf=crf), data, nodes)


def test_a_network_that_ends_in_its_own_chain_gets_no_other(tmp_path: Path) -> None:
    data = sentences(tmp_path)
    task = Tagging.from_data(data)
    complete = [*READER, {"dense": {"dim": 4}}, {"crf": {}}]
    assert sum(p.numel() for p in built(task, data, complete).parameters()) == sum(
        p.numel() for p in built(task, data).parameters()
    )


def test_data_that_do_not_fit() -> None:
    tags = [["O", "B-A", "O"], ["O"]] * 20
    columns = {"words": [["a", "b", "a"], ["c"]] * 20, "more": list(range(40)), "tags": tags}
    data = open_data(columns, target="tags", kinds={"words": "word_list"})
    with pytest.raises(DataError, match=r"tags are given to words\n  expected: one list of words"):
        Tagging.from_data(data)
    columns = {"words": [["a", "b", "a"], ["c"]] * 19 + [["a", "b"], ["c"]], "tags": tags}
    data = open_data(columns, target="tags", kinds={"words": "word_list"})
    expected = r"row 39: a sentence has not as many tags as words\n  expected: 2 tags\n  got: 3"
    with pytest.raises(DataError, match=expected):
        Tagging.from_data(data)
    with pytest.raises(DataError, match="the target is of another kind"):
        Tagging.from_data(open_data({"words": columns["words"], "y": ["a", "b"] * 20}, target="y"))


def test_what_is_explained() -> None:
    psi, _ = potentials()
    outputs, explain = torch.from_numpy(psi), EXPLANATIONS.get("tagging")
    settings = {"labels": LABELS}
    named = explain(settings, outputs, "2:B-C")
    assert named.names == ["B-C of word 2"] * 4
    _, share = decoded(psi, np.arange(5) < np.array(LENGTHS)[:, None])
    likeliest = explain(settings, outputs, 1)
    certain = likeliest.certainty(outputs, likeliest.index)
    assert (certain[1:2] >= share[1, 0] - 1e-9).all()
    with pytest.raises(UnknownName, match="no tag is called 'B-D'"):
        explain(settings, outputs, "1:B-D")
    with pytest.raises(SettingError, match="there is no such word"):
        explain(settings, outputs, "6")
    logits = torch.zeros(1, 3, 4)
    logits[0, 2, 1] = 9
    assert explain(settings, logits, None).names == ["B-A of word 3"]


def test_a_teacher_s_tags_are_matched_by_name() -> None:
    psi, real = potentials()
    student, teacher = Tagging(["B-A", "O"], 5), Tagging(LABELS, 5)
    how = DISTILLATIONS.get("tagging")(student, teacher)
    assert torch.equal(how.known(torch.from_numpy(psi)), torch.from_numpy(psi)[:, :, [1, 0]][..., [1, 0]])
    mask = torch.from_numpy(real)
    batch = Batch({}, {"words": mask}, {}, torch.arange(4))
    same = DISTILLATIONS.get("tagging")(teacher, teacher).loss(torch.from_numpy(psi), torch.from_numpy(psi), batch, 1.0)
    assert float(same) == pytest.approx(0, abs=1e-6)


def test_the_judge_counts_types_and_draws_the_worst(tmp_path: Path) -> None:
    data = sentences(tmp_path)
    task = Tagging.from_data(data)
    model = built(task, data)
    judged = JUDGES.get("tagging")(task, Answered(data, "train", lambda batch: task.infer(model, batch), model))
    metrics = task.evaluate(model, data.batches("train", 32))
    assert judged.interval is not None
    assert judged.interval.low <= metrics["span_f1"] <= judged.interval.high
    (section,) = judged.sections
    table = section.figures[0]
    assert [row[0] for row in table.rows] == ["A", "C"]  # type: ignore[union-attr]
    assert judged.worst is not None
    assert judged.baseline is not None
    assert judged.baseline.score > 0.5  # a word's first letter is its tag's mark
    assert any(span.tone == "wrong" for span in judged.worst.cases[0].figures[0].pieces if not isinstance(span, str))  # type: ignore[union-attr]


@pytest.mark.parametrize("text", ["words:9x6,vocabulary=20,alphabet=9,padded", "tokens:9,vocabulary=20,padded"])
def test_what_is_proposed_fits(text: str) -> None:
    signal = parse(text)
    task = Tagging(LABELS, 9)
    candidates = PROPOSALS.get("tagging")({"words": signal})
    assert candidates
    for candidate in candidates:
        for form in candidate.forms:
            assemble(form.architecture, task, {"words": signal})
    assert PROPOSALS.get("tagging")({"x": parse("vector:3")}) == []
