"""Pieces that are hidden: which, how they are told, and what is answered."""

import numpy as np
import pytest
import torch
from torch import nn

from weftnet.architecture.signal import parse
from weftnet.architecture.spec import Block
from weftnet.data import open_data
from weftnet.data.batch import Batch
from weftnet.errors import ArchitectureError, DataError, SettingError
from weftnet.tasks import ANSWERS, INFERENCES, TASKS
from weftnet.tasks.masked_values._pieces import in_turn, pieces
from weftnet.tasks.masked_values.task import MaskedValues

IMAGE = MaskedValues("image:2x7x9", share=0.4, patch=3)
SERIES = MaskedValues("series:10x3,padded", share=0.5, patch=4)
VECTOR = MaskedValues("vector:6", share=0.5, widths=[1, 3, 2])


def batch_of(x, mask=None):
    return Batch({"x": x}, {} if mask is None else {"x": mask}, {}, torch.arange(len(x)))


def hidden_of(task, x, mask=None, seed=0):
    return task.hide(batch_of(x, mask), torch.Generator().manual_seed(seed))


def test_squares_are_hidden_whole_and_as_many_as_said():
    x = torch.randn(20, 2, 7, 9)
    hidden = hidden_of(IMAGE, x)
    assert hidden.shape == (20, 1, 7, 9)
    for image in hidden[:, 0]:
        squares = [image[3 * i : 3 * i + 3, 3 * j : 3 * j + 3] for i in range(3) for j in range(3)]
        assert all(square.all() or not square.any() for square in squares)
        assert sum(bool(square.all()) for square in squares) == round(0.4 * 9)
    assert not torch.equal(hidden, hidden_of(IMAGE, x, seed=1))
    assert torch.equal(hidden, hidden_of(IMAGE, x))


def test_columns_of_a_table_are_hidden_whole_and_one_is_always_left():
    for seed in range(20):
        hidden = hidden_of(MaskedValues("vector:6", share=0.99, widths=[1, 3, 2]), torch.randn(5, 6), seed=seed)
        for row in hidden:
            columns = [row[:1], row[1:4], row[4:]]
            assert all(each.all() or not each.any() for each in columns)
            assert sum(bool(each.all()) for each in columns) == 2


def test_padding_is_neither_hidden_nor_counted():
    lengths = [10, 5, 1]
    mask = torch.arange(10) < torch.tensor(lengths)[:, None]
    for seed in range(20):
        hidden = hidden_of(SERIES, torch.randn(3, 10, 3), mask, seed)[..., 0]
        assert not hidden[~mask].any()
        stretches = [sorted({step // 4 for step in row.nonzero()[:, 0].tolist()}) for row in hidden]
        assert [len(each) for each in stretches] == [2, 1, 1]  # of three, two and a single one
    model = nn.ModuleDict({"network": Zero()})
    x = torch.randn(3, 10, 3) * mask[..., None]
    errors = SERIES.errors(model, batch_of(x, mask), torch.Generator().manual_seed(0))
    hidden = hidden_of(SERIES, x, mask)[..., 0]
    wanted = [x[n][hidden[n]].square().mean() for n in range(3)]
    torch.testing.assert_close(errors, torch.stack(wanted))


class Zero(nn.Module):
    """Always the mean."""

    def forward(self, inputs, masks=None):
        return torch.zeros_like(inputs["x"])


class Twice(nn.Module):
    """Something of every value that can be seen."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.tensor(1.3, dtype=torch.float64))

    def forward(self, inputs, masks=None):
        return self.weight * inputs["x"].sum((1, 2, 3), keepdim=True) + inputs["x"]


def test_the_loss_and_its_gradient_are_the_formula_written_as_loops():
    x, network = torch.randn(4, 2, 7, 9, dtype=torch.float64), Twice()
    ((group, loss),) = IMAGE.losses(nn.ModuleDict({"network": network}), batch_of(x), torch.Generator().manual_seed(3))
    hidden = hidden_of(IMAGE, x, seed=3)[:, 0]
    means = []
    for n in range(4):
        seen = sum(x[n, c, i, j] for c in range(2) for i in range(7) for j in range(9) if not hidden[n, i, j])
        wrong = [
            (x[n, c, i, j] - network.weight * seen) ** 2
            for c in range(2) for i in range(7) for j in range(9) if hidden[n, i, j]
        ]  # fmt: skip
        means.append(sum(wrong) / len(wrong))
    wanted = sum(means) / 4
    assert group == "network"
    torch.testing.assert_close(loss, wanted)
    torch.testing.assert_close(*(torch.autograd.grad(each, network.weight)[0] for each in (loss, wanted)))


@pytest.mark.parametrize(("shape", "patch", "turns"), [((2, 7, 9), 3, 2), ((10, 3), 4, 3), ((6,), 1, 2)])
def test_in_an_answer_everything_is_hidden_once_and_in_whole_pieces(shape, patch, turns):
    turn, piece = in_turn(shape, patch, [], turns), pieces(shape, patch, [])
    assert set(turn.ravel().tolist()) == set(range(turns))
    for number in range(int(piece.max()) + 1):
        assert len(set(turn[piece == number].tolist())) == 1
    if len(shape) == 3:
        assert (turn[0, :3, :3] != turn[0, 3:6, :3]).all()


def test_an_answer_tells_no_value_from_itself():
    x = np.random.default_rng(0).normal(size=(3, 2, 7, 9)).astype(np.float32)
    turn = in_turn(x.shape[1:], 3, [], 2)

    def run(part, inputs, masks):
        (seen,) = inputs.values()
        assert seen.dtype == np.float32
        return {"output": np.broadcast_to(seen.sum((1, 2, 3), keepdims=True), seen.shape)}

    settings = MaskedValues("image:2x7x9", share=0.4, patch=3).settings()
    outputs = INFERENCES.get("masked_values")(run, {"x": x}, {}, settings, {})
    for now in (0, 1):
        rest = np.where(turn == now, 0, x).sum((1, 2, 3))
        told = outputs["told"][:, :, turn[0] == now]
        np.testing.assert_allclose(told, np.broadcast_to(rest[:, None, None], told.shape), rtol=1e-5)
    answers = ANSWERS.get("masked_values")(outputs, settings)
    for answer, own, told in zip(answers, x, outputs["told"], strict=True):
        assert answer["error"] == pytest.approx(float(np.mean((own - told) ** 2)), rel=1e-5)
        np.testing.assert_allclose(answer["values"], told.ravel(), rtol=1e-6)


def test_padding_is_not_answered():
    x, mask = np.ones((2, 10, 3), np.float32), np.arange(10) < np.array([[10], [4]])
    outputs = INFERENCES.get("masked_values")(
        lambda part, inputs, masks: {"output": np.zeros_like(x)}, {"x": x}, {"x": mask}, SERIES.settings(), {}
    )
    answers = ANSWERS.get("masked_values")(outputs, SERIES.settings())
    assert [len(each["values"]) for each in answers] == [30, 12]
    assert [each["error"] for each in answers] == [1.0, 1.0]


def test_a_smaller_output_becomes_squares_or_stretches_and_a_vector_the_whole():
    image = MaskedValues("image:3x32x24", patch=4)
    conv, spread = image.head("network", parse("image:16x8x6"), "relu")
    assert (conv, spread) == (Block("conv2d", {"channels": 48, "kernel": 1}), Block("depth_to_space2d", {"size": 4}))
    assert image.head("network", parse("image:16x32x24"), "relu") == (Block("conv2d", {"channels": 3, "kernel": 1}),)
    assert image.head("network", parse("vector:50"), "gelu")[0] == Block("dense", {"dim": 3 * 32 * 24})
    series = MaskedValues("series:12x5")
    assert series.head("network", parse("series:4x9"), "gelu") == (
        Block("dense", {"dim": 15}), Block("reshape", {"shape": [12, 5]}),
    )  # fmt: skip
    for task, signal in ((image, "image:16x8x8"), (image, "image:16x7x6"), (series, "series:5x9")):
        with pytest.raises(ArchitectureError, match="shape of the data"):
            task.head("network", parse(signal), "relu")


def test_what_data_tell_of_the_pieces(tmp_path):
    image = TASKS.get("masked_values").from_data(open_data({"x": np.random.default_rng(0).random((20, 3, 16, 24))}))
    assert (image.signal, image.patch, len(image.mean)) == ("image:3x16x24", 2, 3)
    table = tmp_path / "table.csv"
    table.write_text("a,b\n" + "\n".join(f"{n * 0.37 % 1:.3f},{'xyz'[n % 3]}" for n in range(60)), encoding="utf-8")
    assert sum(TASKS.get("masked_values").from_data(open_data(table)).widths) > 2
    texts = tmp_path / "texts.csv"
    texts.write_text("text\n" + "\n".join(f"one two three {n}" for n in range(60)), encoding="utf-8")
    with pytest.raises(DataError, match="--task masked"):
        TASKS.get("masked_values").from_data(open_data(texts, kinds={"text": "text"}))


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"signal": "image:1x8x8", "share": 1.0}, "share is out of range"),
        ({"signal": "image:1x8x8", "patch": 0}, "patch is too small"),
        ({"signal": "image:1x8x8", "patch": 8}, r"(?s)a single piece.*patch=1"),
        ({"signal": "vector:1"}, "a single piece"),
        ({"signal": "tokens:8,vocabulary=9"}, "nothing can be hidden"),
    ],
)
def test_what_can_not_be_hidden_is_refused(settings, says):
    with pytest.raises(SettingError, match=says):
        MaskedValues(**settings)
