"""Names of a network's inputs, from the names of columns: what a column is called never decides what can be built.

    tokens, image …          the only column of a kind of signal
    tokens_title             one of several; whatever can't be part of a module's path or of a file's name is a `_`
    tokens_post_title_2      the same name once more: post.title beside post_title

Module paths are joined by dots, and an exported network's inputs are called alike in every format.
"""

import re
from collections.abc import Collection, Iterable, Mapping

#: what a name can't hold: dots, control characters, lone surrogates
_UNSAFE = re.compile(r"[.\x00-\x1f\x7f\ud800-\udfff]")


def input_names(kinds: Mapping[str, str]) -> dict[str, str]:
    """The input of each column that is one of its own.

    Args:
        kinds: of each column's signal: tokens, image …
    """
    several = list(kinds.values())
    plain = {name: kind if several.count(kind) == 1 else f"{kind}_{name}" for name, kind in kinds.items()}
    taken = {name for name in plain.values() if not _UNSAFE.search(name)}
    names = {}
    for column, name in plain.items():
        names[column] = name if name in taken else free(_UNSAFE.sub("_", name), taken)
        taken.add(names[column])
    return names


def free(name: str, taken: Collection[str]) -> str:
    """The name, or the first of NAME_2, NAME_3 … that is not taken."""
    number, chosen = 1, name
    while chosen in taken:
        number += 1
        chosen = f"{name}_{number}"
    return chosen


def labelled(names: Iterable[str], ending: str) -> dict[str, str]:
    """For each name another one with this ending, that no name and no other of them has."""
    names = list(names)
    labels: dict[str, str] = {}
    for name in names:
        labels[name] = free(f"{name}{ending}", {*names, *labels.values()})
    return labels
