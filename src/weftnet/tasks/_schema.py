"""The schema of a task's answers: `Answer` in its `answer.py`."""

from weftnet.tasks._registries import ANSWERS


def answer_schema(task: str) -> type | None:
    """The typed dictionary of an answer; None for a task that has no answers, or whose answers have no schema."""
    return getattr(ANSWERS.module(task), "Answer", None) if ANSWERS.find(task) is not None else None
