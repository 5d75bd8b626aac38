"""JSON with something odd in one place, as chance or bad intentions would put it there."""

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

#: what may stand where something else should
ODD: tuple[Any, ...] = (
    None, True, -1, 0, 7, 10**9, 10**12, 10**30, -0.5, float("nan"), float("inf"), "", "x", "../../etc/passwd",
    "/etc/passwd", "a\0b", "\ud800", "é" * 300, [], [1], ["a", 3], [[]], {}, {"a": 1}, [float("nan")], [10**12],
    "vector:3", [[[[[[1]]]]]], "1e999",
)  # fmt: skip


def places(tree: Any) -> Iterator[tuple[Any, Any]]:
    """Every place of nested lists and mappings, as (holder, key)."""
    items = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in items:
        yield tree, key
        yield from places(value)


def odd(path: Path, chance: random.Random) -> None:
    """Put something odd in one place of a JSON file, or take that place away; one without places stays as it is."""
    document = json.loads(path.read_text(encoding="utf-8"))
    if not (there := list(places(document))):
        return
    holder, key = chance.choice(there)
    if (choice := chance.randrange(len(ODD) + 2)) < len(ODD):
        holder[key] = ODD[choice]
    elif isinstance(holder, dict) and choice == len(ODD):
        holder[str(key) + "?"] = holder.pop(key)
    else:
        del holder[key]
    path.write_text(json.dumps(document), encoding="utf-8")
