"""`python EXPORT/runner rows.csv`: an answer a line, as JSON."""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from weftnet.answer.rows import read
from weftnet.answer.runner import Runner, open_export
from weftnet.errors import WeftnetError
from weftnet.tasks._inference import NO_OPTIONS, Options, options_from


def main(folder: Path, arguments: Sequence[str] | None = None) -> int:
    """Answer the examples of files, and return the exit status.

    Args:
        folder: the exported one.
        arguments: of the command line; by default the process's own.
    """
    parser = argparse.ArgumentParser(prog="runner", description="Answers of an exported run, as JSON lines.")
    parser.add_argument("sources", nargs="+", type=Path, help=".csv, .jsonl, .npz, .txt, pictures or folders of them")
    parser.add_argument("--out", type=Path, help="file for the answers, instead of the terminal")
    parser.add_argument("--threads", type=int, help="cores to use; all if left out")
    parser.add_argument("--ask", action="append", default=[], metavar="NAME=VALUE", help="an option of the question")
    options = parser.parse_args(arguments)
    try:
        runner = open_export(folder, options.threads)
        asked = answers(runner, options.sources, options_from(options.ask))
        lines = (json.dumps(answer, ensure_ascii=False) + "\n" for answer in asked)
        if options.out is None:
            sys.stdout.writelines(lines)
        else:
            text = "".join(lines)  # nothing is written if a row can't be read
            options.out.write_text(text, encoding="utf-8")
    except (WeftnetError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def answers(runner: Runner, sources: Sequence[Path], options: Options = NO_OPTIONS) -> Iterator[dict[str, Any]]:
    """The answers to the examples in files, in order; with the name of the file or series that is an example."""
    for source in sources:
        columns, names = read(source, runner.fields, runner.series, runner.table)
        for row, answer in enumerate(runner.predict(columns, options)):
            yield (names[row] if names else {}) | answer
