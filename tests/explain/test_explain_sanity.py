"""The checks tell an explanation from an edge detector, and one that finds what counts from one that guesses."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from explain_nets import batch, loaded, texts

from weftnet.architecture.reading import from_dict
from weftnet.data import Batch, open_data
from weftnet.explain import METHODS, attribute, checks, verdicts
from weftnet.explain.attributing import build_request, views_of
from weftnet.explain.deletion import areas, attribution_order, coarse, random_order, real_pieces
from weftnet.explain.ranks import rank_correlation, ranks, sobel
from weftnet.explain.request import Attribution, AttributionRequest
from weftnet.explain.targets import choose
from weftnet.run.loading import Loaded, load
from weftnet.tasks import TASKS
from weftnet.train import Recipe, fit


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> tuple[Loaded, Batch]:
    """A small convolutional network that classifies most digits correctly, and some test digits."""
    data = open_data("digits")
    node = [
        {"conv2d": {"channels": 12}},
        "relu",
        {"max_pool2d": {"size": 2}},
        "flatten",
        {"dense": {"dim": 32}},
        "relu",
    ]
    task = TASKS.get("classification").from_data(data)
    recipe = Recipe(epochs=6, batch_size=32, lr=3e-3)
    net = load(fit(from_dict(node), task, data, recipe, tmp_path_factory.mktemp("digits") / "run"))
    assert net.metrics(data, "test")["accuracy"] > 0.9
    return net, next(data.batches("test", 16))


def edge_detector(request: AttributionRequest) -> Attribution:
    """A method that ignores the network."""
    pictures = request.inputs["image"].mean(1).numpy()
    return Attribution({"image": torch.from_numpy(np.stack([sobel(picture) for picture in pictures])).float()})


@pytest.fixture(scope="module")
def of_integrated_gradients(digits: tuple[Loaded, Batch]) -> dict[str, float]:
    """The checks of integrated gradients on the digits."""
    return checks(*digits, "integrated_gradients", seed=1)


def test_integrated_gradients_depend_on_the_network(of_integrated_gradients: dict[str, float]) -> None:
    assert abs(of_integrated_gradients["randomised"]) < 0.2
    assert of_integrated_gradients["randomised_magnitude"] < 0.5
    assert abs(of_integrated_gradients["edges"]) < 0.5
    assert verdicts(of_integrated_gradients)["depends on the trained weights"][0] == "yes"


def test_an_edge_detector_does_not(digits: tuple[Loaded, Batch], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(METHODS._entries, "edge_detector", edge_detector)
    figures = checks(*digits, "edge_detector", seed=1)
    assert figures["randomised"] == pytest.approx(1)
    assert figures["edges"] > 0.999
    assert verdicts(figures)["depends on the trained weights"][0] == "no"


def test_removing_the_strongest_pieces_hurts_more_than_chance(
    digits: tuple[Loaded, Batch], of_integrated_gradients: dict[str, float]
) -> None:
    for figures in (of_integrated_gradients, checks(*digits, "occlusion", seed=1)):
        assert figures["deletion"] < 0.5 * figures["deletion_random"]
        assert figures["deletion_wins"] > 0.9
        assert verdicts(figures)["finds what the answer relies on"][0] == "yes"


def test_the_checks_follow_from_the_seed(tmp_path: Path) -> None:
    node = [{"conv2d": {"channels": 2}}, "relu", "flatten", {"dense": {"dim": 3}}]
    net = loaded(tmp_path, node, {"image": "image:1x3x4"})
    examples = batch({"image": torch.randn(2, 1, 3, 4, dtype=torch.float64)})
    first = checks(net, examples, "grad_cam", seed=2)
    assert checks(net, examples, "grad_cam", seed=2) == first
    assert checks(net, examples, "grad_cam", seed=3) != first


@pytest.mark.parametrize(
    ("signed", "plain", "wins", "answers"),
    [(0.1, 0.4, 0.9, ("yes", "yes")), (0.1, 0.8, 0.7, ("by sign", "no")), (0.7, 0.2, 0.8, ("no", "yes"))],
)
def test_what_the_figures_mean(signed: float, plain: float, wins: float, answers: tuple[str, str]) -> None:
    figures = {"randomised": signed, "randomised_magnitude": plain, "deletion": 0.2, "deletion_random": 0.6}
    results = verdicts({**figures, "deletion_wins": wins})
    assert tuple(answer for answer, _ in results.values()) == answers
    assert all(figure in " ".join(why for _, why in results.values()) for figure in (f"{signed:.2f}", "0.2", "0.6"))


def request_for(net: Loaded, examples: Batch) -> AttributionRequest:
    return build_request(net, examples, views_of(net), choose(net, net.outputs(examples), None), 64)


def test_the_deletion_curve_is_the_area_of_a_plain_loop(tmp_path: Path) -> None:
    node = [{"embedding": {"dim": 4}}, {"lstm": {"dim": 5}}, "last_step", {"dense": {"dim": 3}}]
    net, examples = loaded(tmp_path, node, {"tokens": "tokens:9,vocabulary=30,padded"}), texts()
    request = request_for(net, examples)
    like = {"tokens": torch.randn(4, 9, dtype=torch.float64)}
    got = areas(request, like, attribution_order(request, like))
    for row in range(4):
        tokens, mask = examples.inputs["tokens"][row].clone(), examples.masks["tokens"][row]
        length = int(mask.sum())
        order = like["tokens"][row][:length].argsort(descending=True).tolist()
        curve = []
        for gone in [round(length * point / 9) for point in range(10)]:  # the longest text has 9 tokens: 9 points
            left = tokens.clone()
            left[order[:gone]] = 1
            outputs = net.model["network"]({"tokens": left[None]}, {"tokens": mask[None]})
            curve.append(outputs.softmax(1)[0, request.targets.index[row]].item())
        wanted = sum((a + b) / 2 for a, b in pairwise(curve)) / 9
        assert got[row] == pytest.approx(wanted)


def test_a_random_order_takes_every_real_piece_once_and_padding_last(tmp_path: Path) -> None:
    node = [{"embedding": {"dim": 4}}, "global_average_pool1d", {"dense": {"dim": 3}}]
    net, examples = loaded(tmp_path, node, {"tokens": "tokens:9,vocabulary=30,padded"}), texts()
    request, like = request_for(net, examples), {"tokens": torch.zeros(4, 9)}
    order = random_order(request, like, torch.Generator().manual_seed(0))
    for row, length in enumerate(examples.masks["tokens"].sum(1).tolist()):
        assert sorted(order[row].tolist()) == list(range(9))
        assert set(order[row, :length].tolist()) == set(range(length))


def test_checks_of_a_table_with_a_text_and_of_a_regression(tmp_path: Path) -> None:
    node = [{"dense": {"dim": 6}}, "tanh", {"dense": {"dim": 1}}]
    net = loaded(tmp_path, node, {"x": "vector:8"}, labels=None)
    figures = checks(net, batch({"x": torch.randn(6, 8, dtype=torch.float64)}), "integrated_gradients")
    assert set(figures) == {"randomised", "randomised_magnitude", "deletion", "deletion_random", "deletion_wins"}
    # what raises the value is removed first, so that it falls at once
    assert figures["deletion"] < figures["deletion_random"]


def test_a_long_wave_is_judged_by_segments(tmp_path: Path) -> None:
    node = [{"conv1d": {"dim": 4, "kernel": 3}}, "relu", "global_average_pool1d", {"dense": {"dim": 3}}]
    net = loaded(tmp_path, node, {"wave": "wave:150,padded"})
    mask = torch.arange(150) < torch.tensor([150, 70])[:, None]
    x = torch.randn(2, 150, 1, dtype=torch.float64) * mask[..., None]
    request = request_for(net, batch({"wave": x}, {"wave": mask}))
    like = coarse(request, {"wave": x})
    assert like["wave"].shape == (2, 50, 1)  # three steps each: 150 / 3
    assert torch.allclose(like["wave"][:, 7], x[:, 21:24].sum(1))
    assert real_pieces(request, like).sum(1).tolist() == [50, 24]
    order = attribution_order(request, like)
    got = areas(request, like, order)
    gone = [set(order[0, : round(50 * point / 32)].tolist()) for point in range(33)]
    curve = []
    for segments in gone:
        left = x[:1].clone()
        for segment in segments:
            left[:, 3 * segment : 3 * segment + 3] = 0
        outputs = net.outputs(batch({"wave": left}, {"wave": mask[:1]}))
        curve.append(outputs.softmax(1)[0, request.targets.index[0]].item())
    assert got[0] == pytest.approx(sum((a + b) / 2 for a, b in pairwise(curve)) / 32)


def test_ranks_are_scipy_s() -> None:
    stats: Any = pytest.importorskip("scipy.stats")
    values, others = np.random.default_rng(0).integers(0, 6, 40), np.random.default_rng(1).random(40)
    assert np.array_equal(ranks(values), stats.rankdata(values))
    assert rank_correlation(values, others) == pytest.approx(stats.spearmanr(values, others).statistic)
    assert rank_correlation(np.ones(5), others[:5]) == 0


def test_edges_are_scipy_s() -> None:
    images: Any = pytest.importorskip("scipy.ndimage")
    picture = np.random.default_rng(0).random((6, 9))
    wanted = np.hypot(images.sobel(picture, 0, mode="nearest"), images.sobel(picture, 1, mode="nearest"))
    assert np.allclose(sobel(picture), wanted)


def test_explanations_hold_what_was_measured(digits: tuple[Loaded, Batch]) -> None:
    net, examples = digits
    for each in attribute(net, examples.slice(0, 2), steps=200):
        assert each.checks["completeness"] < 0.02 * abs(each.score)
