"""`export`: a run as a folder for another engine; the comparison with the run, and how to use the folder."""

from collections.abc import Sequence
from dataclasses import asdict
from itertools import islice
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from weftnet import export
from weftnet.cli._output import Output
from weftnet.compete import competition as compete
from weftnet.data import Batch, Data, open_data
from weftnet.export.parity import Compared
from weftnet.export.write import RUNNER
from weftnet.run.loading import Loaded, load
from weftnet.run.own_data import split_of

#: Size and number of the batches of real examples that are compared in addition to random ones.
_BATCH, _BATCHES = 64, 4


def export_command(folder: Path, target: str, out: Path | None, data: str | None, output: Output) -> None:
    """Export a run, or the winner of a competition, and print the comparison.

    Raises:
        WeftnetError: there is no run, or its export computes different numbers.
    """
    console = output.console()
    loaded = load(compete.best_run(folder))
    result = export.write(loaded, out or loaded.run.folder / "export" / target, target, _examples(loaded, data))
    for part, path in result.files.items():
        console.print(_comparison(part, result.compared[part]))
        console.print(f"{escape(str(path))}  {path.stat().st_size:,} bytes", soft_wrap=True)
    for part, why in result.whole.items():
        console.print(f"{escape(part)} has no steps, so that each token reads the whole text: {escape(why)}")
    if result.because:
        console.print(f"The runner is {escape(result.because)}.", soft_wrap=True)
    else:
        console.print(f"python {escape(str(result.folder / RUNNER))} {_likely(loaded)}", soft_wrap=True)
    compared = {part: [asdict(each) for each in _worst(found)] for part, found in result.compared.items()}
    output.end({
        "run": loaded.run.folder, "target": target, "folder": result.folder, "files": result.files,
        "runner": None if result.because else result.folder / RUNNER, "without_runner": result.because,
        "compared": compared,
    }, result.folder)  # fmt: skip


def _examples(loaded: Loaded, data: str | None) -> list[Batch]:
    """Some real examples, if data are named."""
    if data is None:
        return []
    state = loaded.run.json("data.json")
    opened: Data = open_data(data, state=state)
    return list(islice(opened.batches(split_of(opened), _BATCH), _BATCHES))


def _comparison(part: str, compared: Sequence[Compared]) -> Table:
    """A table of the largest difference for each signature."""
    shown = Table("signature", "largest difference", "allowed", box=SIMPLE_HEAD, title=part, title_justify="left")
    for each in _worst(compared):
        shown.add_row(escape(each.signature), f"{each.difference:.1e}", f"{each.allowed:.1e}")
    return shown


def _worst(compared: Sequence[Compared]) -> list[Compared]:
    """The largest difference for each signature."""
    worst: dict[str, Compared] = {}
    for each in compared:
        if each.signature not in worst or each.difference > worst[each.signature].difference:
            worst[each.signature] = each
    return [*worst.values()]


def _likely(loaded: Loaded) -> str:
    """A file name that the run could read, as an example."""
    wires = [field.wire for field in loaded.preprocessing.fields]
    if all(wire.file for wire in wires):
        return "FOLDER"
    if len(wires) == 1 and wires[0].lines:
        return "texts.txt"
    return "rows.csv" if all(wire.cell for wire in wires) else "rows.jsonl"
