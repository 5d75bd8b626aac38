"""Episodes as training batches: what they hold, and that they are a pure function of seed and step."""

import numpy as np
import pytest
import torch

from weftnet.data import Data, open_data
from weftnet.data.batch import Batch
from weftnet.data.episodes import Episodes, in_episodes
from weftnet.errors import DataError, SettingError


def classes(sizes: dict[str, int]) -> Data:
    """Rows of two numbers of each class, all of them training rows but for a tenth of a large class."""
    y = np.repeat([*sizes], [*sizes.values()])
    x = np.random.default_rng(0).normal(size=(len(y), 2)).astype(np.float32)
    return open_data({"x": x, "y": y}, splits={"train": 0.8, "validation": 0.1, "test": 0.1})


@pytest.fixture
def data() -> Data:
    return classes({"a": 40, "b": 30, "c": 20, "d": 10, "e": 4})


def counts(batch: Batch) -> list[int]:
    """Examples of each class that is there."""
    return sorted(torch.unique(batch.target, return_counts=True)[1].tolist())


def test_a_batch_has_as_many_examples_of_each_of_its_classes(data: Data) -> None:
    train = set(data.rows("train").tolist())
    seen = set()
    for step in range(40):
        batch = Episodes(data, 4, 3).train_batch(step, 18, 0)
        assert counts(batch) == [6, 6, 6]
        assert len(set(batch.rows.tolist())) == 18
        assert set(batch.rows.tolist()) <= train
        seen |= set(batch.target.tolist())
    assert seen == {0, 1, 2, 3}  # of e too few are for training


def test_ways_follow_from_the_batch_and_small_classes_give_all_they_have(data: Data) -> None:
    assert counts(Episodes(data, 5).train_batch(0, 10, 0)) == [5, 5]
    assert counts(Episodes(data, 2).train_batch(0, 100, 0)) == [2, 8, 16, 20, 20]
    assert counts(Episodes(data, 4).train_batch(0, 1, 0)) == [4, 4]


def test_an_episode_is_a_function_of_seed_and_step(data: Data) -> None:
    episodes = Episodes(data, 3)
    for step in (5, 2, 5):
        again = Episodes(data, 3).train_batch(step, 12, 1)
        assert torch.equal(episodes.train_batch(step, 12, 1).rows, again.rows)
    others = {tuple(episodes.train_batch(step, 12, seed).rows.tolist()) for step in range(9) for seed in range(2)}
    assert len(others) == 18


def test_splits_inputs_and_state_are_those_of_the_data(data: Data) -> None:
    episodes = in_episodes(data, 3)
    assert in_episodes(episodes, 3) is episodes
    assert episodes.state() == data.state()
    assert episodes.steps_per_epoch(10) == data.steps_per_epoch(10)
    for one, other in zip(episodes.batches("test", 4), data.batches("test", 4), strict=True):
        assert torch.equal(one.rows, other.rows)
    batch = episodes.train_batch(0, 12, 0)
    whole = torch.cat([each.inputs["vector"] for each in data.batches("train", 7)])
    places = torch.searchsorted(data.rows("train"), batch.rows)
    assert torch.equal(batch.inputs["vector"], whole[places])


def test_too_few_classes_are_refused() -> None:
    with pytest.raises(DataError, match="fewer than two classes") as raised:
        Episodes(classes({"a": 40, "b": 10}), 9)
    assert raised.value.got == "1"


def test_a_running_text_has_no_episodes(tmp_path: object) -> None:
    path = tmp_path / "text.txt"  # type: ignore[operator]
    path.write_text("once upon a time " * 60, encoding="utf-8")
    with pytest.raises(SettingError, match="independent rows"):
        Episodes(open_data(str(path), context=8), 2)


def test_batches_of_several_lengths_are_joined_and_taken_apart() -> None:
    first = Batch(
        {"tokens": torch.tensor([[1, 2], [3, 0]]), "vector": torch.ones(2, 3)},
        {"tokens": torch.tensor([[True, True], [True, False]])}, {"y": torch.tensor([4, 5])}, torch.tensor([7, 8]), 3,
    )  # fmt: skip
    second = Batch(
        {"tokens": torch.tensor([[6, 7, 8]]), "vector": torch.zeros(1, 3)},
        {"tokens": torch.tensor([[True, True, True]])}, {"y": torch.tensor([1])}, torch.tensor([9]), 3,
    )  # fmt: skip
    joint = Batch.together([first, second])
    assert joint.inputs["tokens"].tolist() == [[1, 2, 0], [3, 0, 0], [6, 7, 8]]
    assert joint.masks["tokens"].sum(1).tolist() == [2, 1, 3]
    assert (joint.target.tolist(), joint.rows.tolist(), joint.epoch) == ([4, 5, 1], [7, 8, 9], 3)
    back = joint.at(torch.tensor([2, 0]))
    assert back.inputs["tokens"].tolist() == [[6, 7, 8], [1, 2, 0]]
    assert (back.target.tolist(), back.rows.tolist()) == ([1, 4], [9, 7])
