"""A task's example, the calls that nobody kills, and the folder that is spoilt and cleaned again.

PLACE/data, net*.yaml        the example
PLACE/whole/NAME             what a call that nobody killed left; NAME is the case's
PLACE/here                   the working directory of every call: its outputs, its cache, its temporary files
PLACE/log.txt                what the calls since the last cleaning printed
"""

import json
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from weftnet.architecture.reading import from_dict
from weftnet.architecture.spec import to_yaml
from weftnet.tasks import EXAMPLES
from weftnet.tasks._example import Example

#: seconds between two checkpoints
_CHECKPOINTS = 0.2


class Place:
    """The folder of one task.

    Args:
        task: its name.
        folder: a new one.
    """

    def __init__(self, task: str, folder: Path) -> None:
        self.task, self.folder, self.here, self.whole = task, folder, folder / "here", folder / "whole"
        (folder / "data").mkdir(parents=True)
        self.whole.mkdir()
        self.example: Example = EXAMPLES.get(task)(folder / "data")
        for name in ("net", "other"):
            text = to_yaml(from_dict(self.example.architecture))
            (folder / f"{name}.yaml").write_text(text, encoding="utf-8")

    def clean(self) -> None:
        """An empty working directory."""
        shutil.rmtree(self.here, ignore_errors=True)
        (self.here / "tmp").mkdir(parents=True)
        os.environ["XDG_CACHE_HOME"] = str(self.here / "cache")
        os.environ["TMPDIR"] = str(self.here / "tmp")
        tempfile.tempdir = None
        (self.folder / "log.txt").unlink(missing_ok=True)

    @property
    def log(self) -> str:
        """What was printed."""
        path = self.folder / "log.txt"
        return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""

    def files(self) -> set[str]:
        """What lies in the working directory; folders by their names too."""
        return {str(path.relative_to(self.here)) for path in self.here.rglob("*")}

    def fit(
        self, out: str, *, nets: Sequence[str] = ("net",), steps: int | None = None, plan: str | Mapping[str, object]
    ) -> list[str]:
        """The words of a training of the example.

        Args:
            out: the folder.
            nets: the architectures that compete.
            steps: of the optimiser; the example's if left out.
            plan: by name, or as data.
        """
        example = self.example
        recipe = {**example.recipe, "checkpoint_every": _CHECKPOINTS}
        steps = steps or recipe["steps"]
        del recipe["steps"]
        words = ["fit", str(example.source), "--task", self.task, "--out", out, "--replace", "--steps", str(steps)]
        words += [f"--arch={self.folder / net}.yaml" for net in nets]
        words += ["--plan", plan if isinstance(plan, str) else json.dumps(plan)]
        words += [f"--set={name}={json.dumps(value)}" for name, value in recipe.items()]
        words += [f"--task-set={name}={json.dumps(value)}" for name, value in example.settings.items()]
        for name, value in example.options.items():
            if name == "target":
                words += [f"--target={name}" for name in ([value] if isinstance(value, str) else value)]
            elif name == "kinds":
                words += [f"--kind={column}={json.dumps(kind)}" for column, kind in value.items()]
            else:
                words += [f"--data-set={name}={json.dumps(value)}"]
        return words
