"""Text to text: the search against all texts there are, the shift, what is refused, scores against sacrebleu."""

import calendar
import itertools
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sacrebleu
import torch
from numpy.typing import NDArray

from weftnet.architecture.reading import from_dict
from weftnet.compose import build
from weftnet.compress.compressing import check_compressible
from weftnet.contract._scene import scene
from weftnet.data import open_data
from weftnet.errors import ArchitectureError, DataError, MissingExtra, RunError, SettingError
from weftnet.metrics._make import make
from weftnet.run.judging import judge
from weftnet.tasks import INFERENCES, TASKS
from weftnet.tasks._assemble import assemble
from weftnet.tasks._passes import TorchRun
from weftnet.tasks.text_to_text._begin import shifted

#: tokens 2, 3, 4; end 5, begin 6
SETTINGS = {"source": "tokens", "vocabulary": 5, "longest": 3}
SEARCH = INFERENCES.get("text_to_text")
Arrays = Mapping[str, NDArray[Any]]


class Table:
    """A network whose logits are a random function of the source and all tokens so far; by steps, or whole passes."""

    def __init__(self, stepped: bool = True, sharp: float = 2.0) -> None:
        self.stepped, self.sharp = stepped, sharp

    def logits(self, source: int, tokens: tuple[int, ...]) -> NDArray[np.float64]:
        seed = [source, len(tokens), *tokens]
        return self.sharp * np.random.default_rng(seed).normal(size=7)

    def __call__(self, name: str, inputs: Arrays, masks: Arrays, /) -> Arrays:
        if name == "encoder":
            return {"memory": inputs["tokens"][:, :, None].astype(float)}
        rows = [
            [self.logits(int(memory[0, 0]), tuple(tokens[: k + 1])) for k in range(len(tokens))]
            for memory, tokens in zip(inputs["memory"], inputs["target"].tolist(), strict=True)
        ]
        return {"output": np.array(rows)}

    def steps(self, name: str, rows: int, time: int, inputs: Arrays, masks: Arrays, /) -> Any:
        return Steps(self, inputs["memory"], rows) if self.stepped else None


class Steps:
    def __init__(self, table: Table, memory: NDArray[Any], rows: int) -> None:
        self.table, self.memory, self.read = table, memory, [()] * rows

    def __call__(self, inputs: Arrays, /) -> Arrays:
        self.read = [(*old, *new) for old, new in zip(self.read, inputs["target"].tolist(), strict=True)]
        pairs = zip(self.memory, self.read, strict=True)
        return {"output": np.array([[self.table.logits(int(m[0, 0]), tokens)] for m, tokens in pairs])}

    def choose(self, rows: NDArray[np.int64], whole: bool = False, /) -> None:
        self.read = [self.read[row] for row in rows]
        self.memory = self.memory[rows] if whole else self.memory


def every(table: Table, source: int, alpha: float) -> list[tuple[float, tuple[int, ...]]]:
    """All texts of up to three tokens with their scores, the best first; the longest end for certain."""
    found = []
    for length in range(4):
        for text in itertools.product((2, 3, 4), repeat=length):
            total, read = 0.0, (6,)
            for token in (*text, 5)[:3] if length == 3 else (*text, 5):
                z = table.logits(source, read)[[2, 3, 4, 5]]
                p = np.exp(z) / np.exp(z).sum()
                total += math.log(p[token - 2])
                read = (*read, token)
            found.append((total / ((5 + length + 1) / 6) ** alpha, text))
    return sorted(found, reverse=True)


def texts(outputs: Arrays) -> list[tuple[int, ...]]:
    return [tuple(token for token in row if token) for row in outputs["written"].tolist()]


def asked(sources: int) -> tuple[dict[str, NDArray[Any]], dict[str, NDArray[Any]]]:
    values = np.arange(sources)[:, None].repeat(2, 1)
    return {"tokens": values}, {"tokens": np.ones((sources, 2), bool)}


@pytest.mark.parametrize("alpha", [0.0, 0.6, 2.0])
@pytest.mark.parametrize("stepped", [True, False])
def test_enough_beams_find_the_best_of_all_texts(alpha: float, stepped: bool) -> None:
    """With as many beams as texts nothing is cut: the answer is the best of all 40."""
    table = Table(stepped)
    found = SEARCH(table, *asked(12), SETTINGS, {"beams": 60, "length_penalty": alpha})
    for source, (text, score) in enumerate(zip(texts(found), found["score"], strict=True)):
        best, wanted = every(table, source, alpha)[0]
        assert text == wanted
        assert score == pytest.approx(best, abs=1e-12)


def test_one_beam_is_greedy() -> None:
    table = Table()
    found = SEARCH(table, *asked(30), SETTINGS, {"beams": 1})
    for source, text in enumerate(texts(found)):
        read = (6,)
        while len(read) < 4 and (token := 2 + int(table.logits(source, read)[2:6].argmax())) != 5:
            read = (*read, token)
        assert text == read[1:]


def test_more_beams_are_seldom_worse_and_examples_don_t_mix() -> None:
    table, (inputs, masks) = Table(sharp=1.0), asked(70)
    mean = [SEARCH(table, inputs, masks, SETTINGS, {"beams": beams})["score"].mean() for beams in (1, 2, 8)]
    assert mean[0] < mean[1] < mean[2]
    together = SEARCH(table, inputs, masks, SETTINGS, {"beams": 3})
    for row in (0, 33, 69):
        one = {name: values[row : row + 1] for name, values in inputs.items()}
        alone = SEARCH(table, one, {"tokens": masks["tokens"][:1]}, SETTINGS, {"beams": 3})
        assert (alone["written"][0] == together["written"][row]).all()


@pytest.mark.slow
def test_what_is_drawn_is_as_likely_as_the_network_says() -> None:
    """Over many seeds, the shares of a source's texts are their probabilities, tempered or cut; scores are theirs."""
    table, (inputs, masks) = Table(sharp=1.0), asked(1)
    for options in ({"temperature": 1.0}, {"temperature": 0.5}, {"temperature": 1.0, "top_k": 2}):
        counts: dict[tuple[int, ...], int] = {}
        for seed in range(600):
            found = SEARCH(table, inputs, masks, SETTINGS, {**options, "seed": seed, "length_penalty": 0.0})
            (text,) = texts(found)
            counts[text] = counts.get(text, 0) + 1
            assert found["score"][0] == pytest.approx({t: s for s, t in every(table, 0, 0.0)}[text], abs=1e-12)
        chance = expected(table, options["temperature"], options.get("top_k", 4))
        assert sum(chance.values()) == pytest.approx(1)
        far = sum(abs(counts.get(text, 0) / 600 - p) for text, p in chance.items())
        assert far < 0.25, options


def expected(table: Table, temperature: float, top_k: int) -> dict[tuple[int, ...], float]:
    """Every text's probability, of tempered and cut logits."""
    found: dict[tuple[int, ...], float] = {}
    for length in range(4):
        for text in itertools.product((2, 3, 4), repeat=length):
            share, read = 1.0, (6,)
            for token in (*text, 5)[:3]:
                z = table.logits(0, read)[2:6] / temperature
                z = np.where(z < np.sort(z)[-top_k], -np.inf, z)
                share *= (np.exp(z) / np.exp(z).sum())[token - 2]
                read = (*read, token)
            found[text] = share
    return found


@pytest.mark.parametrize("stepped", [True, False])
def test_what_is_drawn_depends_on_its_source_and_the_seed_alone(stepped: bool) -> None:
    table, (inputs, masks) = Table(stepped), asked(40)
    options = {"temperature": 1.5, "seed": 3, "repetition_penalty": 1.3}
    together = SEARCH(table, inputs, masks, SETTINGS, options)
    for row in (0, 21, 39):
        one = {"tokens": inputs["tokens"][row : row + 1]}
        alone = SEARCH(table, one, {"tokens": masks["tokens"][:1]}, SETTINGS, options)
        assert (alone["written"][0] == together["written"][row]).all()
        assert alone["score"][0] == together["score"][row]
    greedy = SEARCH(table, inputs, masks, SETTINGS, {"beams": 1})
    cautious = SEARCH(table, inputs, masks, SETTINGS, {"temperature": 1.0, "top_k": 1})
    np.testing.assert_array_equal(cautious["written"], greedy["written"])
    np.testing.assert_allclose(cautious["score"], greedy["score"], atol=1e-12)
    assert (together["written"] != greedy["written"]).any()


@pytest.mark.parametrize(
    ("options", "said"),
    [({"beams": 0}, "beams is out of range"), ({"beams": 2, "temperature": 1.0}, "exclude one another"),
     ({"top_k": 3}, "top_k is of texts that are drawn"), ({"temperature": -1.0}, "temperature is out of range"),
     ({"temperature": 1.0, "top_p": 0.0}, "top_p is out of range"), ({"longest": 9}, "longest is out of range"),
     ({"length_penalty": -1.0}, "length_penalty is out of range")],
)  # fmt: skip
def test_options_out_of_range(options: dict[str, Any], said: str) -> None:
    with pytest.raises(DataError, match=said):
        SEARCH(Table(), *asked(1), SETTINGS, options)


def test_the_shift() -> None:
    tokens, mask = torch.tensor([[3, 4, 2], [2, 9, 9]]), torch.tensor([[True] * 3, [True, False, False]])
    read, following, real = shifted(tokens, mask, 5)
    assert read.tolist() == [[6, 3, 4, 2], [6, 2, 0, 0]]
    assert following[real].tolist() == [3, 4, 2, 5, 2, 5]
    assert real.tolist() == [[True] * 4, [True, True, False, False]]


def graph(**nodes: Any) -> dict[str, Any]:
    usual = {
        "source": {"embedding": {"dim": 4}, "from": "tokens"},
        "words": {"embedding": {"dim": 4}, "from": "target"},
    }
    return {"graph": {"inputs": ["tokens", "target"], "nodes": usual | nodes, "outputs": [list(nodes)[-1]]}}


AHEAD = graph(
    context={"chain": ["last_step"], "from": "source"}, start={"dense": {"dim": 4}, "from": "context"},
    looks={"gru": {"dim": 4, "bidirectional": True}, "from": "words"},
    state={"context_decoder": {}, "from": {"x": "looks", "context": "context", "start": "start"}},
)  # fmt: skip
SHORTER = graph(
    memory={"conv1d": {"dim": 4, "kernel": 3, "stride": 2}, "from": "source"},
    keys={"dense": {"dim": 4}, "from": "memory"}, values={"dense": {"dim": 4}, "from": "memory"},
    layer={"transformer_memory_layer": {"heads": 2}, "from": {"x": "words", "keys": "keys", "values": "values"}},
)  # fmt: skip


@pytest.mark.parametrize(
    ("nodes", "said"), [(AHEAD, "it looks ahead in the target"), (SHORTER, "the encoder changes the length")]
)
def test_networks_that_can_t_learn_it_are_refused(nodes: dict[str, Any], said: str) -> None:
    example = scene("text_to_text")
    made = assemble(from_dict(nodes), example.task, example.data.signals)
    with pytest.raises(ArchitectureError, match=said):
        example.task.check(build(made.architecture, made.inputs))


def test_the_loss_is_smoothed_cross_entropy_over_real_tokens() -> None:
    example = scene("text_to_text")
    model, batch = example.model().eval(), example.batch()
    task: Any = example.task
    ((_, loss),) = task.losses(model, batch, torch.Generator())
    logits, following, real = task.forced(model, batch)
    logp, k = logits.log_softmax(-1), task.vocabulary + 2
    sums = []
    for row in range(batch.size):
        for place in range(int(real[row].sum())):
            smooth = torch.full((k,), 0.1 / k)
            smooth[following[row, place]] += 0.9
            sums.append(-(smooth * logp[row, place]).sum())
    torch.testing.assert_close(loss, torch.stack(sums).mean(), rtol=1e-5, atol=1e-6)


def test_steps_and_whole_passes_answer_alike() -> None:
    loaded = scene("text_to_text").trained()
    batch = scene("text_to_text").batch()
    values, masks = ({k: v.numpy() for k, v in each.items()} for each in (batch.inputs, batch.masks))
    run = TorchRun(loaded.task.passes(loaded.model))
    stepped = SEARCH(run, values, masks, loaded.task.settings(), {})
    run.steps = lambda *_: None  # type: ignore[method-assign, assignment]
    whole = SEARCH(run, values, masks, loaded.task.settings(), {})
    assert (stepped["written"] == whole["written"]).all()
    np.testing.assert_allclose(stepped["score"], whole["score"], rtol=1e-5)


def test_scores_are_sacrebleu_s_and_the_judge_says_the_signature(monkeypatch: pytest.MonkeyPatch) -> None:
    example = scene("text_to_text")
    loaded, data = example.trained(), example.data
    metrics = [make(name, loaded.task.facts()) for name in ("bleu", "chrf", "exact", "rouge_l")]
    found = loaded.task.evaluate(loaded.model, data.batches("test", 16), [*loaded.task.metrics(), *metrics])
    written, true = [], []
    for batch in data.batches("test", 16):
        written += [each["text"] for each in loaded.task.answers(loaded.outputs(batch))]
        true += list(data.target.decode(batch.target.numpy()))  # type: ignore[union-attr]
    assert found["chrf"] == pytest.approx(sacrebleu.corpus_chrf(written, [true]).score)
    assert found["bleu"] == pytest.approx(sacrebleu.corpus_bleu(written, [true]).score)
    assert found["exact"] == sum(a == b for a, b in zip(written, true, strict=True)) / len(true)
    told = judge(loaded, data, "test")
    assert any("tok:13a" in getattr(figure, "text", "") for figure in told.sections[0].figures)
    assert told.baseline is not None
    assert told.baseline.score > found["nats_per_token"]

    def gone(*_: Any, **more: Any) -> Any:
        raise MissingExtra("sacrebleu", "text", what="scoring texts")

    monkeypatch.setattr("weftnet.tasks.text_to_text.judge.sacrebleu", gone)
    (section, *_) = judge(loaded, data, "test").sections
    assert any("pip install" in getattr(figure, "text", "") for figure in section.figures)
    monkeypatch.setattr("weftnet.metrics.bleu.sacrebleu", gone)
    with pytest.raises(MissingExtra, match="sacrebleu"):
        loaded.task.evaluate(loaded.model, data.batches("test", 16), metrics)


def test_compression_is_refused_with_its_reason() -> None:
    example = scene("text_to_text")
    with pytest.raises(
        RunError, match=r"reads more than the data hold\n  got: not applicable, because it reads target"
    ):
        check_compressible(example.trained(), example.data)


def test_data_that_are_something_else() -> None:
    cls = TASKS.get("text_to_text")
    with pytest.raises(DataError, match="the target is of another kind"):
        cls.from_data(open_data({"a": ["x y z", "u v w"] * 20, "b": [1.5, 2.5] * 20}, target="b"))
    with pytest.raises(SettingError, match="longest is too small"):
        cls(source="tokens", vocabulary=5, longest=0)


def reversed_words(rng: Any) -> tuple[str, str]:
    word = "".join(rng.choice(list("abcdefgh"), rng.integers(3, 8)))
    return word, word[::-1]


def sorted_words(rng: Any) -> tuple[str, str]:
    word = "".join(rng.choice(list("abcdefgh"), rng.integers(3, 7)))
    return word, "".join(sorted(word))


MONTHS = [calendar.month_name[month] for month in range(1, 13)]


def dates(rng: Any) -> tuple[str, str]:
    year, month, day = int(rng.integers(1950, 2050)), int(rng.integers(1, 13)), int(rng.integers(1, 29))
    name = MONTHS[month - 1]
    forms = (f"{day} {name} {year}", f"{name} {day}, {year}", f"{day}.{month}.{year}", f"{name[:3]} {day} {year}")
    return forms[rng.integers(len(forms))], f"{year}-{month:02}-{day:02}"


SMALL = {"words": 48, "dim": 96, "hidden": 64}
TINY = {"dim": 64, "depth": 2, "heads": 4, "hidden": 128, "dropout": 0.0}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("toy", "entry", "settings", "recipe"),
    [
        (reversed_words, "attention_encoder_decoder", SMALL, {"steps": 900, "lr": 4e-3}),
        (dates, "transformer", TINY, {"steps": 1000, "lr": 3e-3}),
        (dates, "gru_encoder_decoder", {**SMALL, "dim": 160}, {"steps": 1400, "lr": 4e-3}),
        (sorted_words, "attention_encoder_decoder", {**SMALL, "attention": "general"}, {"steps": 900, "lr": 4e-3}),
    ],
    ids=["reverse-bahdanau", "dates-transformer", "dates-cho", "sort-luong"],
)
def test_toys_with_a_known_answer(
    toy: Callable[[Any], tuple[str, str]], entry: str, settings: dict[str, Any], recipe: dict[str, Any], tmp_path: Path
) -> None:
    """99 % of the held-out texts are written exactly."""
    from weftnet.run.loading import load
    from weftnet.train import Recipe, fit
    from weftnet.zoo import ZOO

    rng = np.random.default_rng(0)
    pairs = sorted({toy(rng) for _ in range(9000)})
    order = rng.permutation(len(pairs))
    columns = {"a": [pairs[k][0] for k in order], "b": [pairs[k][1] for k in order]}
    letters = {"text": {"level": "characters"}}
    splits = {"train": len(pairs) - 800, "validation": 300, "test": 500}
    shares = {name: count / len(pairs) for name, count in splits.items()}
    data = open_data(columns, target="b", kinds={"a": letters, "b": letters}, splits=shares)
    task = TASKS.get("text_to_text").from_data(data)
    usual = {"optimiser": "adamw", "schedule": "one_cycle", "batch_size": 64, "clip": 1.0, "plan": "eager"}
    chosen = Recipe.for_task(task, **usual, evaluate_every="300 steps", **recipe)
    run = fit(ZOO.get(entry)(**settings), task, data, chosen, tmp_path / "run")
    loaded = load(run.folder)
    found = loaded.task.evaluate(loaded.model, data.batches("test", 128), [make("exact", task.facts())])
    assert found["exact"] >= 0.99
