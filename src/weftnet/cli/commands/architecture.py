"""`check`, `draw`, `zoo --yaml`, `calibrate`: an architecture before it is trained."""

import inspect
import json
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from weftnet.architecture.reading import load, read
from weftnet.architecture.signal import Signal, parse
from weftnet.architecture.spec import Architecture, to_yaml
from weftnet.base.files import write_text
from weftnet.base.units import amount, duration
from weftnet.errors import ArchitectureError, SettingError, UnknownName, closest
from weftnet.zoo import ZOO

if TYPE_CHECKING:
    from weftnet.cost.check import Report
    from weftnet.cost.communication import Together


def is_file(name: str) -> bool:
    """Whether a name is meant as a file."""
    return Path(name).suffix in (".yaml", ".yml", ".json") or Path(name).is_file()


def is_written(name: str) -> bool:
    """Whether a name is an architecture by itself: a file, a run, or an entry of the zoo; others only data propose."""
    return is_file(name) or Path(name).is_dir() or name in ZOO


def architecture_of(name: str) -> Architecture:
    """An architecture file, or a zoo entry with its own defaults.

    Raises:
        ArchitectureError: the file has faults.
        SettingError: there is neither a file nor an entry of that name.
    """
    if is_file(name):
        return load(name)
    return zoo_entry(name, {})


def zoo_entry(name: str, settings: Mapping[str, Any]) -> Architecture:
    """A zoo entry made with these arguments."""
    try:
        function = ZOO.get(name)
    except UnknownName as error:
        raise UnknownName("architecture file or zoo entry", name, ZOO.names()) from error
    known = inspect.signature(function).parameters
    for setting in settings:
        if setting not in known:
            close = closest(setting, known)
            fix = f"did you mean {close[0]!r}?" if close else ""
            raise SettingError(f"{name} takes no {setting!r}", expected=", ".join(known), fix=fix)
    try:
        made: Architecture = function(**settings)
    except (TypeError, ValueError) as error:
        raise SettingError(str(error), where=f"zoo entry {name}", got=str(dict(settings))) from error
    return made


def zoo_yaml(name: str, settings: Mapping[str, Any]) -> str:
    """A zoo entry as YAML, to start from."""
    return to_yaml(zoo_entry(name, settings))


def signals_of(texts: Sequence[str]) -> dict[str, Signal]:
    """`image:1x28x28` or `name=tokens:64,vocabulary=100` by name; a bare signal is called by its kind."""
    signals = {}
    for text in texts:
        name, equals, rest = text.partition("=")
        named = bool(equals) and ":" not in name
        signal = parse(rest if named else text)
        signals[name if named else signal.kind] = signal
    return signals


def check_command(
    arch: str, *, inputs: Sequence[str], data: str | None, options: Mapping[str, Any], task: str | None, fix: bool,
    as_json: bool, with_times: bool, figures: Mapping[str, Any], start: Mapping[str, Any] | None = None,
) -> bool:  # fmt: skip
    """Print the report of an architecture; True if it has no fault.

    What needs no measurement is printed first, so that it is there while steps are timed, and stays if that is stopped.

    `options` are those of the data: target, kinds, …; `figures` are arguments of `check`: batch, examples, memory,
    together. `start` is a run to start from, and what is frozen or adapted then.

    Raises:
        SettingError: a start without data, whose task gives the head.
    """
    from weftnet.compose.fix import fix as fix_file
    from weftnet.cost import check, rendering

    console = Console()
    signals = signals_of(inputs)
    architecture, faults = read(arch) if is_file(arch) else (None, [])
    if not is_file(arch) and (data is None or is_written(arch)):
        architecture = architecture_of(arch)
    chosen = None
    if data is not None:
        from weftnet.cli.commands.choosing import Choice, choose, read_by, reads_its_way, task_for
        from weftnet.compete.propose import offered
        from weftnet.data import open_data

        opened = open_data(data, **options, target_kind=read_by(task))
        known = [architecture] if architecture is not None else []
        choice = Choice(task) if task else choose(opened, known)
        if choice.others:
            Console(stderr=True).print(f"task    {choice}", highlight=False, markup=False, soft_wrap=True)
        if not task and reads_its_way(choice.name):
            opened = open_data(data, **options, target_kind=read_by(choice.name))
        chosen = task_for(opened, choice.name, {})
        signals = signals or opened.signals
        if not is_file(arch):  # as `fit` would train it
            offers = offered(signals, chosen)
            architecture = offers[arch].architecture if arch in offers else architecture_of(arch)
        figures = {**figures, "examples": figures["examples"] or opened.sizes["train"]}
    if start is not None:
        if data is None:
            how = "name the data that it will be trained on"
            raise SettingError("a start needs data, whose task gives the head", where="--start", fix=how)
        from weftnet.cli.commands.starting import start_from
        from weftnet.train.forecast import tuned

        figures = {**figures, "tuning": partial(tuned, start_from(start))}
    if fix:
        if not is_file(arch):
            raise SettingError("only a file can be fixed", got=arch)
        for line in fix_file(arch, signals):
            console.print(f"[green]fixed[/green] {line}", highlight=False)
        architecture, faults = read(arch)
    if architecture is None:
        raise ArchitectureError(faults, where=arch)
    report = check.check(architecture, signals, task=chosen, faults=faults, **figures)
    if not as_json:
        console.print(rendering.costs(report))
        console.file.flush()  # a pipe has it at once too
    try:
        if with_times and not report.faults:
            report = _timed(report)
            if not as_json:
                console.print(rendering.times(report))
    finally:  # a document is whole or absent, so it waits for the times; if they are stopped it comes without
        if as_json:
            print(json.dumps(report.data(), indent=2, ensure_ascii=False))
    return not report.faults


def _timed(report: "Report") -> "Report":
    """The report with times; meanwhile a terminal shows a bar, and any other output a line, both on stderr."""
    from weftnet.cost.step_time import BUDGET
    from weftnet.cost.timing import timed

    console = Console(stderr=True)
    text = "timing training steps"
    if not console.is_terminal:
        bound = f"about {BUDGET:.0f} s at most; --no-time leaves times out"
        console.print(f"{text}, {bound}", highlight=False, soft_wrap=True)
        return timed(report)
    columns = TextColumn("{task.description}"), BarColumn(bar_width=20), TimeElapsedColumn()
    with Progress(*columns, console=console, transient=True, refresh_per_second=4) as bar:
        steps = bar.add_task(text, total=1.0)
        return timed(report, progress=lambda share: bar.update(steps, completed=share))


def together_of(workers: int | None, shard: bool, bandwidth: str | None) -> "Together | None":
    """The workers that were asked for.

    Raises:
        SettingError: there are none to share or to send, or no such bandwidth.
    """
    if workers is None:
        if shard or bandwidth is not None:
            raise SettingError("the number of workers is missing", where="--shard, --bandwidth", fix="add --workers N")
        return None
    from weftnet.cost.communication import Together, bandwidth_of

    return Together(workers, shard, None if bandwidth is None else bandwidth_of(bandwidth))


def draw_command(arch: str, inputs: Sequence[str], out: Path | None) -> list[Path]:
    """Write the drawing; the paths written."""
    from weftnet.compose import resolve
    from weftnet.compose.draw import draw, mermaid
    from weftnet.compose.inputs import inputs_of

    architecture = architecture_of(arch)
    targets = [out] if out else [Path(f"{Path(arch).stem}.svg"), Path(f"{Path(arch).stem}.mmd")]
    written = []
    signals = inputs_of(architecture, signals_of(inputs))
    for target in targets:
        if target.suffix not in (".svg", ".mmd"):
            raise SettingError("a drawing is SVG or Mermaid", expected="NAME.svg or NAME.mmd", got=str(target))
        for part, node in architecture.parts.items():
            path = target if len(architecture.parts) == 1 else target.with_stem(f"{target.stem}-{part}")
            resolved = resolve(node, signals[part], part)
            write_text(path, draw(resolved) if target.suffix == ".svg" else mermaid(resolved))
            written.append(path)
    return written


def calibrate_command() -> None:
    """Measure the machine's roofline, keep it and print it."""
    from weftnet.cost.kernel_call import COMPUTING
    from weftnet.cost.microbenchmarks import roofline
    from weftnet.cost.roofline import cache_path

    console = Console()
    measured, note = roofline(anew=True)
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for name in ("kernel", "pass", "rate, by the size of a call"):
        table.add_column(name)
    for name, rates in measured.rates.items():
        for kind, pairs in rates.items():
            unit = "FLOP" if kind in COMPUTING else "B"
            points = (f"{amount(rate)}{unit}/s at {amount(size)}{unit}" for size, rate in pairs)
            table.add_row(kind.replace("_", " "), name, ", ".join(points))
    console.print(table)
    calls = ", ".join(f"{name} {duration(seconds)}" for name, seconds in measured.overhead.items())
    console.print(str(measured.machine), highlight=False)
    console.print(f"besides, a kernel call takes {calls}; a block {duration(measured.block)}", highlight=False)
    console.print(note or f"kept in {cache_path(measured.machine)}", highlight=False, soft_wrap=True)
