"""Networks of images by Hugging Face's names, timm's and torchvision's: the numbers of Hugging Face, random weights."""

from pathlib import Path
from typing import Any

import pytest
import torch
from oracles import unchecked
from quick import some
from safetensors.torch import load_file, save_file
from torch import Tensor
from weights import shaken

from weftnet.run.folder import Run
from weftnet.run.loading import load
from weftnet.transfer.importing import import_weights

transformers: Any = pytest.importorskip("transformers")


def imported(folder: Path, theirs: Any, **document: Any) -> Run:
    """The run of a network as Hugging Face saves it."""
    theirs.float().save_pretrained(folder / "theirs")
    if document:
        transformers.ViTImageProcessor(**document).save_pretrained(folder / "theirs")
    return import_weights(folder / "theirs", folder / "run")


def alike(run: Run, theirs: Any, shape: tuple[int, ...], output: str = "logits") -> None:
    """All tensors are taken and none is left; both networks give the same, of float64."""
    assert run.facts.origin is not None
    assert len(run.facts.origin.lines) == 1, run.facts.origin.lines
    x = torch.randn(2, *shape, dtype=torch.float64)
    with unchecked(), torch.no_grad():
        ours = load(run).model["network"].double()(x)
        want = getattr(theirs.double()(x), output)
    want = want.flatten(1) if output == "pooler_output" else want
    torch.testing.assert_close(ours, want, rtol=1e-5, atol=1e-5 * float(want.abs().max()))


RESNETS = [
    ("basic", [2, 2, 2, 2], 18, (64, 128, 256, 512)),
    pytest.param("bottleneck", [3, 4, 6, 3], 50, (256, 512, 1024, 2048), marks=pytest.mark.slow),
]


def resnet(kind: str, blocks: list[int], sizes: tuple[int, ...], classes: int | None) -> Any:
    own = transformers.ResNetConfig(layer_type=kind, hidden_sizes=list(sizes), depths=blocks, num_labels=classes or 2)
    return shaken((transformers.ResNetForImageClassification if classes else transformers.ResNetModel)(own))


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "blocks", "depth", "sizes"), RESNETS)
@pytest.mark.parametrize("classes", [5, None])
def test_resnet(tmp_path: Path, kind: str, blocks: list[int], depth: int, sizes: tuple[int, ...], classes: int) -> None:
    theirs = resnet(kind, blocks, sizes, classes)
    run = imported(tmp_path, theirs)
    assert run.facts.origin is not None
    assert run.facts.origin.settings["depth"] == depth
    alike(run, theirs, (3, 64, 48), "logits" if classes else "pooler_output")


def torchvision_names(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Hugging Face's names of a ResNet as torchvision and timm have them."""
    kinds, made = {"convolution": "conv", "normalization": "bn"}, {}
    for name, value in state.items():
        parts = name.removeprefix("resnet.").split(".")
        leaf = parts[-1]
        if parts[0] == "embedder":
            new = f"{kinds[parts[2]]}1.{leaf}"
        elif parts[0] == "classifier":
            new = f"fc.{leaf}"
        else:
            _, _, stage, _, layer, what, *rest = parts
            inner = f"downsample.{int(rest[0] == 'normalization')}" if what == "shortcut" else ""
            inner = inner or f"{kinds[rest[1]]}{int(rest[0]) + 1}"
            new = f"layer{int(stage) + 1}.{layer}.{inner}.{leaf}"
        made[new] = value
    return made


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "blocks", "depth", "sizes"), RESNETS)
def test_resnet_by_the_names_of_torchvision(
    tmp_path: Path, kind: str, blocks: list[int], depth: int, sizes: tuple[int, ...]
) -> None:
    theirs = resnet(kind, blocks, sizes, 5)
    torch.save(torchvision_names(theirs.float().state_dict()), tmp_path / "net.pth")
    run = import_weights(tmp_path / "net.pth", tmp_path / "run")
    alike(run, theirs, (3, 64, 48))
    column = run.json("data.json")["preprocessing"]["columns"]["image"]
    assert column["shift"] == pytest.approx([255 * 0.485, 255 * 0.456, 255 * 0.406])
    assert column["scale"] == pytest.approx([255 * 0.229, 255 * 0.224, 255 * 0.225])


def test_a_depth_that_is_none(tmp_path: Path) -> None:
    theirs = resnet("basic", [1, 2, 2, 2], (64, 128, 256, 512), 5)
    with pytest.raises(Exception, match=r"no depth has blocks \(1, 2, 2, 2\) of 2 layers"):
        imported(tmp_path, theirs)


def vit(**more: Any) -> Any:
    own = transformers.ViTConfig(
        hidden_size=24, num_hidden_layers=3, num_attention_heads=4, intermediate_size=40, image_size=(24, 16),
        patch_size=8, num_labels=5, **more,
    )  # fmt: skip
    return shaken(transformers.ViTForImageClassification(own))


def test_vit(tmp_path: Path) -> None:
    theirs = vit()
    run = imported(tmp_path, theirs)
    assert run.facts.signals == {"image": "image:3x24x16"}
    alike(run, theirs, (3, 24, 16))


def test_images_are_prepared_as_the_folder_says(tmp_path: Path) -> None:
    theirs = vit()
    how = {
        "size": {"height": 24, "width": 16},
        "image_mean": [0.1, 0.2, 0.3],
        "image_std": [0.5, 0.4, 0.2],
        "resample": 3,
    }
    column = imported(tmp_path, theirs, **how).json("data.json")["preprocessing"]["columns"]["image"]
    assert (column["resize"], column["interpolation"], column["sizes"]) == ("stretch", "bicubic", [3, 24, 16])
    assert column["shift"] == pytest.approx([25.5, 51.0, 76.5])
    assert column["scale"] == pytest.approx([127.5, 102.0, 51.0])


def test_vit_by_the_names_of_timm(tmp_path: Path) -> None:
    own = transformers.ViTConfig(
        hidden_size=192, num_hidden_layers=2, num_attention_heads=3, intermediate_size=768, image_size=32, patch_size=8,
        num_labels=5, layer_norm_eps=1e-6,
    )  # fmt: skip
    theirs = shaken(transformers.ViTForImageClassification(own))
    theirs.float().save_pretrained(tmp_path / "theirs")
    old = {name.removeprefix("vit."): value for name, value in load_file(tmp_path / "theirs/model.safetensors").items()}
    new = {
        "cls_token": old["embeddings.cls_token"], "pos_embed": old["embeddings.position_embeddings"],
        "norm.weight": old["layernorm.weight"], "norm.bias": old["layernorm.bias"],
    }  # fmt: skip
    for leaf in ("weight", "bias"):
        new[f"patch_embed.proj.{leaf}"] = old[f"embeddings.patch_embeddings.projection.{leaf}"]
        new[f"head.{leaf}"] = old[f"classifier.{leaf}"]
        for i in range(2):
            there = f"encoder.layer.{i}"
            three = [old[f"{there}.attention.attention.{name}.{leaf}"] for name in ("query", "key", "value")]
            new |= {
                f"blocks.{i}.attn.qkv.{leaf}": torch.cat(three),
                f"blocks.{i}.attn.proj.{leaf}": old[f"{there}.attention.output.dense.{leaf}"],
                f"blocks.{i}.norm1.{leaf}": old[f"{there}.layernorm_before.{leaf}"],
                f"blocks.{i}.norm2.{leaf}": old[f"{there}.layernorm_after.{leaf}"],
                f"blocks.{i}.mlp.fc1.{leaf}": old[f"{there}.intermediate.dense.{leaf}"],
                f"blocks.{i}.mlp.fc2.{leaf}": old[f"{there}.output.dense.{leaf}"],
            }
    save_file({name: value.contiguous() for name, value in new.items()}, tmp_path / "net.safetensors")
    run = import_weights(tmp_path / "net.safetensors", tmp_path / "run")
    assert run.facts.signals == {"image": "image:3x32x32"}
    alike(run, theirs, (3, 32, 32))


@pytest.mark.slow
@pytest.mark.parametrize("padding", [True, False])
@pytest.mark.parametrize("width", some([1.0, 0.35], 0.35))
def test_mobilenet_v2(tmp_path: Path, padding: bool, width: float) -> None:
    own = transformers.MobileNetV2Config(
        num_labels=5, tf_padding=padding, depth_multiplier=width, finegrained_output=True, classifier_dropout_prob=0.0
    )
    theirs = shaken(transformers.MobileNetV2ForImageClassification(own))
    run = imported(tmp_path, theirs)
    assert run.facts.origin is not None
    assert run.facts.origin.settings["edges"] == ("tensorflow" if padding else "same")
    alike(run, theirs, (3, 65, 48) if padding else (3, 64, 48))


@pytest.mark.parametrize("naming", some(["torchvision", "timm"], "torchvision"))
def test_mobilenet_v2_by_other_names(tmp_path: Path, naming: str) -> None:
    own = transformers.MobileNetV2Config(num_labels=5, tf_padding=False, layer_norm_eps=1e-5)
    theirs = shaken(transformers.MobileNetV2ForImageClassification(own))
    theirs.float().save_pretrained(tmp_path / "theirs")
    stages = [1, 2, 3, 4, 3, 3, 1]
    made = {}
    for name, value in load_file(tmp_path / "theirs/model.safetensors").items():
        *path, leaf = name.removeprefix("mobilenet_v2.").split(".")
        norm = int(path[-1] == "normalization")
        if path[0] == "classifier":
            new = {"torchvision": "classifier.1", "timm": "classifier"}[naming]
        elif path[:2] == ["conv_stem", "first_conv"]:
            new = {"torchvision": f"features.0.{norm}", "timm": ("conv_stem", "bn1")[norm]}[naming]
        elif path[0] == "conv_1x1":
            new = {"torchvision": f"features.18.{norm}", "timm": ("conv_head", "bn2")[norm]}[naming]
        else:
            number = 0 if path[0] == "conv_stem" else int(path[1]) + 1
            part = ["expand_1x1", "conv_3x3", "reduce_1x1"].index(path[-2]) - (number == 0)
            last = 2 - (number == 0)
            inner = f"{part}.{norm}" if part < last else str(last + norm)
            stage = next(k for k in range(7) if number < sum(stages[: k + 1]))
            layer = (["conv_dw", "conv_pw"] if number == 0 else ["conv_pw", "conv_dw", "conv_pwl"])[part]
            within = number - sum(stages[:stage])
            own_name = f"bn{part + 1}" if norm else layer
            new = {"torchvision": f"features.{number + 1}.conv.{inner}", "timm": f"blocks.{stage}.{within}.{own_name}"}[
                naming
            ]
        made[f"{new}.{leaf}"] = value
    torch.save(made, tmp_path / "net.pth")
    run = import_weights(tmp_path / "net.pth", tmp_path / "run")
    assert run.facts.origin is not None
    assert run.facts.origin.naming == naming
    alike(run, theirs, (3, 64, 48))
