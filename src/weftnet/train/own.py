"""Which files of a run's folder this program wrote: what its manifest lists, unchanged, and its checkpoints."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from weftnet.base import lock
from weftnet.base.files import UNFINISHED, parse_json, read_json, read_text
from weftnet.base.replacing import pages, unchanged
from weftnet.base.typed import misfit
from weftnet.errors import WeftnetError
from weftnet.run.facts import RunFacts, check_history
from weftnet.train.checkpoint_files import read_facts

_MANIFEST, _HISTORY, _CHECKPOINTS = "run.json", "history.jsonl", "checkpoints"


def own_files(folder: Path) -> Iterator[Path]:
    """The files of a run, its manifest last; none if the folder holds no run, or is a link to one."""
    manifest = folder / _MANIFEST
    if folder.is_symlink() or manifest.is_symlink() or not manifest.is_file():
        return
    try:
        facts = RunFacts.read(read_json(manifest), str(manifest))
    except WeftnetError:
        return
    yield from unchanged(folder, facts.files)
    if _HISTORY not in facts.files and _is_history(folder / _HISTORY):
        yield folder / _HISTORY
    yield from _checkpoints(folder / _CHECKPOINTS)
    yield from pages(folder)
    if (held := folder / lock.NAME).is_file() and not held.is_symlink():
        yield held
    yield manifest


def _is_history(path: Path) -> bool:
    """Whether a file, which changes while a run trains, holds a line for each evaluation."""
    if path.is_symlink() or not path.is_file():
        return False
    with suppress(WeftnetError):
        check_history([parse_json(line, str(path)) for line in read_text(path).splitlines()], str(path))
        return True
    return False


def _checkpoints(folder: Path) -> Iterator[Path]:
    """The files of whole checkpoints, and of those that were being written under another name."""
    if folder.is_symlink() or not folder.is_dir():
        return
    for place in sorted(folder.iterdir()):
        if place.is_symlink() or not place.is_dir():
            continue
        if place.name.isdecimal():
            yield from _checkpoint(place)
        elif place.name.removeprefix(UNFINISHED).isdecimal():
            yield from (path for path in place.iterdir() if _is_unfinished(path))


def _checkpoint(place: Path) -> Iterator[Path]:
    """The files of a checkpoint whose JSON is what was written, and lists them."""
    try:
        facts = read_facts(place)
    except WeftnetError:
        return
    if (place / "state.json").is_symlink():
        return
    listed = facts.get("shards", {"state.safetensors": facts.get("tensors")})
    if not misfit(listed, dict[str, str]):
        yield from unchanged(place, listed)
    yield place / "state.json"


def _is_unfinished(path: Path) -> bool:
    """Whether a file has a name that files of a checkpoint have."""
    return path.name.startswith(("state.", "shard-")) and path.is_file() and not path.is_symlink()
