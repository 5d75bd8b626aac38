"""A run → an exported folder, put in its place whole and only once the written model gives the run's numbers.

model.onnx      or model.pt2; of a run with several networks PART.onnx each
manifest.json   see `weftnet.answer.manifest`
runner/         python FOLDER/runner rows.csv, if the model answers by itself without torch
"""

import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from weftnet.answer.manifest import FORMAT, NAME, Manifest
from weftnet.architecture.signal import Signal
from weftnet.base.files import sha256, write_json
from weftnet.compose.network import Network
from weftnet.data import Batch
from weftnet.errors import RunError
from weftnet.export.capture import Captured
from weftnet.export.diverge import first_diverging
from weftnet.export.fault import ExportError
from weftnet.export.parity import ABSOLUTE, RELATIVE, Compared, Values, check, drawn, given
from weftnet.export.runner import copy_runner
from weftnet.export.targets import TARGETS
from weftnet.run.loading import Loaded
from weftnet.tasks import ANSWERS

RUNNER = "runner"


@dataclass(frozen=True)
class Exported:
    """What was written.

    Args:
        folder: where.
        files: the models, by part.
        compared: every comparison of the gate, by part.
        because: why the folder doesn't answer by itself; empty if it does.
    """

    folder: Path
    files: dict[str, Path]
    compared: dict[str, list[Compared]]
    because: str


def write(
    loaded: Loaded, folder: str | Path, target: str = "onnx", data_batches: Iterable[Batch] | None = None
) -> Exported:
    """Export a run.

    Args:
        loaded: the run.
        folder: a new or empty one.
        target: an entry of TARGETS.
        data_batches: real examples, to compare on besides random ones.

    Raises:
        UnknownName: there is no such target.
        MissingExtra: what the target needs is not installed.
        ExportError: the folder is not empty, a network can't be written, or gives other numbers; names the first node.
    """
    way, folder = TARGETS.get(target)(), Path(folder)
    if folder.is_file() or (folder.is_dir() and any(folder.iterdir())):
        raise ExportError("the folder is not empty", where=str(folder), fix="give another folder")
    _refuse_other_engine(loaded)
    because = _why_not_alone(loaded, target, way)
    inputs = loaded.task.inputs(loaded.signals)
    with _put_in_place(folder) as new:
        parts, compared = {}, {}
        for part, network in loaded.model.items():
            name = ("model" if len(loaded.model) == 1 else part) + way.suffix
            captured, compared[part] = _gated(
                network, inputs[part], way, new / name, data_batches if len(loaded.model) == 1 else None, part
            )
            parts[part] = _part(name, captured, inputs[part])
        if not because:
            copy_runner(new / RUNNER, loaded.preprocessing)
        files = sorted(path.relative_to(new).as_posix() for path in new.rglob("*") if path.is_file())
        write_json(
            new / NAME,
            {
                "format": FORMAT,
                "target": target,
                "task": asdict(loaded.run.facts.task),
                "parts": parts,
                "preprocessing": None if because else loaded.preprocessing.state(),
                "answers": not because,
                **({"because": because} if because else {}),
                "parity": _told(compared),
                "run": _provenance(loaded),
                "files": {name: sha256(new / name) for name in files},
            },
        )
        Manifest(new)  # what was written can be read
    return Exported(folder, {part: folder / each["file"] for part, each in parts.items()}, compared, because)


def _gated(
    network: Any, signals: dict[str, Signal], way: Any, path: Path, batches: Iterable[Batch] | None, part: str
) -> tuple[Captured, list[Compared]]:
    """Write one network, and compare."""
    captured = way.write(network, signals, path)
    real = (given(batch) for batch in batches or ())
    compared, differing = check(network, signals, way.open(path), chain(drawn(signals, captured.free), real))
    if differing is not None:
        raise _other_numbers(network, signals, compared[-1], way.inner(path, differing), differing, part)
    return captured, compared


def _other_numbers(
    network: Network, signals: dict[str, Signal], worst: Compared, inner: Sequence[Any], values: Values, part: str
) -> ExportError:
    found = first_diverging(network, signals, values, inner)
    where = found.node if found else "between the nodes"
    where = where if part == "network" else f"{part}: {where}"
    node = f", {found.difference:.2g} at this node" if found else ""
    return ExportError(
        "the written model gives other numbers than the run",
        where=where,
        expected=f"differences up to {worst.allowed:.2g}",
        got=f"{worst.difference:.2g} in the output{node}, for {worst.signature}",
    )


def _part(name: str, captured: Captured, signals: dict[str, Signal]) -> dict[str, Any]:
    return {
        "file": name,
        "inputs": list(captured.arguments),
        "outputs": list(captured.outputs),
        "signals": {name: signal.text() for name, signal in signals.items()},
        "time": {name: "free" if free else "fixed" for name, free in captured.free.items()},
    }


def _why_not_alone(loaded: Loaded, target: str, way: Any) -> str:
    """Why the folder can't answer raw inputs by itself; empty if it can."""
    task = loaded.run.facts.task.name
    if tuple(loaded.model) != ("network",):
        return f"not applicable, because a run of {task} has several networks, none of which answers alone"
    if not way.runs_alone:
        return f"not applicable, because a file of {target} needs torch"
    if task not in ANSWERS:
        return f"not applicable, because {task} has no answers that are decoded without torch"
    try:
        loaded.preprocessing  # noqa: B018  # raises where the data have no columns
    except RunError as error:
        return f"not applicable, because the run {error.what}"
    return ""


def _refuse_other_engine(loaded: Loaded) -> None:
    if not all(isinstance(network, Network) for network in loaded.model.values()):
        raise ExportError(
            "is computed by ONNX Runtime already",
            where=str(loaded.run.folder),
            expected="a run whose networks are torch's",
            fix="export the run that it was made from, or take its model.onnx",
        )


def _told(compared: dict[str, list[Compared]]) -> dict[str, Any]:
    every = [each for part in compared.values() for each in part]
    largest = max(every, key=lambda each: each.difference / each.allowed)
    return {"compared": len(every), "largest": asdict(largest), "absolute": ABSOLUTE, "relative": RELATIVE}


def _provenance(loaded: Loaded) -> dict[str, Any]:
    """Where it comes from: nothing of the machine that trained or exported it."""
    facts = loaded.run.facts
    return {
        "name": loaded.run.folder.name,
        "seed": facts.seed,
        "versions": facts.versions,
        "fingerprint": facts.data.fingerprint,
        "weights": facts.files.get("weights.safetensors"),
    }


@contextmanager
def _put_in_place(folder: Path) -> Iterator[Path]:
    """A new folder beside, which takes the place at the end; whatever fails leaves nothing behind."""
    new = folder.with_name(f".new-{folder.name}")
    try:
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(parents=True)
        yield new
        if folder.is_dir():
            folder.rmdir()  # empty
        os.replace(new, folder)
    except OSError as error:
        raise ExportError(f"can't be written: {error.strerror or error}", where=str(folder)) from error
    finally:
        shutil.rmtree(new, ignore_errors=True)
