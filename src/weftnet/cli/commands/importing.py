"""`import`: published weights as a run, a model of Keras as an architecture; what a zoo entry knows of weights."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from weftnet.architecture.reading import load
from weftnet.architecture.spec import count, to_yaml
from weftnet.base.files import write_text
from weftnet.cli._output import Output
from weftnet.errors import SettingError
from weftnet.transfer.importing import import_weights
from weftnet.transfer.matching import checkpoints_of
from weftnet.zoo import ZOO


def import_command(
    what: str, out: Path, entry: str | None, settings: Mapping[str, Any], labels: Path | None, output: Output
) -> None:
    """Write the run, and print what was taken."""
    run = import_weights(what, out, entry=entry, settings=settings, labels=labels)
    origin = run.facts.origin
    assert origin is not None
    sizes = ", ".join(f"{name} {value}" for name, value in origin.settings.items())
    lines = [f"run     {run.folder}", f"from    {origin.text}", f"as      {origin.entry}: {sizes}"]
    lines += [f"reads   {', '.join(run.facts.signals.values())}", *(f"weights {line}" for line in origin.lines)]
    output.say(*lines, f"next    weftnet predict {run.folder} … · weftnet fit DATA --start {run.folder}")
    document = {"run": run.folder, "from": origin.text, "entry": origin.entry, "settings": origin.settings}
    output.end({**document, "reads": run.facts.signals, "notes": origin.lines}, run.folder)


def model_command(path: Path, out: Path, others: bool, output: Output) -> None:
    """Write a model that Keras wrote as JSON as YAML.

    Raises:
        ArchitectureError: layers have no counterpart; all are named.
        SettingError: an option that is for weights was given, or the file is there.
    """
    if others:
        raise SettingError("--as, --set and --labels are for weights", where=str(path), got="a model without weights")
    architecture = load(path)
    if out.exists():
        raise SettingError("is there already", where=str(out), fix="name another file with --out")
    write_text(out, to_yaml(architecture))
    nodes = sum(count(node) for node in architecture.parts.values())
    reads = ", ".join(f"{name}={signal}" for name, signal in architecture.inputs.items())
    lines = [f"written {out}: {nodes} nodes", f"reads   {reads or 'what it is given'}"]
    output.say(*lines, f"next    weftnet check {out} · weftnet fit DATA --arch {out}")
    output.end({"architecture": out, "nodes": nodes, "reads": dict(architecture.inputs)}, out)


def known_weights(name: str | None, output: Output) -> None:
    """Print which published weights an entry of the zoo knows, or all entries: what, where, under which licence.

    Raises:
        SettingError: it knows none.
    """
    entries = ZOO.names() if name is None else [name]
    known = {entry: checkpoints for entry in entries if (checkpoints := checkpoints_of(entry))}
    if not known:
        others = ", ".join(entry for entry in ZOO.names() if checkpoints_of(entry))
        raise SettingError(f"{name} knows no published weights", expected=others)
    lines: list[str] = []
    document: dict[str, list[dict[str, Any]]] = {}
    for entry, checkpoints in known.items():
        lines += [""] * bool(lines) + [entry]
        for each in checkpoints:
            lines.append(f"  names of {each.naming}")
            lines += [f"    {one.name}   {one.where}   {one.licence or 'licence not known'}" for one in each.known]
            document[entry] = document.get(entry, []) + [{"naming": each.naming, **vars(one)} for one in each.known]
    output.say(*lines)
    output.end({"weights": document}, *(one["name"] for each in document.values() for one in each))
