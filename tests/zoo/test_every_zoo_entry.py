"""The contract of every zoo entry: it reads back from YAML, builds, trains, exports, and is as large as it says."""

import inspect
import re
from collections.abc import Mapping
from typing import Any

import pytest
import torch
from oracles import same, unchecked
from torch import nn

from weftnet.architecture.reading import read_text
from weftnet.architecture.signal import Signal, parse
from weftnet.architecture.spec import Architecture, to_yaml
from weftnet.compose import build
from weftnet.tasks import TASKS
from weftnet.tasks._assemble import assemble
from weftnet.zoo import ZOO

BATCH = 4
#: Each entry in a size that trains at once, and what it reads. A new entry needs a line here.
SMALL: dict[str, tuple[dict[str, Any], str]] = {
    "autoencoder": ({"shape": [1, 8, 8], "widths": [12], "latent": 5}, "image:1x8x8"),
    "char_lstm": ({"dim": 6, "hidden": 10, "dropout": 0.1}, "tokens:9,vocabulary=13"),
    "char_transformer": ({"dim": 16, "depth": 2, "dropout": 0.1}, "tokens:9,vocabulary=13"),
    "cnn": ({"widths": [4, 6, 8]}, "image:1x28x28"),
    "gan_conv": ({"shape": [1, 8, 8], "widths": [4, 6]}, "image:1x8x8"),
    "gan_dense": ({"widths": [12, 10]}, "image:1x8x8"),
    "hybrid": ({"widths": [4, 6], "hidden": 8}, "image:1x8x12"),
    "lenet": ({}, "image:3x32x32"),
    "linear": ({}, "vector:7"),
    "mlp": ({"widths": [12, 10], "dropout": 0.1}, "image:1x8x8"),
    "resnet": ({"stem": "small"}, "image:3x16x16"),
    "resnet_small": ({"blocks": 1, "width": 4}, "image:3x9x8"),
    "row_lstm": ({"hidden": 8, "layers": 2}, "image:3x6x5"),
    "series_cnn": ({"widths": [5, 6], "kernels": [8, 3]}, "series:12x3,padded"),
    "series_lstm": ({"hidden": 8, "dropout": 0.1}, "series:12x3,padded"),
    "series_transformer": ({"dim": 8, "heads": 2}, "series:12x3,padded"),
    "tabular": ({"dim": 8, "hidden": 12}, "vector:7"),
    "text_bag": ({"dim": 8}, "tokens:9,vocabulary=13,padded"),
    "text_cnn": ({"dim": 8, "filters": 5}, "tokens:9,vocabulary=13,padded"),
    "text_lstm": ({"dim": 8, "hidden": 6, "bidirectional": True}, "tokens:9,vocabulary=13,padded"),
    "text_transformer": ({"dim": 8, "heads": 2}, "tokens:9,vocabulary=13,padded"),
    "vae_conv": ({"shape": [1, 8, 8], "widths": [4, 6]}, "image:1x8x8"),
    "vae_dense": ({"widths": [12, 9]}, "image:1x8x8"),
    "vgg": ({"stages": [[4, 4], [6]], "dropout": 0.1}, "image:3x9x8"),
    "vit": ({"patch": 4, "dim": 12, "depth": 2, "heads": 3}, "image:3x8x12"),
}
#: (entry, settings, input, parameters) as published, or as the formula in the entry's docstring has it.
VGG16 = [[64, 64], [128, 128], [256] * 3, [512] * 3, [512] * 3]
PUBLISHED: list[tuple[str, dict[str, Any], str, int]] = [
    ("linear", {"classes": 10}, "image:1x28x28", 7_850),
    ("mlp", {"widths": [512, 512], "classes": 10}, "image:1x28x28", 669_706),  # PyTorch's quickstart
    ("cnn", {"classes": 10}, "image:1x28x28", 93_322),  # Chollet's listing 5.2
    ("cnn", {"classes": 10}, "image:3x32x32", 122_570),  # TensorFlow's CIFAR tutorial
    ("lenet", {"classes": 10}, "image:3x32x32", 62_006),
    ("resnet", {"depth": 18, "classes": 1000}, "image:3x224x224", 11_689_512),  # torchvision's documentation
    ("resnet", {"depth": 34, "classes": 1000}, "image:3x224x224", 21_797_672),
    ("resnet", {"depth": 50, "classes": 1000}, "image:3x224x224", 25_557_032),
    ("resnet", {"depth": 18, "stem": "small", "classes": 10}, "image:3x32x32", 11_173_962),
    ("resnet_small", {"classes": 10}, "image:3x32x32", 272_474),
    ("vgg", {"stages": VGG16, "classes": 10}, "image:3x32x32", 14_728_266 - 4_224),  # no biases before a norm
    ("vit", {"classes": 1000}, "image:3x224x224", 86_567_656),  # torchvision's documentation
    ("text_cnn", {"classes": 2}, "tokens:50,vocabulary=1", 360_902 + 300),
    ("text_lstm", {"classes": 2}, "tokens:50,vocabulary=10000", 1_280_000 + 49_664 + 33_280 + 130),
    ("text_transformer", {"classes": 2}, "tokens:50,vocabulary=1", 100_226 + 64),
    ("text_bag", {"classes": 2}, "tokens:50,vocabulary=1000", 1000 * 64 + 65 * 2),
    ("row_lstm", {"classes": 10}, "image:1x28x28", 4 * 128 * (28 + 128 + 2) + 129 * 10),
    ("hybrid", {"classes": 10}, "image:1x28x28", 366_314),
    ("series_cnn", {"classes": 2}, "series:96x1", 264_450),
    ("series_lstm", {"classes": 2}, "series:96x7", 4 * 64 * (7 + 66) + 4 * 64 * 130 + 65 * 2),
    ("series_transformer", {"classes": 2}, "series:96x7", 64 * 7 + 100_160 + 65 * 2),
    ("tabular", {"classes": 2}, "vector:13", 14 * 128 + 2 * (2 * 128 * 256 + 3 * 128 + 256) + 2 * 128 + 129 * 2),
    ("char_transformer", {}, "tokens:64,vocabulary=65", 809_856),
    ("char_lstm", {}, "tokens:64,vocabulary=65", 826_240),
    ("autoencoder", {}, "image:1x28x28", 222_384),
    ("vae_dense", {}, "image:1x28x28", 652_824),  # PyTorch's example of a VAE
    ("vae_conv", {}, "image:1x28x28", 205_825),
    ("gan_dense", {}, "image:1x28x28", 550_929),
    ("gan_conv", {}, "image:1x28x28", 292_578),
]
LATENT = {"autoencoder": 32, "vae_dense": 20, "vae_conv": 16, "gan_dense": 64, "gan_conv": 64}
every = pytest.mark.parametrize("name", ZOO.names())


def complete(architecture: Architecture, signal: Signal, latent: int) -> tuple[Architecture, Any]:
    """The architecture with its heads where it has parts, and what each part reads."""
    parts = set(architecture.parts)
    if parts == {"network"}:
        return architecture, {"network": {"x": signal}}
    scaled = {"signal": signal.text(), "latent": latent, "mean": [0.1], "scale": [0.3]}
    if parts == {"generator", "critic"}:
        assembled = assemble(architecture, TASKS.get("gan")(**scaled), {"x": signal})
    elif architecture.parts["encoder"].nodes[-1].settings.get("dim") == latent:  # an autoencoder has all it needs
        return architecture, {"encoder": {"x": signal}, "decoder": {"z": parse(f"vector:{latent}")}}
    else:
        task = TASKS.get("variational_autoencoder")(likelihood="bernoulli", **scaled)
        assembled = assemble(architecture, task, {"x": signal})
    return assembled.architecture, assembled.inputs


def small(name: str) -> tuple[Architecture, Mapping[str, Mapping[str, Signal]], nn.ModuleDict]:
    settings, text = SMALL[name]
    architecture, inputs = complete(ZOO.get(name)(**settings), parse(text), settings.get("latent", 5))
    return architecture, inputs, build(architecture, inputs)


def batch(signal: Signal) -> tuple[torch.Tensor, torch.Tensor | None]:
    mask = None
    if signal.padded:
        mask = torch.arange(signal.size("time")) < torch.tensor([[signal.size("time") - 2 * i] for i in range(BATCH)])
    if signal.dtype == "int":
        return torch.randint(signal.known["vocabulary"], signal.shape(BATCH)), mask
    return torch.randn(signal.shape(BATCH)), mask


def test_every_entry_has_a_small_size_and_a_published_one() -> None:
    assert sorted(SMALL) == ZOO.names()
    assert sorted({name for name, *_ in PUBLISHED}) == ZOO.names()


@pytest.mark.parametrize(("name", "settings", "text", "parameters"), PUBLISHED)
def test_the_parameters_are_as_many_as_published(name: str, settings: Any, text: str, parameters: int) -> None:
    architecture, inputs = complete(ZOO.get(name)(**settings), parse(text), LATENT.get(name, 0))
    with torch.device("meta"):
        model = build(architecture, inputs)
    assert sum(parameter.numel() for parameter in model.parameters()) == parameters


@every
def test_it_reads_back_from_yaml(name: str) -> None:
    for settings in ({}, SMALL[name][0]):
        architecture = ZOO.get(name)(**settings)
        assert read_text(to_yaml(architecture)) == (architecture, [])


@every
def test_classes_append_one_dense_layer(name: str) -> None:
    entry = ZOO.get(name)
    if "classes" not in inspect.signature(entry).parameters:
        pytest.skip("a network of parts: its task appends the heads")
    settings, text = SMALL[name]
    features, classifier = entry(**settings).parts["network"], entry(**settings, classes=7)
    assert classifier.parts["network"].nodes[:-1] == features.nodes
    model = build(classifier, {"network": {"x": parse(text)}})
    assert model["network"].gives.size("dim") == 7


@every
def test_a_step_lowers_the_loss_and_reaches_every_parameter(name: str) -> None:
    _, inputs, model = small(name)
    for part, network in model.items():
        (signal,) = inputs[part].values()
        x, mask = batch(signal)
        masks = {} if mask is None else {next(iter(inputs[part])): mask}
        target = torch.randn_like(network(x, masks))
        parameters = list(network.parameters())
        if not parameters:  # the linear baseline without its classes
            continue
        optimiser = torch.optim.Adam(parameters, 1e-3)
        losses = []
        for _ in range(8):
            torch.manual_seed(0)  # the same dropout each time
            loss = (network(x, masks) - target).square().mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            losses.append(float(loss.detach()))
        assert losses[-1] < losses[0]
        assert all(parameter.grad is not None for parameter in parameters)


@every
@pytest.mark.filterwarnings("ignore:The tensor attributes? self:UserWarning")
def test_the_exported_network_gives_the_same_numbers(name: str) -> None:
    if name == "resnet":
        pytest.skip("18 layers take seconds; resnet_small is made of the same blocks")
    _, inputs, model = small(name)
    for part, network in model.items():
        (signal,) = inputs[part].values()
        x, _ = batch(signal)
        network = network.eval()
        with unchecked():
            exported = torch.export.export(network, (x,)).module()
        same(exported(x.flip(0)), network(x.flip(0)), 1e-5)


@every
def test_the_docstring_names_its_source_and_every_argument(name: str) -> None:
    text = ZOO.module(name).__doc__ or ""
    assert re.search(r"^Source: .*\b(1[89]|20)\d\d\b.*https://", text, re.MULTILINE | re.DOTALL)
    assert "Parameters:" in text
    document = inspect.getdoc(ZOO.get(name)) or ""
    for argument, parameter in inspect.signature(ZOO.get(name)).parameters.items():
        assert f"    {argument}: " in document
        assert parameter.default is not inspect.Parameter.empty, "an entry stands without settings"
