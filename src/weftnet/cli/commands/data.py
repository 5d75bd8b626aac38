"""`data`: what was inferred about a data set, in the terminal and as a page with images."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from weftnet.cli._output import Output
from weftnet.cli.commands.show import facts_of
from weftnet.compete.choosing import Choice, choose
from weftnet.data import Data, open_data
from weftnet.data.rows import RowData
from weftnet.errors import DataError, SettingError


def data_command(source: str, options: Mapping[str, Any], out: Path | None, output: Output) -> None:
    """Open a source as `fit` would, and print what was inferred.

    Args:
        source: of the data.
        options: of the data: target, kinds, splits, …
        out: file of the page, if one is wanted.
        output: where it is printed, and how.

    Raises:
        DataError, SettingError: the source can't be opened with these options.
        SettingError: a page was asked for, but the data have no rows of columns.
    """
    from weftnet.report.dataset import balance, column_table, write_dataset

    data = open_data(source, **options)
    task = _choice(data)
    if out is not None and not isinstance(data, RowData):
        raise SettingError("there is no page for data without rows of columns", where=source, got=type(data).__name__)
    page = write_dataset(data, out) if out is not None and isinstance(data, RowData) else None
    if not output.talks:
        columns = {}
        if isinstance(data, RowData):
            head, rows = column_table(data)
            columns = {row[0]: dict(zip(head[1:], row[1:], strict=True)) for row in rows}
        document = {
            "name": data.name, "source": data.source, "fingerprint": data.fingerprint,
            "task": getattr(task, "name", None),
            "signals": {name: signal.text() for name, signal in data.signals.items()}, "sizes": data.sizes,
            "columns": columns, "notes": data.notes, "page": page,
        }  # fmt: skip
        output.end(document, page)
        return
    console = output.console()
    facts_of(console, data, str(task))
    if isinstance(data, RowData):
        head, rows = column_table(data)
        table = Table(box=SIMPLE_HEAD, pad_edge=False)
        for name in head:
            table.add_column(name, justify="right" if name in ("missing", "different") else "left", overflow="fold")
        for row in rows:
            table.add_row(*map(escape, row))
        console.print(table)
        counts = list(balance(data).items())
        if counts:
            more = f", and {len(counts) - 10} more" if len(counts) > 10 else ""
            listed = ", ".join(f"{name} {count}" for name, count in counts[:10])
            console.print(f"of each label in the training rows: {escape(listed)}{more}", highlight=False)
    if page is not None:
        output.say("", f"page    {page}")


def _choice(data: Data) -> Choice | str:
    """The task that suits the data, or what is missing for one to do so."""
    try:
        return choose(data)
    except DataError as error:
        return f"none yet: {error.fix}"
