"""Files of some kilobytes that would expand to gigabytes, and what reading each costs: `python scripts/bombs.py`.

Each bomb is opened in a child process of its own whose address space is limited. The table says how large the file is,
the peak memory of the child beyond an idle one's, the time, and what came of it: benchmarks/results/bombs.md.
"""

import argparse
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bombs_parts.writers import BOMBS
from tally import circumstances, table

MOST = 12 * 2**30  # bytes of address space of a child


def consume(path: Path) -> None:
    """Read a file as weftnet does."""
    if path.suffix == ".yaml":
        from weftnet.architecture.reading import load
        from weftnet.architecture.signal import parse
        from weftnet.compose import resolve

        for part, node in load(path).parts.items():
            resolve(node, {"x": parse("image:1x8x8")}, part)
    elif path.suffix == ".safetensors":
        from weftnet.base.tensors import load as load_tensors

        load_tensors(path)
    elif path.suffix in (".png", ".tiff", ".gif"):
        from weftnet.data.pictures import outlines, pictures

        list(outlines([path]))
        list(pictures([path], (32, 32), grey=False, resize="stretch"))
    elif path.suffix == ".flac":
        from weftnet.data.sounds import outlines as lengths
        from weftnet.data.sounds import sounds

        next(sounds([path], 16_000, min(next(lengths([path])).count, 2**20)))
    else:
        from weftnet.data import open_data

        open_data(str(path))


def measure(action: Callable[[], None]) -> tuple[str, float, int]:
    """What came of an action in a forked child, its seconds, and its peak memory in bytes."""
    receive, send = os.pipe()
    began = time.perf_counter()
    if not (child := os.fork()):
        from weftnet.errors import WeftnetError

        resource.setrlimit(resource.RLIMIT_AS, (MOST, MOST))
        try:
            action()
            outcome = "accepted"
        except WeftnetError as error:
            outcome = f"refused: {chr(32).join(error.what.split())[:90]}"
        except BaseException as error:
            outcome = f"{type(error).__name__}: {error}"
        os.write(send, outcome[:200].encode())
        os._exit(0)
    os.close(send)
    _, _, used = os.wait4(child, 0)
    with os.fdopen(receive) as text:
        return text.read() or "killed", time.perf_counter() - began, used.ru_maxrss * 1024


def main() -> None:
    """Write the bombs, measure each, print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("names", nargs="*", help="Only these.")
    parser.add_argument("--out", type=Path, help="A Markdown file for the table.")
    arguments = parser.parse_args()
    import pyarrow.parquet  # noqa: F401  (imported before the children are forked)
    import torch  # noqa: F401

    _, _, idle = measure(lambda: None)
    rows: list[list[object]] = []
    with tempfile.TemporaryDirectory() as folder:
        for name in arguments.names or BOMBS:
            suffix, write = BOMBS[name]
            path = Path(folder) / f"{name}{suffix}"
            measure(lambda path=path, write=write: write(path))  # type: ignore[misc]
            outcome, seconds, peak = measure(lambda path=path: consume(path))  # type: ignore[misc]
            what, memory = (write.__doc__ or "").rstrip("."), max(0, peak - idle) // 2**20
            rows.append([suffix.removeprefix("."), what, path.stat().st_size, memory, round(seconds, 1), outcome])
            print(*rows[-1], flush=True)
            path.unlink()
    if arguments.out:
        header = ["file", "what comes out", "bytes", "peak, MiB", "seconds", "outcome"]
        note = "Peak memory is beyond that of an idle process. The limits are those of [the docs](../../docs/data.md)."
        parts = ["# Files that expand\n", note + "\n", table(header, rows), circumstances()]
        arguments.out.write_text("\n".join(parts), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
