"""What columns are called never decides whether a network can be built, trained, exported or asked."""

import json
import keyword
import random
import shlex
from pathlib import Path

import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from torch import nn

from weftnet.answer.runner import open_export
from weftnet.architecture.reading import read_text
from weftnet.architecture.spec import Architecture, Block, Graph, to_yaml
from weftnet.cli._options import kinds_of
from weftnet.compete.propose import propose
from weftnet.compose import build
from weftnet.compose.graphs import why_no_name
from weftnet.cost.check import check
from weftnet.data import open_data
from weftnet.data.data import Data
from weftnet.data.keys import input_names
from weftnet.data.ways import read_as
from weftnet.export import write as export
from weftnet.run.loading import load
from weftnet.tasks import TASKS, Candidate
from weftnet.tasks._assemble import assemble
from weftnet.tasks._propose.candidate import light
from weftnet.tasks._propose.several import joined
from weftnet.train import Recipe, fit

NAMES = st.one_of(
    st.sampled_from(
        [*keyword.kwlist, *dir(nn.Module()), "table", "tokens", "joint", "x.y text/ü 日本", "हिन्दी", "..", ""]
    ),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
    st.text("ab._/ ", max_size=5),
    st.integers(1, 300).map(lambda length: "n" * length),
)
HARD = ["post.title", "post_title", "post_title_features", "a/b ü" * 60]


def table(names: list[str]) -> dict[str, list[str]]:
    draw = random.Random(0)
    say = ["bad poor slow", "good fine warm"]
    texts = {name: [f"{say[row % 2]} {draw.choice('xyz')} {row}" for row in range(24)] for name in names}
    return {**texts, "the mood": ["ab"[row % 2] for row in range(24)]}


def opened(names: list[str]) -> Data:
    return open_data(table(names), target="the mood", kinds=dict.fromkeys(names, "text"))


@given(st.lists(NAMES, min_size=1, max_size=5, unique=True), st.lists(NAMES, max_size=3, unique=True))
@example(HARD, ["title"])
@settings(max_examples=40, deadline=None)
def test_inputs_and_the_nodes_that_read_them_have_names_of_their_own(texts: list[str], images: list[str]) -> None:
    kinds = {**dict.fromkeys(texts, "tokens"), **dict.fromkeys(images, "image")}
    names = input_names(kinds)
    assert list(names) == list(kinds)
    assert len(set(names.values())) == len(kinds)
    readers = {name: [light(Candidate("", Architecture.of([Block("relu")]), {}, ""))] for name in names.values()}
    for candidate in joined(readers):
        graph = candidate.architecture.parts["network"]
        assert isinstance(graph, Graph)
        assert not any(why_no_name(name) or name in graph.inputs for name in graph.nodes)
        assert read_text(to_yaml(candidate.architecture)) == (candidate.architecture, [])


def trains(data: Data) -> bool:
    """Whether the first proposed network is checked without a fault and has gradients."""
    task = TASKS.get("classification").from_data(data)
    candidate = propose(data.signals, "classification")[0]
    assert not check(candidate.architecture, data.signals, task=task, batch=4, memory=0).faults
    complete = assemble(candidate.architecture, task, data.signals)
    model = build(complete.architecture, complete.inputs)
    (_, loss), *_ = task.losses(model, next(data.batches("train", 4)), torch.Generator())
    loss.backward()
    return all(parameter.grad is not None for parameter in model.parameters())


def test_a_network_for_columns_of_hard_names() -> None:
    assert trains(opened(HARD))


@given(NAMES, st.sampled_from(["number", {"text": {"level": "characters"}}, {"labels": {"separator": "="}}, None]))
def test_an_option_is_typed_as_it_is_printed(name: str, kind: object) -> None:
    printed = read_as(name, kind).rpartition(", kinds=")[0]  # type: ignore[arg-type]
    option, typed = shlex.split(printed)
    assert option == "--kind"
    assert kinds_of([typed]) == {name: kind}


def test_a_column_called_like_an_input_is_not_taken_for_it() -> None:
    columns = {"said": ["one two three four"] * 6 + ["five six seven eight"] * 6, "tokens": ["x", "y"] * 6}
    data = open_data({**columns, "y": ["a", "b"] * 6}, target="y", kinds={"said": "text", "tokens": "category"})
    assert (data.preprocessing.encode(columns).inputs["tokens"] > 1).any()  # type: ignore[attr-defined]


def cycle(names: list[str], folder: Path, target: str) -> None:
    """Fit a step, export, predict from both."""
    data = opened(names)
    candidate = propose(data.signals, "classification")[0]
    recipe = Recipe(steps=1, plan="eager", **candidate.recipe)
    task = TASKS.get("classification").from_data(data)
    run = fit(candidate.architecture, task, data, recipe, folder / "run")
    rows = {name: values[:3] for name, values in table(names).items() if name != "the mood"}
    export(load(run.folder), folder / "export", target)
    assert load(run.folder).predict(rows)
    if target == "onnx":
        assert len(open_export(folder / "export").predict(rows)) == 3


@pytest.mark.slow
@pytest.mark.parametrize("target", ["onnx", "torch_export"])
def test_hard_names_all_the_way(tmp_path: Path, target: str) -> None:
    cycle(HARD, tmp_path, target)


def test_nested_json_is_trained_on(tmp_path: Path) -> None:
    draw = random.Random(1)
    lines = []
    for row in range(60):
        words = [["bad", "poor"], ["good", "fine"]][row % 2] * 2 + draw.choices(["slow", "warm"], k=3)
        post = {"title": " ".join(words), "body": " ".join(words[::-1])}
        lines.append(json.dumps({"post": post, "mood": "ab"[row % 2]}))
    (tmp_path / "posts.jsonl").write_text("\n".join(lines))
    data = open_data(tmp_path / "posts.jsonl", target="mood", kinds={"post.title": "text", "post.body": "text"})
    assert list(data.signals) == ["tokens_post_title", "tokens_post_body"]
    assert trains(data)
