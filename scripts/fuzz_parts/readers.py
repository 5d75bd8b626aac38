"""What weftnet does with a foreign file, by kind: everything that reads it."""

from pathlib import Path

from weftnet.run.loading import Loaded


def read_data(path: Path) -> None:
    """Open it and encode the first rows."""
    from weftnet.data import open_data

    data = open_data(str(path))
    for split in data.sizes:
        next(iter(data.batches(split, 8)), None)


def read_run(folder: Path) -> None:
    """Verify, load, answer, compare."""
    from weftnet.answer.predict import of_source
    from weftnet.compete.compare import compare
    from weftnet.run.folder import Run
    from weftnet.run.loading import load

    Run.open(folder).history  # noqa: B018
    loaded = load(folder)
    for row in sorted(folder.parent.glob("rows.*")):
        list(of_source(loaded, str(row)).answers)
    compare([folder])


def read_competition(folder: Path) -> None:
    """Find the best run, the files that a replacement would delete, and the leaderboard."""
    from weftnet.compete.competition import best_run, own_files
    from weftnet.compete.rejoin import rejoined
    from weftnet.run.folder import Run

    own_files(folder)
    rejoined(folder)
    Run.open(best_run(folder)).verify()


def read_checkpoint(folder: Path) -> None:
    """Resume it."""
    from weftnet.train import resume

    resume(folder)


def read_export(folder: Path) -> None:
    """Open it and answer."""
    from weftnet.answer.main import answers
    from weftnet.answer.runner import open_export

    list(answers(open_export(folder, threads=1), sorted(folder.parent.glob("rows.*"))))


def read_question(loaded: Loaded, path: Path) -> None:
    """Answer it, with a run that is intact."""
    from weftnet.answer.predict import of_source

    list(of_source(loaded, str(path)).answers)


def read_architecture(path: Path) -> None:
    """Check it."""
    from weftnet.architecture.reading import load
    from weftnet.architecture.signal import parse
    from weftnet.compose import resolve

    for part, node in load(path).parts.items():
        resolve(node, {"x": parse("image:1x8x8")}, part)
