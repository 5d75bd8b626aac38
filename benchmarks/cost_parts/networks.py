"""The networks of benchmarks/cost.py: entries of the zoo, chains it has no entry of, architectures drawn by seed."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from weftnet.architecture.reading import from_dict
from weftnet.architecture.signal import Signal, parse
from weftnet.architecture.spec import Node, to_yaml
from weftnet.compose import resolve
from weftnet.compose.flow import Resolved
from weftnet.compose.generate import draw
from weftnet.compose.inputs import inputs_of
from weftnet.zoo import ZOO

#: family, entry, its settings, what it reads
ENTRIES: tuple[tuple[str, str, dict[str, Any], str], ...] = (
    ("dense", "linear", {"classes": 10}, "image:1x28x28"),
    ("dense", "mlp", {"classes": 10}, "image:1x28x28"),
    ("dense", "mlp", {"widths": [1024, 1024, 512], "dropout": 0.2, "classes": 10}, "image:3x32x32"),
    ("dense", "tabular", {"classes": 2}, "vector:13"),
    ("dense", "autoencoder", {}, "image:1x28x28"),
    ("dense", "vae_dense", {}, "image:1x28x28"),
    ("dense", "gan_dense", {}, "image:1x28x28"),
    ("convolution", "cnn", {"classes": 10}, "image:1x28x28"),
    ("convolution", "lenet", {"classes": 10}, "image:3x32x32"),
    ("convolution", "resnet", {"stem": "small", "classes": 10}, "image:3x32x32"),
    ("convolution", "resnet_small", {"classes": 10}, "image:3x32x32"),
    ("convolution", "vgg", {"stages": [[32, 32], [64, 64]], "dropout": 0.3, "classes": 10}, "image:3x32x32"),
    ("convolution", "series_cnn", {"classes": 2}, "series:96x7"),
    ("convolution", "vae_conv", {}, "image:1x28x28"),
    ("convolution", "gan_conv", {}, "image:1x28x28"),
    ("convolution", "text_cnn", {"classes": 2}, "tokens:50,vocabulary=5000,padded"),
    ("recurrent", "row_lstm", {"classes": 10}, "image:1x28x28"),
    ("recurrent", "hybrid", {"classes": 10}, "image:1x28x28"),
    ("recurrent", "series_lstm", {"classes": 2}, "series:96x7"),
    ("recurrent", "series_lstm", {"classes": 2}, "series:96x7,padded"),
    ("recurrent", "text_lstm", {"classes": 2}, "tokens:50,vocabulary=5000,padded"),
    ("recurrent", "char_lstm", {}, "tokens:64,vocabulary=65"),
    ("attention", "char_transformer", {}, "tokens:64,vocabulary=65"),
    ("attention", "series_transformer", {"classes": 2}, "series:96x7"),
    ("attention", "text_transformer", {"classes": 2}, "tokens:50,vocabulary=5000,padded"),
    ("attention", "vit", {"patch": 4, "dim": 96, "depth": 4, "heads": 4, "classes": 10}, "image:3x32x32"),
    ("dense", "text_bag", {"classes": 2}, "tokens:50,vocabulary=5000,padded"),
)
#: what the zoo has no entry of
CHAINS: tuple[tuple[str, list[Any], str], ...] = (
    ("recurrent", [{"gru": {"dim": 64}}, "last_step", {"dense": {"dim": 2}}], "series:96x7"),
    ("recurrent", [{"gru": {"dim": 48, "layers": 2, "bidirectional": True}}, "last_step"], "series:48x16,padded"),
    ("recurrent", [{"rnn": {"dim": 64}}, "last_step", {"dense": {"dim": 2}}], "series:96x7"),
    (
        "recurrent",
        [{"embedding": {"dim": 48}}, {"gru": {"dim": 96}}, {"dense": {"dim": 65}}],
        "tokens:64,vocabulary=65",
    ),
    ("recurrent", [{"lstm": {"dim": 64, "layers": 2, "bidirectional": True}}, "global_max_pool1d"], "series:48x16"),
    (
        "convolution",
        [
            {"separable_conv2d": {"channels": 32}},
            "batch_norm2d",
            "relu",
            "max_pool2d",
            {"separable_conv2d": {"channels": 64}},
            "group_norm",
            "silu",
            "global_average_pool2d",
        ],
        "image:3x32x32",
    ),
    (
        "convolution",
        [
            {"patchify": {"size": 4}},
            {"dense": {"dim": 64}},
            {
                "repeat": {
                    "times": 3,
                    "body": [{"residual": ["layer_norm", {"conv1d": {"dim": 64, "kernel": 5}}, "gelu"]}],
                }
            },
            "attention_pool",
        ],
        "image:3x32x32",
    ),
)
#: first seed of those that nobody looked at
FRESH = 5000
#: what drawn architectures read; each is drawn with several seeds
DRAWN: tuple[str | dict[str, str], ...] = (
    "image:3x32x32", "series:64x24", "series:48x16,padded", "tokens:64,vocabulary=2000",
    "tokens:40,vocabulary=500,padded", "vector:64", {"a": "series:32x16", "b": "image:3x24x24"},
)  # fmt: skip
#: length of the noise or code that a decoder or generator reads
LATENT = {"autoencoder": 32, "vae_dense": 20, "vae_conv": 16, "gan_dense": 64, "gan_conv": 64}


@dataclass(frozen=True)
class Case:
    """A network to measure."""

    name: str
    family: str
    node: Node
    signals: Mapping[str, Signal]

    @property
    def resolved(self) -> Resolved:
        return resolve(self.node, self.signals)


def cases(seeds: int) -> Iterator[Case]:
    """All of them; the parts of an entry are cases of their own."""
    for family, entry, settings, text in ENTRIES:
        signal = parse(text)
        for part, node in ZOO.get(entry)(**settings).parts.items():
            reads = parse(f"vector:{LATENT[entry]}") if part in ("decoder", "generator") else signal
            told = ",".join(f"{key}={value}" for key, value in settings.items())
            yield Case(f"{entry}({told}) {part} on {text}", family, node, {"x": reads})
    for family, nodes, text in CHAINS:
        node = from_dict(nodes).parts["network"]
        yield Case(f"{json.dumps(nodes)} on {text}".replace('"', ""), family, node, {"x": parse(text)})
    for seed in (*range(seeds), *range(FRESH, FRESH + seeds)):
        for signals in DRAWN:
            architecture = draw(signals, seed, 8)
            told = signals if isinstance(signals, str) else " + ".join(signals.values())
            (node,) = architecture.parts.values()
            # what a seed draws changes with the catalogue: what was kept of another network is not taken for its own
            mark = hashlib.sha256(to_yaml(architecture).encode()).hexdigest()[:8]
            yield Case(
                f"drawn {seed} on {told} ({mark})",
                "fresh" if seed >= FRESH else "drawn",
                node,
                inputs_of(architecture)["network"],
            )
