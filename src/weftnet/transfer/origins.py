"""What somebody names to start from, as a run: published weights are imported once, beside the folder of a fit.

Their run is called after them and their checksum, so that the next training that starts from the same ones finds it.
"""

import re
from pathlib import Path

from weftnet.errors import RunError
from weftnet.run.folder import Run
from weftnet.transfer import libraries
from weftnet.transfer.foreign import Foreign, is_foreign, read
from weftnet.transfer.importing import import_foreign

_DIGITS = 8


def is_published(what: str | Path) -> bool:
    """Whether this names published weights: a file, a folder, or a name of a library; a run is none."""
    return libraries.is_named(str(what)) or is_foreign(what)


def run_of(what: str | Path, beside: Path) -> Path:
    """The run of published weights, imported if it isn't there yet.

    Args:
        what: a file of weights, a folder as Hugging Face writes it, or a name of a library.
        beside: the folder in which the run lies or is to lie.

    Raises:
        RunError: the weights can't be had, or are not understood.
        MissingExtra: their library is not installed.
    """
    found = libraries.fetched(str(what)) if libraries.is_named(str(what)) else read(what)
    folder = beside / _name(found)
    if (folder / "run.json").is_file():
        origin = Run.open(folder).facts.origin
        if origin is None or origin.files != dict(found.files):
            raise RunError("is another run", where=str(folder), expected=f"that of {what}", fix="rename it")
        return folder
    return import_foreign(found, folder).folder


def _name(found: Foreign) -> str:
    """A folder's name: of the weights, and the first digits of their checksum."""
    stem = re.sub(r"[^\w.-]+", "-", found.path.stem if found.path.is_file() else found.path.name)
    digits = next(iter(found.files.values()))[:_DIGITS]
    return stem if stem.endswith(digits) else f"{stem}-{digits}"  # some publishers name files so too
