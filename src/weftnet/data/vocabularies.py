"""Texts whose target is a text: how they are read, and one vocabulary for several columns.

    {"german": {"subwords": {"shared": True}}}       the target's; an input of texts beside it is read in the same way

Such an input is read whole, as its target is. What is shared is learnt from the training rows of all the columns that
share; each keeps a length of its own. Then a token has one number on both sides, and one embedding can serve both.
"""

import copy
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weftnet.data.content import Content
from weftnet.data.infer import Spec
from weftnet.data.kinds import KINDS
from weftnet.data.kinds._kind import Kind
from weftnet.data.kinds._sequence import TokenSequence
from weftnet.data.order import Rows, permutation
from weftnet.errors import SettingError


def beside(target: TokenSequence, spec: str) -> tuple[Spec, str]:
    """How an input that is recognised as `spec` is read beside such a target, and the name of that; "" if as it is."""
    if not issubclass(KINDS.get(spec), TokenSequence):
        return spec, ""
    like = target.beside()
    return like, "" if like == {spec: {}} else next(iter(like))


def read_whole(kind: Kind, spec: Spec) -> None:
    """Let an input of texts beside such a target be read whole, unless somebody set its `share`.

    What is cut off a source is what its target can't be written from.
    """
    said = next(iter(spec.values())) if isinstance(spec, Mapping) else None
    if isinstance(kind, TokenSequence) and "share" not in (said or {}):
        kind.share = 1.0


def share_vocabularies(content: Content, train: Rows, columns: Mapping[str, Kind], target: Kind | None) -> list[str]:
    """Give the fitted columns that share a vocabulary one that is learnt from them all; returns a note on it.

    Raises:
        SettingError: a column shares and no other does, or they are read in different ways.
    """
    every = {**columns, str(content.target): target}
    sharing = {name: kind for name, kind in every.items() if isinstance(kind, TokenSequence) and kind.shared}
    if not sharing:
        return []
    names = ", ".join(sharing)
    first, *others = sharing.values()
    if not others:
        raise SettingError("a column shares its vocabulary, and no other does", where=f"kinds: {names}",
                           fix="set `shared` for another column of texts too, or for none")  # fmt: skip
    for kind in others:
        if kind.beside() != first.beside():
            raise SettingError("columns that share a vocabulary are read in the same way", where=f"kinds: {names}",
                               expected=str(first.beside()), got=str(kind.beside()))  # fmt: skip
    values = {name: _training(content, name, train) for name in sharing}
    joint = copy.deepcopy(first).fit(np.concatenate(list(values.values())))
    for name, kind in sharing.items():
        kind.adopt(joint, values[name])
    return [f"{names}: one vocabulary of {joint.signal.known['vocabulary']} tokens"]


def _training(content: Content, name: str, train: Rows) -> NDArray[Any]:
    """The training values; of a column on disk a random sample, as for every fit."""
    if content.on_disk(name):
        train = np.sort(train[permutation(len(train), "sample", name)[: content.chunk]])
    return content.rows(name, train)
