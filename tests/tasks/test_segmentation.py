"""Segmentation against loops over the pixels and scikit-learn."""

import base64
import colorsys
import io
import math
from typing import Any

import numpy as np
import pytest
import torch
from judging import column, judged, table
from PIL import Image as Pillow
from sklearn.metrics import accuracy_score, jaccard_score
from torch import nn
from torch.nn import functional

from weftnet.architecture.signal import parse
from weftnet.blocks.convolution.conv2d import Conv2d
from weftnet.compose import build
from weftnet.data.batch import Batch
from weftnet.errors import ArchitectureError, UnknownName
from weftnet.tasks import EXPLANATIONS
from weftnet.tasks._assemble import assemble
from weftnet.tasks.segmentation._overlay import overlay, palette
from weftnet.tasks.segmentation.answer import segmentation
from weftnet.tasks.segmentation.task import Segmentation
from weftnet.zoo import ZOO

TASK = Segmentation(["ground", "tree", "sky"], 4, 6)


class Same(nn.Module):
    """A network that gives what it reads."""

    def forward(self, inputs: Any, masks: Any = None) -> Any:
        return inputs["x"]


MODEL = nn.ModuleDict({"network": Same()})


def drawn(seed: int = 0, n: int = 5) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Logits, classes, and which pixels count."""
    generator = torch.Generator().manual_seed(seed)
    truth = torch.randint(0, 3, (n, 4, 6), generator=generator)
    logits = torch.randn(n, 3, 4, 6, generator=generator, dtype=torch.float64)
    logits += 1.5 * torch.nn.functional.one_hot(truth, 3).movedim(-1, 1)
    return logits, truth, torch.rand(n, 4, 6, generator=generator) < 0.8


def batch(seed: int = 0) -> Batch:
    logits, truth, counts = drawn(seed)
    target = torch.where(counts, truth, 255).to(torch.uint8)
    return Batch({"x": logits}, {}, {"mask": target}, torch.arange(5), target_masks={"mask": counts})


@pytest.mark.parametrize("weight", [0.0, 0.7])
def test_the_loss_is_a_loop_over_the_pixels_that_count(weight: float) -> None:
    logits, truth, counts = (each.tolist() for each in drawn())
    nats, n, overlap, predicted, true = 0.0, 0, [0.0] * 3, [0.0] * 3, [0.0] * 3
    for b in range(5):
        for i in range(4):
            for j in range(6):
                if not counts[b][i][j]:
                    continue
                powers = [math.exp(logits[b][k][i][j]) for k in range(3)]
                p, t = [each / sum(powers) for each in powers], truth[b][i][j]
                nats, n = nats - math.log(p[t]), n + 1
                overlap[t] += p[t]
                true[t] += 1
                predicted = [old + new for old, new in zip(predicted, p, strict=True)]
    dice = 1 - sum((2 * overlap[k] + 1) / (predicted[k] + true[k] + 1) for k in range(3)) / 3
    task = Segmentation(TASK.labels, 4, 6, dice=weight)
    ((group, loss),) = task.losses(MODEL, batch(), torch.Generator())
    assert group == "network"
    assert float(loss) == pytest.approx(nats / n + weight * dice, rel=1e-12)


def test_metrics_are_scikit_learns_over_all_pixels_that_count() -> None:
    metrics = TASK.evaluate(MODEL, [batch(0), batch(1)])
    truth, answer = [], []
    for seed in (0, 1):
        logits, classes, counts = drawn(seed)
        truth.append(classes[counts])
        answer.append(logits.argmax(1)[counts])
    t, a = torch.cat(truth), torch.cat(answer)
    assert metrics["mean_iou"] == pytest.approx(jaccard_score(t, a, average="macro"))
    assert metrics["pixel_accuracy"] == pytest.approx(accuracy_score(t, a))


def test_the_judge_agrees_with_scikit_learn_and_with_a_loop() -> None:
    logits, truth, _ = drawn(n=9)
    known = np.array([[[2, 2], [2, 0]]])
    judgement = judged(TASK, "segmentation", logits, truth, known=known)
    answer = logits.argmax(1)
    wanted = jaccard_score(truth.flatten(), answer.flatten(), average=None)
    assert column(table(judgement), "IoU") == pytest.approx(wanted.tolist())
    assert judgement.interval is not None
    assert judgement.interval.low < wanted.mean() < judgement.interval.high
    sky = truth.flatten() == 2
    assert judgement.baseline is not None
    assert judgement.baseline.score == pytest.approx(float(sky.double().mean()) / 3)
    by_image = [jaccard_score(truth[i].flatten(), answer[i].flatten(), average="macro") for i in range(9)]
    assert judgement.worst is not None
    assert [case.place for case in judgement.worst.cases] == np.argsort(by_image, kind="stable")[:8].tolist()
    assert judgement.worst.best == int(np.argmax(by_image))


def test_an_answer_is_the_likeliest_class_of_every_pixel() -> None:
    logits, _, _ = drawn()
    answers = segmentation(logits.numpy(), TASK.settings())
    for answer, each in zip(answers, logits.argmax(1), strict=True):
        mask = np.asarray(Pillow.open(io.BytesIO(base64.b64decode(answer["mask"]))))
        np.testing.assert_array_equal(mask, each)
        assert answer["classes"] == TASK.labels
        assert list(answer["shares"].values()) == pytest.approx([float((each == k).double().mean()) for k in range(3)])


def test_what_is_explained_is_the_mean_logit_over_the_region() -> None:
    logits, _, _ = drawn()
    explain = EXPLANATIONS.get("segmentation")
    targets = explain(TASK.settings(), logits, "sky")
    assert targets.names == ["sky"] * 5
    for row, score in enumerate(targets.scores(logits, targets.index).tolist()):
        region = logits[row].argmax(0) == 2
        assert score == pytest.approx(float(logits[row, 2][region].mean()))
    for row, sure in enumerate(targets.certainty(logits, targets.index).tolist()):
        p = torch.exp(logits[row]) / torch.exp(logits[row]).sum(0)
        assert sure == pytest.approx(float(p[2][logits[row].argmax(0) == 2].mean()), rel=1e-5)
    assert explain(TASK.settings(), logits, None).names == [
        TASK.labels[int(torch.bincount(each.flatten(), minlength=3).argmax())] for each in logits.argmax(1)
    ]
    nowhere = logits.clone()
    nowhere[:, 1] = -99
    assert explain(TASK.settings(), nowhere, "tree").scores(
        nowhere, explain(TASK.settings(), nowhere, "tree").index
    ).tolist() == pytest.approx([-99] * 5)
    with pytest.raises(UnknownName):
        explain(TASK.settings(), logits, "sea")


def test_the_head_draws_lines_between_pixels_up_to_the_masks() -> None:
    task = Segmentation(["a", "b", "c"], 16, 24)
    signals = {"image": parse("image:3x16x24")}
    small = ZOO.get("vgg")(stages=[[4], [5]])
    whole = assemble(ZOO.get("unet")(width=4, depth=2), task, signals)
    assert [node.name for node in whole.added["network"]] == ["conv2d"]
    model = build(whole.architecture, whole.inputs)
    assert model["network"](torch.randn(2, 3, 16, 24)).shape == (2, 3, 16, 24)
    half = assemble(ZOO.get("unet")(width=4, depth=2, stride=2), task, signals)
    assert [node.name for node in half.added["network"]] == ["conv2d", "upsample2d"]
    network = build(half.architecture, half.inputs)["network"].eval()
    logits: list[torch.Tensor] = []
    convolution = [module for module in network.modules() if isinstance(module, Conv2d)][-1]
    convolution.register_forward_hook(lambda _module, _inputs, output: logits.append(output))
    got = network(torch.randn(2, 3, 16, 24))
    assert logits[0].shape == (2, 3, 8, 12)
    torch.testing.assert_close(got, functional.interpolate(logits[0], size=(16, 24), mode="bilinear"))
    with pytest.raises(ArchitectureError, match="can't become a mask"):
        assemble(small, task, signals)


@pytest.mark.parametrize(
    ("width", "depth", "stride", "wanted"), [(64, 4, 1, 34_520_128), (5, 1, 1, None), (6, 2, 2, None)]
)
def test_a_unet_has_the_weights_of_its_formula(width: int, depth: int, stride: int, wanted: int | None) -> None:
    def conv(into: int, out: int) -> int:
        return 9 * into * out + 2 * out

    def level(into: int, width: int, depth: int) -> int:
        if not depth:
            return conv(into, width) + conv(width, width)
        below = level(width, 2 * width, depth - 1) + conv(2 * width, width)
        return conv(into, width) + conv(width, width) + below + conv(2 * width, width) + conv(width, width)

    with torch.device("meta"):
        model = build(
            ZOO.get("unet")(width=width, depth=depth, stride=stride), {"network": {"image": parse("image:3x64x64")}}
        )
    count = sum(each.numel() for each in model.parameters())
    assert count == (level(3, width, depth) if stride == 1 else conv(3, width) + level(width, width, depth))
    assert wanted in (None, count)


def test_an_overlay_shows_wrong_pixels_white_and_leaves_what_has_no_class_grey() -> None:
    image = torch.rand(3, 2, 3).numpy()
    image[:, 0, 0], image[:, 1, 2] = 1.0, 0.0  # the brightest and the darkest pixel
    counts, wrong = np.ones((2, 3), bool), np.zeros((2, 3), bool)
    counts[1, 2], wrong[0, 0], wrong[0, 1] = False, True, True
    pixels = overlay(image, np.arange(6).reshape(2, 3), counts, wrong)
    assert pixels[0, 0].tolist() == [255, 255, 255]
    assert pixels[1, 2].tolist() == [0, 0, 0]
    assert len({*pixels[0, 1].tolist()}) == 1
    assert pixels[0, 1, 0] > 255 / 2
    assert all(len({*pixels[row, column].tolist()}) > 1 for row, column in ((0, 2), (1, 0), (1, 1)))


def test_neighbouring_colours_of_a_palette_differ_in_hue_and_brightness() -> None:
    colours = palette(6)
    hue, _, value = np.array([colorsys.rgb_to_hsv(*colour / 255) for colour in colours]).T
    apart = np.abs(np.diff(hue))
    assert (np.minimum(apart, 1 - apart) > 0.2).all()
    assert (np.abs(np.diff(value)) > 0.2).all()


def test_an_overlay_of_an_image_of_one_colour() -> None:
    image, none = np.full((1, 2, 2), 0.3), np.zeros((2, 2), bool)
    assert not overlay(image, np.zeros((2, 2), np.int64), none, none).any()
