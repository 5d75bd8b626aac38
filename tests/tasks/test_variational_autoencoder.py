import base64
import io

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn
from torch.distributions import Bernoulli, Independent, Normal, kl_divergence

from weftnet.architecture.signal import parse
from weftnet.architecture.spec import Block
from weftnet.data.batch import Batch
from weftnet.errors import ArchitectureError, DataError, SettingError
from weftnet.tasks._task import noise
from weftnet.tasks.variational_autoencoder.task import VariationalAutoencoder

IMAGES = {"signal": "image:2x3x4", "mean": [0.3, 0.6], "scale": [0.2, 0.1], "latent": 3}
VECTORS = {"signal": "vector:5", "latent": 3, "deviation": 0.7}


class Reshaped(nn.Module):
    def __init__(self, inner, outer, shape):
        super().__init__()
        self.layer, self.shape = nn.Linear(inner, outer).double(), shape

    def forward(self, inputs, masks=None):
        x = inputs if isinstance(inputs, torch.Tensor) else next(iter(inputs.values()))
        return self.layer(x.flatten(1)).reshape(-1, *self.shape)


def model(n, shape):
    return nn.ModuleDict({"encoder": Reshaped(n, 6, (6,)), "decoder": Reshaped(3, n, shape)})


def batch(x):
    return Batch({"x": x}, {}, {}, torch.arange(len(x)))


def oracle(task, nets, x, seed):
    """log p(x|z) and KL by torch.distributions."""
    m, v = nets["encoder"](x).split(3, dim=1)
    q = Normal(m, v.exp().sqrt())
    kl = kl_divergence(Independent(q, 1), Independent(Normal(torch.zeros_like(m), torch.ones_like(m)), 1))
    z = m + q.stddev * noise(m.shape, m, torch.Generator().manual_seed(seed))
    y = nets["decoder"](z)
    if task.likelihood == "gaussian":
        return Normal(y, task.deviation).log_prob(x).flatten(1).sum(1), kl
    p = x * torch.tensor(task.scale).view(-1, 1, 1) + torch.tensor(task.mean).view(-1, 1, 1)
    return Bernoulli(logits=y, validate_args=False).log_prob(p).flatten(1).sum(1), kl


def images(count):
    pixels = torch.rand(count, 2, 3, 4, dtype=torch.float64)
    return (pixels - torch.tensor(IMAGES["mean"]).view(-1, 1, 1)) / torch.tensor(IMAGES["scale"]).view(-1, 1, 1)


@pytest.mark.parametrize("likelihood", ["gaussian", "bernoulli"])
def test_loss_and_gradients_equal_torch_distributions(likelihood):
    task = VariationalAutoencoder(**IMAGES, likelihood=likelihood, beta=1.7)
    nets, x = model(24, (2, 3, 4)), images(6)
    ((group, loss),) = task.losses(nets, batch(x), torch.Generator().manual_seed(5))
    log_p, kl = oracle(task, nets, x, 5)
    expected = (1.7 * kl - log_p).mean()
    assert group == "autoencoder"
    assert loss.item() == pytest.approx(expected.item(), abs=1e-6)
    parameters = list(nets.parameters())
    for got, wanted in zip(
        torch.autograd.grad(loss, parameters), torch.autograd.grad(expected, parameters), strict=True
    ):
        assert torch.allclose(got, wanted, atol=1e-6)


def test_evaluate_gives_nats_per_example():
    """β does not enter; short batches weigh by their size; ELBO = reconstruction − KL."""
    task, nets = VariationalAutoencoder(**VECTORS, beta=4.0), model(5, (5,))
    x = torch.randn(11, 5, dtype=torch.float64)
    metrics = task.evaluate(nets, [batch(x[:8]), batch(x[8:])])
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        log_p, kl = oracle(task, nets, x[:8], 0)
        noise((8, 3), x, generator)
        m, v = nets["encoder"](x[8:]).split(3, dim=1)
        y = nets["decoder"](m + (v / 2).exp() * noise((3, 3), x, generator))
        log_p = torch.cat([log_p, Normal(y, 0.7).log_prob(x[8:]).sum(1)])
        kl = torch.cat([kl, kl_divergence(Normal(m, (v / 2).exp()), Normal(0.0, 1.0)).sum(1)])
    assert metrics["reconstruction"] == pytest.approx(float(log_p.mean()), abs=1e-6)
    assert metrics["kl"] == pytest.approx(float(kl.mean()), abs=1e-6)
    assert metrics["elbo"] == pytest.approx(float((log_p - kl).mean()), abs=1e-6)


def test_pixels_outside_the_training_range_count_as_the_range():
    """A pixel of 1.3 that is redrawn as white would otherwise be likelier than certain."""
    task, nets = VariationalAutoencoder(**IMAGES, likelihood="bernoulli"), model(24, (2, 3, 4))
    nn.init.constant_(nets["decoder"].layer.bias, 50.0)
    mean, scale = (torch.tensor(IMAGES[key]).double().view(-1, 1, 1) for key in ("mean", "scale"))
    x = (torch.full((3, 2, 3, 4), 1.3, dtype=torch.float64) - mean) / scale
    assert -0.1 < task.evaluate(nets, [batch(x)])["reconstruction"] <= 0


def test_samples_are_pictures():
    nets = model(24, (2, 3, 4))
    for likelihood in ("bernoulli", "gaussian"):
        task = VariationalAutoencoder(**IMAGES, likelihood=likelihood)
        drawn = task.samples(nets, 7, torch.Generator().manual_seed(2))
        assert drawn.dtype == torch.uint8
        assert drawn.shape == (7, 2, 3, 4)
        z = noise((7, 3), torch.zeros(1, dtype=torch.float64), torch.Generator().manual_seed(2))
        y = nets["decoder"](z).detach()
        p = (
            y.sigmoid()
            if likelihood == "bernoulli"
            else y * torch.tensor([[[0.2]], [[0.1]]]) + torch.tensor([[[0.3]], [[0.6]]])
        )
        assert (drawn - (p.clamp(0, 1) * 255)).abs().max() <= 0.51


@pytest.mark.parametrize("draws", [0, 3])
@pytest.mark.parametrize("likelihood", ["gaussian", "bernoulli"])
def test_the_error_of_an_answer_by_torch_distributions(likelihood, draws):
    task = VariationalAutoencoder(**IMAGES, likelihood=likelihood)
    nets, x = model(24, (2, 3, 4)), images(6)
    with torch.inference_mode():
        answers = task.answers(task.infer(nets, batch(x), {"draws": draws}))
        m, v = nets["encoder"](x).split(3, dim=1)
        noises = np.random.default_rng(0).standard_normal((draws, 3)) if draws else np.zeros((1, 3))
        errors = []
        for each in noises:
            y = nets["decoder"](m + (v / 2).exp() * torch.from_numpy(each))
            p = x * torch.tensor(task.scale).view(-1, 1, 1) + torch.tensor(task.mean).view(-1, 1, 1)
            known = Normal(y, 1.0) if likelihood == "gaussian" else Bernoulli(logits=y, validate_args=False)
            errors.append(-known.log_prob(x if likelihood == "gaussian" else p.clamp(0, 1)).flatten(1).sum(1))
        kl = kl_divergence(Normal(m, v.exp().sqrt()), Normal(torch.zeros_like(m), torch.ones_like(m))).sum(1)
    expected = torch.stack(errors).mean(0) + kl
    assert [answer["error"] for answer in answers] == pytest.approx(expected.tolist(), rel=1e-6)
    assert [answer["latent"] for answer in answers] == m.tolist()
    with torch.inference_mode():
        assert [answer["values"] for answer in answers] == nets["decoder"](m).flatten(1).tolist()  # two channels


@pytest.mark.parametrize("likelihood", ["gaussian", "bernoulli"])
def test_an_answer_draws_what_samples_draw(likelihood):
    settings = {"signal": "image:3x3x4", "mean": [0.3, 0.6, 0.5], "scale": [0.2, 0.1, 0.3], "latent": 3}
    task = VariationalAutoencoder(**settings, likelihood=likelihood)
    nets, x = model(36, (3, 3, 4)), torch.randn(4, 3, 3, 4, dtype=torch.float64)
    with torch.inference_mode():
        outputs = task.infer(nets, batch(x))
    drawn = task.drawn(outputs["reconstruction"])
    for answer, pixels in zip(task.answers(outputs), drawn, strict=True):
        picture = np.asarray(Image.open(io.BytesIO(base64.b64decode(answer["picture"]))))
        assert np.abs(picture.astype(int) - pixels.permute(1, 2, 0).numpy().astype(int)).max() <= 1


class FakeData:
    name, target = "digits", None

    def __init__(self, columns=None, **signals):
        self.signals = {name: parse(text) for name, text in signals.items()}
        self.columns = columns or {}

    def state(self):
        return {"preprocessing": {"columns": self.columns}}


def test_from_data_learns_the_way_back_to_pixels():
    """The data give (raw − 50) / 25 of raw values between 10 and 210; pixels are (raw − 10) / 200."""
    column = {"kind": "image", "shift": [50.0, 110.0], "scale": [25.0, 40.0], "bounds": [10.0, 210.0]}
    task = VariationalAutoencoder.from_data(FakeData({"x": column}, image="image:2x3x4"), latent=4)
    assert task.settings() == {
        "signal": "image:2x3x4",
        "likelihood": "bernoulli",
        "latent": 4,
        "beta": 1.0,
        "deviation": 1.0,
        "mean": [pytest.approx(0.2), pytest.approx(0.5)],
        "scale": [pytest.approx(0.125), pytest.approx(0.2)],
    }
    assert VariationalAutoencoder.from_data(FakeData(table="vector:5")).likelihood == "gaussian"


def test_data_that_do_not_fit_are_refused():
    with pytest.raises(DataError, match=r"digits: there are several inputs(.|\n)*got: a, b"):
        VariationalAutoencoder.from_data(FakeData(a="vector:3", b="vector:4"))
    with pytest.raises(DataError, match="task language_model"):
        VariationalAutoencoder.from_data(FakeData(text="tokens:9,vocabulary=5"))
    with pytest.raises(DataError, match="all of one length"):
        VariationalAutoencoder.from_data(FakeData(steps="series:9x2,padded"))


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"signal": "vector:5", "likelihood": "bernoulli"}, "needs pixels"),
        ({"signal": "vector:5", "likelihood": "poisson"}, "no such likelihood"),
        ({"signal": "vector:5", "latent": 0}, "latent is out of range"),
        ({"signal": "vector:5", "beta": -1.0}, "beta is out of range"),
        ({"signal": "vector:5", "deviation": 0.0}, "deviation is out of range"),
        ({"signal": "image:1x2x2", "mean": [0.1]}, "go together"),
        ({"signal": "image:1x2x2", "mean": [0.1, 0.2], "scale": [1.0, 1.0]}, "each of 1 channels"),
        ({"signal": "vector:5", "mean": [0.1], "scale": [1.0]}, "no image"),
    ],
)
def test_bad_settings_are_refused(settings, text):
    with pytest.raises(SettingError, match=text):
        VariationalAutoencoder(**settings)


def test_inputs():
    signals = {"image": parse("image:2x3x4")}
    assert VariationalAutoencoder(**IMAGES).inputs(signals) == {
        "encoder": signals,
        "decoder": {"latent": parse("vector:3")},
    }


@pytest.mark.parametrize(
    ("part", "gives", "last", "head"),
    [
        ("encoder", "vector:64", "relu", [Block("dense", {"dim": 6})]),
        ("encoder", "vector:6", "dense", []),
        ("encoder", "image:8x5x4", "conv2d", [Block("flatten"), Block("dense", {"dim": 6})]),
        ("encoder", "series:8x5", "gru", [Block("flatten"), Block("dense", {"dim": 6})]),
        ("decoder", "vector:64", "relu", [Block("dense", {"dim": 24}), Block("reshape", {"shape": [2, 3, 4]})]),
        ("decoder", "vector:24", "dense", [Block("dense", {"dim": 24}), Block("reshape", {"shape": [2, 3, 4]})]),
        ("decoder", "image:2x3x4", "conv2d", []),
        ("decoder", "image:7x3x4", "relu", [Block("conv2d", {"channels": 2, "kernel": 1})]),
    ],
)
def test_head(part, gives, last, head):
    assert list(VariationalAutoencoder(**IMAGES).head(part, parse(gives), last)) == head


def test_head_of_vectors_and_sequences():
    assert list(VariationalAutoencoder(**VECTORS).head("decoder", parse("vector:8"), "relu")) == [
        Block("dense", {"dim": 5})
    ]
    series = VariationalAutoencoder("series:4x2", latent=3)
    assert list(series.head("decoder", parse("series:4x7"), "gru")) == [Block("dense", {"dim": 2})]


@pytest.mark.parametrize(
    ("part", "gives", "last", "text"),
    [
        ("decoder", "image:2x6x4", "conv2d", r"reads: image .channels 2×height 3×width 4., or any vector"),
        ("decoder", "image:2x3x4", "sigmoid", "remove the sigmoid"),
        ("decoder", "image:2x3x4", "tanh", "remove the tanh"),
        ("encoder", "vector:6", "relu", "remove the relu"),
        ("encoder", "tokens:6", None, "given: tokens"),
    ],
)
def test_heads_that_can_not_be(part, gives, last, text):
    with pytest.raises(ArchitectureError, match=text):
        VariationalAutoencoder(**IMAGES, likelihood="bernoulli").head(part, parse(gives), last)


def test_an_activation_that_reaches_all_the_data_is_right():
    """Images scaled to [−1, 1] end well in tanh; scaled to [0, 1] in a sigmoid."""
    signed = VariationalAutoencoder("image:1x2x2", mean=[0.5], scale=[0.5])
    unit = VariationalAutoencoder("image:1x2x2", mean=[0.0], scale=[1.0])
    assert signed.head("decoder", parse("image:1x2x2"), "tanh") == ()
    assert unit.head("decoder", parse("image:1x2x2"), "sigmoid") == ()
    assert unit.head("decoder", parse("image:1x2x2"), "relu") == ()
    with pytest.raises(ArchitectureError, match="reads: -1 to 1\n  given: 0 to 1"):
        signed.head("decoder", parse("image:1x2x2"), "sigmoid")
