"""`add-class`: further classes for a run, by their examples alone."""

from pathlib import Path

from weftnet.cli._output import Output
from weftnet.compete.competition import best_run
from weftnet.transfer.add_class import add_class


def add_class_command(folder: Path, source: str, out: Path, output: Output) -> None:
    """Write the run with further classes and say which they are.

    Raises:
        RunError: the run can't take further classes.
        DataError: the examples can't be read, have no labels, or one that the run knows.
    """
    run, fresh = add_class(best_run(folder), source, out)
    labels = run.facts.task.settings["labels"]
    output.say(f"added   {', '.join(map(str, fresh))}: {len(labels)} classes now", f"run     {out}")
    output.end({"run": out, "added": fresh, "classes": labels}, out)
