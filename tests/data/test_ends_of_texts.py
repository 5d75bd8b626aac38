"""Texts of which the end is not read are counted and said, wherever a run answers."""

from pathlib import Path
from typing import Any

import pytest

from weftnet.answer.predict import of_texts
from weftnet.architecture.spec import Architecture, Block
from weftnet.data import KINDS, open_data
from weftnet.data.kinds import Kind
from weftnet.data.unfamiliar import of_values
from weftnet.run.loading import load
from weftnet.serve.model import Model
from weftnet.tasks import TASKS
from weftnet.train import Recipe, fit

TEXTS = ["a b c", "a b c a", "a", None, "b b b b b"]
WANT = "of 5 rows are longer than the 3 tokens that are read; their ends are left out"


@pytest.mark.parametrize(
    ("name", "settings", "count"),
    [("text", {"level": "words", "length": 3}, 2), ("text", {"level": "characters", "length": 3}, 3),
     ("subwords", {"length": 3, "most": 256}, 3), ("word_pieces", {"length": 3}, 3)],
)  # fmt: skip
def test_long_texts_are_counted(name: str, settings: dict[str, Any], count: int) -> None:
    kind: Kind = KINDS.get(name)(**settings).fit(TEXTS)
    assert [note for note in of_values({"t": kind}, {"t": TEXTS}) if "longer" in note] == [f"t: {count} {WANT}"]
    assert not [note for note in of_values({"t": kind}, {"t": ["a", ""]}) if "longer" in note]


def test_a_run_says_so_offline_and_served(tmp_path: Path) -> None:
    data = open_data({"t": ["a b c", "b c a", "c a"] * 10}, kinds={"t": {"text": {"length": 3}}})
    task = TASKS.get("language_model").from_data(data)
    nodes = [Block("embedding", {"dim": 3}), Block("gru", {"dim": 3})]
    run = load(fit(Architecture.of(nodes), task, data, Recipe(steps=1, plan="eager"), tmp_path / "run", device="cpu"))
    note = "t: 1 of 2 rows are longer than the 3 tokens that are read; their ends are left out"
    assert of_texts(run, ["a b c a b", "a"]).notes == [note]
    known = run.preprocessing
    model = Model(run.run.folder, "torch", known.fields, run.predict, run.run.facts.task, known.columns)
    assert model.notes([{"t": "a b c a b"}, {"t": "a"}]) == [note]
