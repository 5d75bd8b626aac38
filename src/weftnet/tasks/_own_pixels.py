"""Answers with places in a picture, in pixels of the picture as it came rather than as the network reads it.

An `answer.py` whose answers have such places holds `resized(answer, height, width)` beside its function: the answer
for a picture of another size. Whoever has the raw rows at hand asks for it here.
"""

from collections.abc import Mapping
from typing import Any

from weftnet.data.kinds._kind import Kind
from weftnet.tasks._registries import ANSWERS

Answer = dict[str, Any]


def has_places(task: str) -> bool:
    """Whether answers of a task have places in a picture."""
    return ANSWERS.find(task) is not None and hasattr(ANSWERS.module(task), "resized")


def in_own_pixels(
    task: str, answers: list[Answer], columns: Mapping[str, Kind], raw: Mapping[str, Any]
) -> list[Answer]:
    """The answers in pixels of their own pictures; unchanged where they have no places, or pictures no other size.

    Args:
        task: its name.
        answers: one for each row.
        columns: the fitted kinds of the raw columns.
        raw: values by column.
    """
    if not has_places(task):
        return answers
    sizes = [kind.extents(raw[name]) for name, kind in columns.items() if name in raw]
    known = next((each for each in sizes if each is not None), None)
    if known is None:
        return answers
    resized = ANSWERS.module(task).resized
    return [resized(answer, *size) for answer, size in zip(answers, known, strict=True)]
