"""Answers: from a network's raw outputs to what a person asked for; one file for each task that answers.

    ANSWERS.get("classification")(outputs, settings) → [{"label": …, "probabilities": {…}}, …]

`settings` are the task's. Written with NumPy alone: the trained run, the exported model and the server decode alike.
"""

from pathlib import Path

from netloom.registry import Registry

ANSWERS = Registry("kind of answer", __name__, Path(__file__).parent)
