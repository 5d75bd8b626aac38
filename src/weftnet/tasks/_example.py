"""A tiny data set and a network that learns it in a moment: the example of a task, for contracts, grid and docs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Example:
    """What a task learns from, with what, and how well.

    Args:
        source: a file or folder, as `open_data` takes it.
        architecture: in the form of YAML, without the task's head: nodes, or `{parts: …}`.
        recipe: fields of a recipe; `steps` among them, few enough for a few seconds on one core.
        learnt: metrics → the bounds that they lie in after the training, on the validation split.
        options: of `open_data`: `target`, `kinds`, `splits` …
        settings: of the task.
        question: what is asked of its run, where that is not the source: the images alone of a folder with their masks.
    """

    source: Path
    architecture: Any
    recipe: Mapping[str, Any]
    learnt: Mapping[str, tuple[float, float]]
    options: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    question: Path | None = None
