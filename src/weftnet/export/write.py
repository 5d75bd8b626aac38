"""A run → an exported folder, which appears complete and only if the exported model agrees with the run.

model.onnx      or model.pt2; for a task of several passes one PASS.onnx each
step.onnx       the next steps of a network that generates sequences, if it can work step by step; or PASS-step.onnx
manifest.json   see `weftnet.answer.manifest`
runner/         python FOLDER/runner rows.csv, if it answers raw inputs without torch
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from weftnet.answer.manifest import FORMAT, NAME, Manifest, SeriesFacts, TableFacts
from weftnet.architecture.signal import Signal
from weftnet.base.files import sha256, write_json
from weftnet.base.replacing import occupied
from weftnet.base.workplace import sweep_beside, whole
from weftnet.compose.network import Network
from weftnet.data import Batch
from weftnet.errors import SettingError
from weftnet.export.capture import Captured
from weftnet.export.diverge import Inner, first_diverging
from weftnet.export.fault import ExportError
from weftnet.export.parity import ABSOLUTE, RELATIVE, Compared, Values, arguments_of, check, random_inputs
from weftnet.export.runner import copy_runner, needing_torch
from weftnet.export.stepping import check_steps, steps_of
from weftnet.export.targets import TARGETS
from weftnet.export.targets._target import Target, WritesSteps
from weftnet.run.loading import Loaded
from weftnet.run.predicted import predicted
from weftnet.tasks import ANSWERS, INFERENCES

RUNNER = "runner"


@dataclass(frozen=True)
class Exported:
    """A written export.

    Args:
        folder: its folder.
        files: the models, by pass.
        compared: every comparison with the run, by pass.
        because: why it has no runner; empty if it has one.
        whole: of the passes that a task would run step by step, those that can't be, and why.
    """

    folder: Path
    files: dict[str, Path]
    compared: dict[str, list[Compared]]
    because: str
    whole: dict[str, str]


def write(
    loaded: Loaded, folder: str | Path, target: str = "onnx", data_batches: Iterable[Batch] | None = None
) -> Exported:
    """Export a run.

    Args:
        loaded: the run.
        folder: a new or empty one.
        target: the name of an entry of TARGETS.
        data_batches: real examples to compare on, in addition to random ones.

    Raises:
        UnknownName: there is no such target.
        MissingExtra: what the target needs is not installed.
        RunError: the folder can't be written.
        ExportError: the folder is not empty, a network can't be written, or computes different numbers; names the first
            node that differs.
    """
    exporter, folder = TARGETS.get(target)(), Path(folder)
    if folder.is_file() or occupied(folder):
        sweep_beside(folder)
        raise ExportError("the folder is not empty", where=str(folder), fix="choose another folder")
    passes = _passes(loaded)
    unanswered = _why_no_answers(loaded)
    because = unanswered or _why_not_alone(loaded, target, exporter)
    with whole(folder) as new:
        parts, compared = _write_models(passes, exporter, new, data_batches)
        whole_passes = _write_steps({name: passes[name] for name in loaded.task.steps}, exporter, new, parts, compared)
        if not because:
            copy_runner(new / RUNNER, loaded.preprocessing, loaded.run.facts.task.name)
        _write_manifest(loaded, new, target, parts, compared, unanswered, alone=not because)
    files = {part: folder / each["file"] for part, each in parts.items()}
    return Exported(folder, files, compared, because, whole_passes)


def _write_models(
    passes: Mapping[str, tuple[Network, dict[str, Signal]]],
    exporter: Target,
    folder: Path,
    data_batches: Iterable[Batch] | None,
) -> tuple[dict[str, dict[str, Any]], dict[str, list[Compared]]]:
    """Write every pass; its entry of the manifest, and its comparison."""
    alone = len(passes) == 1
    parts, compared = {}, {}
    for part, (network, signals) in passes.items():
        path = folder / (("model" if alone else part) + exporter.suffix)
        real = (arguments_of(batch) for batch in data_batches or ()) if alone else ()
        captured, compared[part] = _write_model(part, network, signals, exporter, path, real)
        parts[part] = _part(path.name, captured, signals)
    return parts, compared


def _write_model(
    part: str, network: Network, signals: dict[str, Signal], exporter: Target, path: Path, real: Iterable[Values]
) -> tuple[Captured, list[Compared]]:
    """Write one network, and compare it on random and real inputs."""
    captured = exporter.write(network, signals, path)
    inputs = chain(random_inputs(signals, captured.free), real)
    compared, differing = check(network, signals, exporter.open(path), inputs)
    if differing is not None:
        raise _disagreement(network, signals, compared[-1], exporter.inner(path, differing), differing, part)
    return captured, compared


def _write_steps(
    passes: Mapping[str, tuple[Network, dict[str, Signal]]],
    exporter: Target,
    folder: Path,
    parts: dict[str, dict[str, Any]],
    compared: dict[str, list[Compared]],
) -> dict[str, str]:
    """Write the next steps of these passes, where it is possible; otherwise the reasons, by pass.

    Raises:
        ExportError: a program of steps computes different numbers.
    """
    whole = {}
    for part, (network, signals) in passes.items():
        if not isinstance(exporter, WritesSteps):
            whole[part] = "this format holds no steps"
            continue
        path = folder / (("step" if len(parts) == 1 else f"{part}-step") + exporter.suffix)
        try:
            steps = steps_of(network, signals, path.name)
            run = exporter.write_steps(steps, path)
        except (ExportError, SettingError) as error:
            path.unlink(missing_ok=True)
            whole[part] = str(error)
            continue
        found = check_steps(network, signals, steps, run)
        compared[part] += found
        if not found[-1].close:
            raise ExportError(
                "the exported steps compute different numbers than the network's whole pass",
                where=part,
                expected=f"differences up to {found[-1].allowed:.2g}",
                got=f"{found[-1].difference:.2g}, for {found[-1].signature}",
            )
        parts[part]["step"] = asdict(steps.facts)
    return whole


def _write_manifest(
    loaded: Loaded,
    folder: Path,
    target: str,
    parts: dict[str, dict[str, Any]],
    compared: dict[str, list[Compared]],
    unanswered: str,
    *,
    alone: bool,
) -> None:
    """Describe the folder, with checksums of all its files."""
    files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    document = {
        "format": FORMAT,
        "target": target,
        "task": {"name": loaded.run.facts.task.name, "settings": loaded.run.facts.task.settings},
        "parts": parts,
        "preprocessing": None if unanswered else loaded.preprocessing.state(),
        "predicts": None if unanswered or (found := predicted(loaded.run.json("data.json"))) is None else asdict(found),
        "series": None if unanswered else _series(loaded),
        "table": {} if unanswered else asdict(TableFacts.of(loaded.run.json("data.json")["options"])),
        "answers": not unanswered,
        "alone": alone,
        **({"because": unanswered} if unanswered else {}),
        "parity": _parity(compared),
        "run": _provenance(loaded),
        "files": {name: sha256(folder / name) for name in files},
    }
    write_json(folder / NAME, document)
    Manifest(folder)  # raises if what was written can't be read


def _series(loaded: Loaded) -> dict[str, Any] | None:
    """How rows of a table of series are read; None where the run reads no series."""
    if not any(field.steps for field in loaded.preprocessing.fields):
        return None
    return asdict(SeriesFacts.of(loaded.run.json("data.json")["options"]))


def _disagreement(
    network: Network, signals: dict[str, Signal], worst: Compared, inner: Sequence[Inner], values: Values, part: str
) -> ExportError:
    diverging = first_diverging(network, signals, values, inner)
    where = diverging.node if diverging else "between the nodes"
    where = where if part == "network" else f"{part}: {where}"
    node = f", {diverging.difference:.2g} at this node" if diverging else ""
    return ExportError(
        "the exported model computes different numbers than the run",
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


def _why_not_alone(loaded: Loaded, target: str, exporter: Target) -> str:
    """Why the folder can't answer without torch; empty if it can."""
    if not exporter.runs_alone:
        return f"not applicable, because a file of {target} needs torch"
    if modules := needing_torch(loaded.preprocessing, loaded.run.facts.task.name):
        return f"not applicable, because {', '.join(modules)} of a plugin imports torch"
    return ""


def _why_no_answers(loaded: Loaded) -> str:
    """Why the folder can't answer raw inputs; empty if it can."""
    task = loaded.run.facts.task.name
    if ANSWERS.find(task) is None:
        return f"not applicable, {ANSWERS.reason(task)}"
    if INFERENCES.find(task) is None and "network" not in loaded.task.passes(loaded.model):
        return f"not applicable, because a run of {task} has several networks, none of which answers alone"
    return ""


def _passes(loaded: Loaded) -> dict[str, tuple[Network, dict[str, Signal]]]:
    """The passes of the run's answers, and what they read.

    Raises:
        ExportError: ONNX Runtime computes the run already.
    """
    found, inputs = {}, loaded.task.pass_inputs(loaded.signals)
    for name, network in loaded.task.passes(loaded.model).items():
        if not isinstance(network, Network):
            raise ExportError(
                "is computed by ONNX Runtime already",
                where=str(loaded.run.folder),
                expected="a run whose networks are torch's",
                fix="export the run that it was made from, or use its model.onnx",
            )
        found[name] = network, inputs.get(name, network.inputs)
    return found


def _parity(compared: dict[str, list[Compared]]) -> dict[str, Any]:
    comparisons = [each for part in compared.values() for each in part]
    largest = max(comparisons, key=lambda each: each.difference / each.allowed)
    return {"compared": len(comparisons), "largest": asdict(largest), "absolute": ABSOLUTE, "relative": RELATIVE}


def _provenance(loaded: Loaded) -> dict[str, Any]:
    """The run's identity, without anything about the machine that trained or exported it."""
    facts = loaded.run.facts
    return {
        "name": loaded.run.folder.name,
        "seed": facts.seed,
        "versions": facts.versions,
        "fingerprint": facts.data.fingerprint,
        "weights": loaded.run.checksum or None,
    }
