"""Which entry of the zoo a checkpoint belongs to, and its settings: recognised by names and shapes of tensors."""

import inspect
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from weftnet.errors import RunError, SettingError, UnknownName
from weftnet.transfer.foreign import Foreign
from weftnet.zoo import ZOO
from weftnet.zoo._weights import Checkpoint, Found

#: what wrappers put before all names
_WRAPPED = ("module.", "_orig_mod.", "model.", "backbone.")
_SHOWN = 5


@dataclass(frozen=True)
class Match:
    """A checkpoint that is understood.

    Args:
        entry: of the zoo.
        checkpoint: what the entry knows of it.
        settings: of the entry.
        tensors: by the names that the entry knows.
        found: what the entry was shown.
    """

    entry: str
    checkpoint: Checkpoint
    settings: dict[str, Any]
    tensors: Mapping[str, Tensor]
    found: Found


def checkpoints_of(entry: str) -> list[Checkpoint]:
    """The namings that an entry knows; [] where it says nothing of weights."""
    function = ZOO.get(entry)
    make = getattr(function, "weights", None) or getattr(inspect.getmodule(function), "weights", None)
    return list(make()) if make is not None else []


def match(foreign: Foreign, entry: str | None = None, settings: Mapping[str, Any] | None = None) -> Match:
    """The entry and its settings that a checkpoint fits.

    Args:
        foreign: that was read.
        entry: of the zoo, where it is known.
        settings: of the entry that count instead of those that are read off.

    Raises:
        RunError: nothing is known that has such names, or several are.
        SettingError: the entry knows no weights.
    """
    if entry is not None and entry not in ZOO:
        raise UnknownName("zoo entry", entry, ZOO.names())
    known = {name: checkpoints_of(name) for name in (ZOO.names() if entry is None else [entry])}
    if not any(known.values()):
        others = [name for name in ZOO.names() if checkpoints_of(name)]
        raise SettingError(f"{entry} knows no published weights", where="--as", expected=" or ".join(others))
    given = dict(settings or {})
    alike = [
        (name, each, tensors)
        for name, checkpoints in known.items()
        for each in checkpoints
        if (tensors := _named(foreign.tensors, each)) is not None
    ]
    found, wrong = [], []
    for name, each, tensors in alike:
        seen = Found({key: tuple(value.shape) for key, value in tensors.items()}, _config(foreign), given)
        try:
            found.append(Match(name, each, {**each.settings(seen), **given}, tensors, seen))
        except (KeyError, IndexError, ValueError, TypeError) as error:
            wrong.append(f"{name} ({each.naming}): {error if isinstance(error, ValueError) else repr(error)}")
    if not found and wrong:
        what = "its names are known, but its sizes are not understood"
        raise RunError(what, where=str(foreign.path), got="; ".join(wrong)[:300])
    if len(found) != 1:
        raise _not_one(foreign, [f"{each.entry} ({each.checkpoint.naming})" for each in found], known)
    return found[0]


def _config(foreign: Foreign) -> dict[str, Any]:
    """What the folder says of the network; of a sentence encoder also its pooling and the longest text."""
    pooling, own = foreign.document("1_Pooling/config.json"), foreign.document("sentence_bert_config.json") or {}
    longest = own.get("max_seq_length")
    more = {"pooling": pooling, "max_seq_length": longest}
    return {**foreign.config, **{name: value for name, value in more.items() if value is not None}}


def _named(tensors: Mapping[str, Tensor], checkpoint: Checkpoint) -> dict[str, Tensor] | None:
    """The tensors without a prefix, if all marks are among them then."""
    for prefixes in _prefixes(checkpoint.prefixes):
        plain = {_plain(name, prefixes, checkpoint.aliases): value for name, value in tensors.items()}
        if all(mark in plain for mark in checkpoint.marks):
            return plain
    return None


def _prefixes(own: Iterable[str]) -> list[tuple[str, ...]]:
    """Prefixes that are taken off one after the other, the fewest first."""
    inner = ("", *own)
    return [tuple(filter(None, (outer, each))) for outer in ("", *_WRAPPED) for each in inner]


def _plain(name: str, prefixes: Sequence[str], aliases: Mapping[str, str]) -> str:
    """A name without its prefixes, as it is called today."""
    for prefix in prefixes:
        name = name.removeprefix(prefix)
    old = next((each for each in aliases if name.endswith(each)), None)
    return name if old is None else name.removesuffix(old) + aliases[old]


def _not_one(foreign: Foreign, found: list[str], known: Mapping[str, Sequence[Checkpoint]]) -> RunError:
    if found:
        what, fix = "could be of several entries of the zoo", "name it: --as NAME"
        return RunError(what, where=str(foreign.path), got=", ".join(found), fix=fix)
    names = [
        f"{name} ({', '.join(each.naming for each in checkpoints)})"
        for name, checkpoints in known.items()
        if checkpoints
    ]
    got = ", ".join(list(foreign.tensors)[:_SHOWN])
    what, fix = "its names are those of no checkpoint that is known", "weftnet zoo NAME --weights lists them"
    return RunError(what, where=str(foreign.path), expected="; ".join(names), got=f"tensors such as {got}", fix=fix)
