"""Vision Transformer: an image as a sentence of patches.

    patches – dense dim – class token – learned positions – depth × encoder layer – norm – the token – dense classes

Source: A. Dosovitskiy and others, An image is worth 16×16 words, 2021, https://arxiv.org/abs/2010.11929.
As the paper (norm first, gelu, 4·dim inside). A dense layer on flattened patches is the paper's patch convolution.
DeiT is this network, trained on ImageNet alone (H. Touvron and others, Training data-efficient image transformers,
2020, https://arxiv.org/abs/2012.12877): DeiT-Ti has dim 192 and 3 heads, DeiT-S dim 384 and 6 heads.
Parameters: ViT-B/16 (patch 16, dim 768, depth 12, heads 12), 224×224×3, 1000 classes: 86,567,656; DeiT-Ti 5,717,416,
DeiT-S 22,050,664.
"""

from collections.abc import Mapping
from typing import Any

from weftnet.architecture.spec import Architecture, Repeat
from weftnet.zoo._weights import Checkpoint, Found, Names, Picture, Published, joined, reshaped
from weftnet.zoo._write import block, network

_EPS = 1e-5
#: heads of the published sizes, by their width
_HEADS = {192: 3, 384: 6, 768: 12, 1024: 16, 1280: 16}


def vit(
    patch: int = 16,
    dim: int = 768,
    depth: int = 12,
    heads: int = 12,
    dropout: float = 0.0,
    hidden: int | None = None,
    eps: float = 1e-5,
    classes: int | None = None,
) -> Architecture:
    """A Transformer encoder over patches.

    Args:
        patch: height and width of a patch; it divides the image's.
        dim: size of every layer.
        depth: encoder layers.
        heads: attention heads, a divisor of dim.
        dropout: rate in the layers, in training.
        hidden: size inside the feed-forward networks; 4 · dim by default.
        eps: of the norms.
        classes: outputs; without it the token's features come out.
    """
    own: dict[str, Any] = {} if hidden is None else {"dim_hidden": hidden}
    norm: dict[str, Any] = {} if eps == _EPS else {"eps": eps}
    return network(
        [block("patchify", size=patch), block("dense", dim=dim), block("class_token"), block("learned_positions")],
        Repeat(depth, block("transformer_encoder_layer", heads=heads, dropout=dropout, **own, **norm)),
        [block("layer_norm", **norm), block("first_step")],
        classes=classes,
    )


def example() -> tuple[dict[str, Any], str]:
    """Settings of a small one, and what it reads."""
    return {"patch": 4, "dim": 12, "depth": 2, "heads": 3}, "image:3x8x12"


def published() -> list[tuple[dict[str, Any], str, int]]:
    """Settings, what it reads, and its parameters as the source has them."""
    return [
        ({"classes": 1000}, "image:3x224x224", 86_567_656),  # torchvision's documentation
        ({"dim": 192, "heads": 3, "classes": 1000}, "image:3x224x224", 5_717_416),  # timm's documentation of DeiT
        ({"dim": 384, "heads": 6, "classes": 1000}, "image:3x224x224", 22_050_664),
    ]


def weights() -> list[Checkpoint]:
    """Checkpoints that are known."""
    hub, apache = "https://huggingface.co/", "Apache-2.0"
    common: dict[str, Any] = {"recipe": {"lr": 5e-5}}
    return [
        Checkpoint(
            "transformers",
            ("embeddings.cls_token", "embeddings.position_embeddings", "embeddings.patch_embeddings.projection.weight"),
            _hugging_face,
            lambda settings: _names(settings, hugging_face=True),
            lambda settings, found: Picture(_side(settings, found, "embeddings.position_embeddings"), *_HALF, keep=0),
            prefixes=("vit.",),
            leave=("pooler.*", "embeddings.mask_token"),
            known=[
                Published("ViT-B/16, ImageNet", hub + "google/vit-base-patch16-224", apache),
                Published("ViT-B/16, ImageNet-21k", hub + "google/vit-base-patch16-224-in21k", apache),
                Published("DeiT-Ti/16, ImageNet", hub + "facebook/deit-tiny-patch16-224", apache),
            ],
            **common,
        ),
        Checkpoint(
            "timm",
            ("cls_token", "pos_embed", "patch_embed.proj.weight", "blocks.0.attn.qkv.weight", "norm.weight"),
            _timm,
            lambda settings: _names(settings, hugging_face=False),
            lambda settings, found: Picture(_side(settings, found, "pos_embed"), *_HALF, "bicubic", 0.9),
            known=[Published("vit_tiny_patch16_224", hub + "timm/vit_tiny_patch16_224.augreg_in21k_ft_in1k", apache)],
            **common,
        ),
    ]  # fmt: skip


_HALF = ((127.5,) * 3, (127.5,) * 3)


def _sizes(found: Found, kernel: str, layers: str, hidden: str, head: str) -> dict[str, Any]:
    dim = found.size(kernel)
    patch, wide = found.size(kernel, 2), found.size(kernel, 3)
    if patch != wide:
        raise ValueError(f"patches of {patch}×{wide} are no squares")
    classes = {"classes": found.size(head)} if found.has(head) else {}
    return {"patch": patch, "dim": dim, "depth": found.count(layers), "hidden": found.size(hidden), **classes}


def _hugging_face(found: Found) -> dict[str, Any]:
    found.only("hidden_act", "gelu")
    found.only("qkv_bias", True)
    first = "encoder.layer.0.intermediate.dense.weight"
    sizes = _sizes(
        found, "embeddings.patch_embeddings.projection.weight", "encoder.layer.#.", first, "classifier.weight"
    )
    heads = _HEADS.get(sizes["dim"]) if not found.config else None
    heads = heads or found.told("heads", "num_attention_heads")
    return {**sizes, "heads": heads, "eps": found.config.get("layer_norm_eps", 1e-12)}


def _timm(found: Found) -> dict[str, Any]:
    sizes = _sizes(found, "patch_embed.proj.weight", "blocks.#.", "blocks.0.mlp.fc1.weight", "head.weight")
    if found.size("pos_embed", 1) == 0 or found.has("blocks.0.ls1.gamma") or found.has("norm_pre.weight"):
        raise ValueError("it is a later variant, with layers that are not here")
    heads = _HEADS.get(sizes["dim"]) or found.told("heads", "num_heads")
    return {**sizes, "heads": heads, "eps": 1e-6}


def _side(settings: Mapping[str, Any], found: Found, positions: str) -> int | tuple[int, int]:
    """Of the image, as the configuration has it, or a square of the grid of positions."""
    told = found.config.get("image_size")
    if isinstance(told, list | tuple) and len(told) == 2:
        return int(told[0]), int(told[1])
    grid = round((found.size(positions, 1) - 1) ** 0.5)
    return int(told) if isinstance(told, int) else grid * int(settings["patch"])


def _names(settings: Mapping[str, Any], hugging_face: bool) -> Names:
    if hugging_face:
        front = ("embeddings.patch_embeddings.projection", "embeddings.cls_token", "embeddings.position_embeddings")
        norm, head = "layernorm", "classifier"
    else:
        front, norm, head = ("patch_embed.proj", "cls_token", "pos_embed"), "norm", "head"
    names: dict[str, Any] = {
        "1": reshaped(front[0]), "2.token": reshaped(front[1]), "3.weight": reshaped(front[2]), "5": norm,
    }  # fmt: skip
    for i in range(settings["depth"]):
        there = f"encoder.layer.{i}" if hugging_face else f"blocks.{i}"
        qkv = [f"{there}.attention.attention.{name}" for name in ("query", "key", "value")]
        layers = (
            (joined(*qkv), "attention.output.dense", "layernorm_before", "intermediate.dense", "output.dense",
             "layernorm_after")
            if hugging_face
            else (joined(f"{there}.attn.qkv"), "attn.proj", "norm1", "mlp.fc1", "mlp.fc2", "norm2")
        )  # fmt: skip
        here = ("attention.qkv", "attention.out", "around_attention.norm", "feed.0", "feed.3", "around_feed.norm")
        names |= {
            f"4.{i}.{own}": f"{there}.{name}" if isinstance(name, str) else name
            for own, name in zip(here, layers, strict=True)
        }
    return names | ({"7": head} if settings.get("classes") else {})
