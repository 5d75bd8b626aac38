"""Every family of networks is written with the same numbers, for every batch size and length: ONNX and torch.export."""

from pathlib import Path
from typing import Any

import pytest
import torch
from oracles import unchecked

from weftnet.architecture.reading import load
from weftnet.architecture.signal import Signal, parse
from weftnet.architecture.spec import Architecture, Block, Chain, Shared
from weftnet.compose import build
from weftnet.compose.network import Network
from weftnet.export.parity import check, random_inputs
from weftnet.export.targets import TARGETS
from weftnet.zoo import ZOO

EXAMPLES = Path(__file__).parents[2] / "examples"
#: zoo entry → a size that is written at once, and what it reads
FAMILIES: dict[str, tuple[dict[str, Any], str]] = {
    "resnet_small": ({"blocks": 1, "width": 4}, "image:3x9x8"),
    "vit": ({"patch": 4, "dim": 12, "depth": 1, "heads": 3}, "image:3x8x12"),
    "row_lstm": ({"hidden": 8}, "image:3x6x5"),
    "text_cnn": ({"dim": 8, "filters": 5, "kernels": [3]}, "tokens:19,vocabulary=13,padded"),
}
SLOW: dict[str, tuple[dict[str, Any], str]] = {
    "mlp": ({"widths": [12, 10], "dropout": 0.1}, "image:1x8x8"),
    "cnn": ({"widths": [4, 6]}, "image:1x12x12"),
    "tabular": ({"dim": 8, "hidden": 12, "blocks": 1}, "vector:7"),
    "real_mlp": ({"widths": [12, 10], "frequencies": 3}, "vector:7"),
    "tabm": ({"widths": [12, 10], "members": 3, "bins": 4, "dim": 3, "columns": [1] * 4 + [3]}, "vector:7"),
    "ft_transformer": ({"dim": 12, "depth": 1, "heads": 3, "columns": [1] * 4 + [3]}, "vector:7"),
    "text_bag": ({"dim": 8}, "tokens:19,vocabulary=13,padded"),
    "text_lstm": ({"dim": 8, "hidden": 6, "bidirectional": True}, "tokens:19,vocabulary=13,padded"),
    "text_transformer": ({"dim": 8, "heads": 2}, "tokens:19,vocabulary=13,padded"),
    "char_lstm": ({"dim": 6, "hidden": 10}, "tokens:9,vocabulary=13"),
    "char_transformer": ({"dim": 16, "depth": 2}, "tokens:9,vocabulary=13"),
    "hybrid": ({"widths": [4, 6], "hidden": 8}, "image:1x8x12"),
    "lenet": ({}, "image:3x32x32"),
    "linear": ({}, "vector:7"),
    "resnet": ({"stem": "small"}, "image:3x16x16"),
    "series_cnn": ({"widths": [5, 6], "kernels": [8, 3]}, "series:24x3,padded"),
    "series_lstm": ({"hidden": 8}, "series:24x3,padded"),
    "series_transformer": ({"dim": 8, "heads": 2}, "series:24x3,padded"),
    "unet": ({"width": 4, "depth": 2}, "image:3x8x12"),
    "vgg": ({"stages": [[4, 4], [6]]}, "image:3x9x8"),
    "mel_statistics": (
        {"window": 20, "hop": 10, "bands": 3, "rate": 200, "widths": [8]},
        "wave:1000,rate=200,padded",
    ),
}
#: the others: the sizes that the entry itself is tried at
for _name in ZOO.names():
    _made, _reads = ZOO.module(_name).example()
    if isinstance(_reads, str):  # a single network
        SLOW.setdefault(_name, (_made, _reads))
RECURRENT = [
    ("lstm", {"bidirectional": True, "layers": 2}),
    ("gru", {"bidirectional": True, "layers": 2}),
    ("rnn", {"bidirectional": True, "layers": 2, "nonlinearity": "relu"}),
    ("rnn", {}),
]


def network(architecture: Architecture, signals: dict[str, Signal]) -> Network:
    torch.manual_seed(0)
    model = build(architecture, {"network": signals})["network"].eval()
    with torch.no_grad():
        for parameter in model.parameters():  # no fault may hide behind a bias of zero
            parameter.add_(0.1 * torch.randn_like(parameter))
    assert isinstance(model, Network)
    return model


def agree(model: Network, signals: dict[str, Signal], target: str, folder: Path) -> None:
    way = TARGETS.get(target)()
    path = folder / f"model{way.suffix}"
    with unchecked():
        captured = way.write(model, signals, path)
        compared, differing = check(model, signals, way.open(path), random_inputs(signals, captured.free))
    assert differing is None, compared[-1]
    lengths = 4 if any(signal.padded for signal in signals.values()) else 1
    assert len(compared) == 4 * lengths, "a signature was left out"
    assert all(captured.free.values()), "a time axis is fixed"


@pytest.mark.slow
@pytest.mark.parametrize("name", FAMILIES)
def test_a_family_as_onnx(name: str, tmp_path: Path) -> None:
    settings, text = FAMILIES[name]
    signals = {"x": parse(text)}
    agree(network(ZOO.get(name)(**settings), signals), signals, "onnx", tmp_path)


def test_a_family_as_a_program(tmp_path: Path) -> None:
    settings, text = SLOW["text_bag"]
    signals = {"x": parse(text)}
    agree(network(ZOO.get("text_bag")(**settings), signals), signals, "torch_export", tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("target", TARGETS.names())
def test_weights_by_tfidf(target: str, tmp_path: Path) -> None:
    bag = Block("ngram_bag", {"dim": 5, "buckets": 40, "longest": 3, "weighting": "tfidf"})
    signals = {"x": parse("tokens:9,vocabulary=4,padded")}
    agree(network(Architecture.of(bag), signals), signals, target, tmp_path)


@pytest.mark.parametrize("target", TARGETS.names())
def test_shared_weights(target: str, tmp_path: Path) -> None:
    tied = Chain((Block("embedding", {"dim": 6}, "words"), Block("tanh"), Shared("words", transposed=True)))
    signals = {"x": parse("tokens:9,vocabulary=13")}
    agree(network(Architecture.of(tied), signals), signals, target, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize(("block", "settings"), RECURRENT)
@pytest.mark.parametrize("target", TARGETS.names())
@pytest.mark.parametrize("text", ["series:12x3,padded", "series:12x3"])
def test_every_recurrent_block(block: str, settings: dict[str, Any], target: str, text: str, tmp_path: Path) -> None:
    signals = {"x": parse(text)}
    model = network(Architecture.of(Chain((Block(block, {"dim": 5, **settings}),))), signals)
    agree(model, signals, target, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("target", TARGETS.names())
@pytest.mark.parametrize("name", [*FAMILIES, *SLOW])
def test_every_family(name: str, target: str, tmp_path: Path) -> None:
    settings, text = {**FAMILIES, **SLOW}[name]
    signals = {"x": parse(text)}
    agree(network(ZOO.get(name)(**settings), signals), signals, target, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("target", TARGETS.names())
@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_example(path: Path, target: str, tmp_path: Path) -> None:
    architecture = load(path)
    if set(architecture.parts) != {"network"}:
        pytest.skip("has several parts")
    signals = {name: parse(text) for name, text in architecture.inputs.items()}
    agree(network(architecture, signals), signals, target, tmp_path)
