"""A network of a competition, trained anew with the ensemble as its teacher.

It is the member with the largest weight that was trained in steps. Recipe, length and seed are the member's, so that it
takes as long as that did. A network is a fraction of an ensemble's size and time; what it loses, the leaderboard tells.
"""

from dataclasses import asdict, replace
from pathlib import Path

from weftnet.compete.jobs import conclude
from weftnet.data.data import Data
from weftnet.errors import RunError
from weftnet.run.contents import task_of
from weftnet.run.folder import Run
from weftnet.train import Recipe, resume
from weftnet.train.teacher.asked import Teacher
from weftnet.train.teacher.asking import ask


def student_of(ensemble: Run) -> Run:
    """The member that is trained anew.

    Raises:
        RunError: none was trained in steps.
    """
    for member in sorted(ensemble.facts.members, key=lambda each: -each.weight):
        run = Run.open(ensemble.folder.parent / member.name)
        if Recipe.from_dict(run.json("recipe.json")).solver is None:
            return run
    raise RunError("no member of the ensemble was trained in steps", where=str(ensemble.folder))


def distilled(student: Run, ensemble: Run, data: Data, folder: Path) -> Run:
    """The student's network, trained anew with the ensemble as its teacher, and evaluated.

    Args:
        student: a member, as it was trained.
        ensemble: of the same data.
        data: that both were trained on.
        folder: new or empty.

    Raises:
        RunError, SettingError: the task learns from no teacher, or the recipe blends rows.
        KeyboardInterrupt: Ctrl-C stopped it.
    """
    asked = {"from": [str(ensemble.folder)]}
    ask(Teacher.from_dict(asked), task_of(student), data)  # raises before there is a run
    recipe = replace(Recipe.from_dict(student.json("recipe.json")), teacher=asked)
    new = Run.create(
        folder,
        architecture=student.text("architecture.yaml"),
        recipe=recipe.to_dict(),
        task=asdict(student.facts.task),
        data=asdict(student.facts.data),
        signals=student.facts.signals,
        state=data.state(),
        seed=student.facts.seed,
    )
    if student.facts.start is not None:
        new.record(start=asdict(student.facts.start))
    new = resume(folder, data)
    if new.status != "finished":
        raise KeyboardInterrupt
    conclude(new, data)
    return new
