"""The environments that the peers run in, created if missing: one for each library, so that none loads another's.

    python benchmarks/speed/environments.py --envs DIR          creates all, 1 to 2 GB each

torch comes from constraints.txt. torchvision and torchaudio are never installed: their wheels need GPU libraries.
"""

import argparse
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).parents[2]
#: What weftnet itself needs; the networks of the torch peers are built by it.
BUILDER = ["torch", "numpy", "safetensors", "pydantic", "PyYAML", "jaxtyping", "typer", "rich", "pyarrow", "Pillow"]
PACKAGES = {
    "torch": BUILDER,
    "lightning": [*BUILDER, "lightning"],
    "huggingface": [*BUILDER, "accelerate", "transformers"],
    "keras_torch": ["torch", "numpy", "safetensors", "keras"],
    "keras_jax": ["jax", "numpy", "safetensors", "keras"],
    "keras_tensorflow": ["tensorflow-cpu", "numpy", "safetensors", "keras"],
}
#: peer: its environment, its script, its environment variables
PEERS: dict[str, tuple[str, str, dict[str, str]]] = {
    "plain": ("torch", "in_plain", {}),
    "weftnet": ("torch", "in_weftnet", {}),
    "weftnet_float32": ("torch", "in_weftnet", {"ONLY_FLOAT32": "1"}),
    "lightning": ("lightning", "in_lightning", {}),
    "accelerate": ("huggingface", "in_accelerate", {}),
    "hf_trainer": ("huggingface", "in_hf_trainer", {}),
    "keras_torch": ("keras_torch", "in_keras", {"KERAS_BACKEND": "torch"}),
    "keras_jax": ("keras_jax", "in_keras", {"KERAS_BACKEND": "jax"}),
    "keras_tensorflow": ("keras_tensorflow", "in_keras", {"KERAS_BACKEND": "tensorflow"}),
}


def python(name: str, folder: Path) -> Path:
    """The interpreter of an environment; the environment is created if it is missing."""
    home = folder / name
    interpreter = home / "bin" / "python"
    if not (home / "complete").exists():
        print(f"making {home}: {' '.join(PACKAGES[name])}", file=sys.stderr)
        venv.create(home, with_pip=True, clear=True)
        pip = [str(interpreter), "-m", "pip", "install", "--quiet", "-c", str(ROOT / "constraints.txt")]
        subprocess.run([*pip, *PACKAGES[name]], check=True, stderr=subprocess.DEVNULL)
        (home / "complete").touch()  # an environment that was interrupted is created again
    return interpreter


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--envs", type=Path, required=True, metavar="DIR", help="folder of the environments")
    args = parser.parse_args()
    for name in PACKAGES:
        python(name, args.envs.resolve())


if __name__ == "__main__":
    main()
