"""A text that was written, explained: what each token looked at, and what of the source its probability depends on."""

from functools import cache
from typing import Any

import numpy as np
import pytest
import torch

from weftnet.contract._scene import scene
from weftnet.errors import SettingError
from weftnet.explain import attribute, draw
from weftnet.explain.attributing import build_request, run_method, views_of
from weftnet.explain.targets import choose
from weftnet.run.loading import Loaded
from weftnet.train import fit
from weftnet.zoo import ZOO

WORDS = {"word": ["abcd", "eebc", "bade"]}


@cache
def loaded() -> Loaded:
    return scene("text_to_text").trained()


def test_a_word_that_is_turned_round_is_read_from_its_end() -> None:
    for word, each in zip(WORDS["word"], attribute(loaded(), WORDS, "occlusion"), strict=True):
        assert each.target == each.answer["text"] == word[::-1]
        found = each.alignment
        assert found is not None
        assert (found.rows, found.columns) == ((*word[::-1], "(end)"), tuple(word))
        np.testing.assert_allclose(found.shares.sum(1), 1, rtol=1e-5)
        assert found.shares[:4].argmax(1).tolist() == [3, 2, 1, 0]
        assert f"d ← d: {found.shares[0, 3]:.2f}" in draw(each) or word[-1] != "d"


def test_a_token_depends_on_the_letter_it_is() -> None:
    (first, *_) = attribute(loaded(), WORDS, "integrated_gradients", "2")
    assert first.target == "c"
    assert int(first.inputs["tokens"].argmax()) == 2
    assert first.checks["missing_share"] < 0.01
    with pytest.raises(SettingError, match="there is no such token"):
        attribute(loaded(), WORDS, "occlusion", "6")


def test_a_table_that_source_and_target_share_is_followed_for_the_source_alone(tmp_path: Any) -> None:
    """Attributions add up to the difference, which they would not if the target's vectors were replaced too."""
    from weftnet.data import open_data
    from weftnet.run.loading import load
    from weftnet.tasks import TASKS
    from weftnet.train import Recipe

    letters = {"text": {"level": "characters", "least": 1, "shared": True}}
    source = {"a": [f"{k:04}" for k in range(80)], "b": [f"{k:04}"[::-1] for k in range(80)]}
    data = open_data(source, target="b", kinds={"a": letters, "b": letters})
    task = TASKS.get("text_to_text").from_data(data)
    network = ZOO.get("transformer")(dim=16, depth=1, heads=2, hidden=16, tie="all")
    run = fit(network, task, data, Recipe.for_task(task, steps=3, batch_size=8, plan="eager"), tmp_path / "run")
    made = load(run.folder)
    batch = made.encode({"a": ["0017", "9031"]})
    targets = choose(made, made.task.infer(made.model, batch, {"beams": 1})["written"], None)
    request = build_request(made, batch, views_of(made), targets, 64)
    found = run_method(request, "integrated_gradients", {"steps": 256})
    assert float(found.checks["completeness"].max()) < 1e-3
    assert all(torch.isfinite(each).all() for each in found.inputs.values())
