"""Weights by the name that a library knows them by: `timm:NAME`, `torchvision:NAME`, `hf:ORG/NAME`.

The library builds or downloads the network, if it is installed (extra `models`) and the machine can reach its hub; what
is taken of it are tensors, and what it says of images and classes. The code of a model on a hub is never run.
"""

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from weftnet.base.extras import need
from weftnet.base.foreign import reading
from weftnet.errors import MissingExtra, RunError
from weftnet.transfer.foreign import Foreign, read

_EXTRA = "models"
#: what is downloaded of a model on the Hub
_PARTS = ["*.safetensors", "*.safetensors.index.json", "*.json", "*.txt", "1_Pooling/*"]
_OFFLINE = "the hub has to be reached; elsewhere, download the file or folder, and name that"


def is_named(what: str) -> bool:
    """Whether this names weights of a library."""
    return what.partition(":")[0] in _LIBRARIES and bool(what.partition(":")[2])


def fetched(what: str) -> Foreign:
    """The weights of this name.

    Raises:
        MissingExtra: the library is not installed.
        RunError: it doesn't know the name, or can't download it.
    """
    library, _, name = what.partition(":")
    with reading(what, "can't be had", error=RunError, fix=_OFFLINE):
        try:
            return _LIBRARIES[library](name)
        except ModuleNotFoundError as error:  # of something that the library needs
            raise MissingExtra(str(error.name), _EXTRA, what=f"weights of {what}") from error


def _timm(name: str) -> Foreign:
    timm = need("timm", extra=_EXTRA, what="weights of timm")
    model = timm.create_model(name, pretrained=True)
    config = getattr(model, "pretrained_cfg", None) or {}
    return _of(f"timm:{name}", model, {"pretrained_cfg": dict(config)})


def _torchvision(name: str) -> Foreign:
    models = need("torchvision.models", extra=_EXTRA, what="weights of torchvision")
    known = models.get_model_weights(name).DEFAULT
    config: dict[str, Any] = {"id2label": dict(enumerate(known.meta.get("categories", [])))}
    how = known.transforms()
    if all(hasattr(how, each) for each in ("crop_size", "resize_size", "mean", "std")):
        side, longer = _first(how.crop_size), _first(how.resize_size)
        config["pretrained_cfg"] = {
            "input_size": [3, side, side], "crop_pct": side / longer, "mean": list(how.mean), "std": list(how.std),
            "interpolation": str(getattr(how.interpolation, "value", how.interpolation)),
        }  # fmt: skip
    return _of(f"torchvision:{name}", models.get_model(name, weights=known), config)


def _hugging_face(name: str) -> Foreign:
    hub = need("huggingface_hub", extra=_EXTRA, what="weights of the Hugging Face Hub")
    return read(Path(hub.snapshot_download(name, allow_patterns=_PARTS)))


def _of(name: str, model: nn.Module, config: Mapping[str, Any]) -> Foreign:
    tensors = dict(model.state_dict())
    return Foreign(Path(name), tensors, {name: digest(tensors)}, config)


def digest(tensors: Mapping[str, Tensor]) -> str:
    """sha256 over names, types, shapes and values."""
    total = hashlib.sha256()
    for name in sorted(tensors):
        value = tensors[name].detach().cpu().contiguous()
        total.update(f"{name}:{value.dtype}:{tuple(value.shape)};".encode())
        total.update(value.flatten().view(dtype=_bytes(value)).numpy().tobytes())
    return total.hexdigest()


def _bytes(value: Tensor) -> Any:
    """A type that NumPy knows, of the same width."""
    return {1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64}[value.element_size()]


def _first(size: Any) -> int:
    return int(size[0] if isinstance(size, list | tuple) else size)


_LIBRARIES: Mapping[str, Callable[[str], Foreign]] = {"timm": _timm, "torchvision": _torchvision, "hf": _hugging_face}
