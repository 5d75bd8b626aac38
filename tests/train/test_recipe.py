"""A recipe refuses what it can't use and survives JSON."""

import dataclasses
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from weftnet.errors import SettingError
from weftnet.train import recipe as module
from weftnet.train.recipe import Recipe


def test_round_trip() -> None:
    fields: dict[str, Any] = {
        "optimiser": "muon",
        "optimiser_settings": {"momentum": 0.9},
        "groups": {"critic": {"optimiser": "adam", "lr": 0.1, "optimiser_settings": {"betas": (0.0, 0.9)}}},
        "schedule": "step",
        "schedule_settings": {"at": [0.3, 0.6]},
        "augment": ["flip", {"crop": {"padding": 2}}],
        "budget": 12.5,
        "evaluate_every": "0.5 epochs",
    }
    recipe = Recipe(**fields)
    text = json.dumps(recipe.to_dict())
    assert Recipe.from_dict(json.loads(text)).to_dict() == recipe.to_dict()
    assert Recipe.from_dict(json.loads(json.dumps(Recipe().to_dict()))) == Recipe()


def test_ten_epochs_by_default() -> None:
    assert Recipe().epochs == 10
    assert Recipe(steps=3).epochs is None


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"optimizer": "adam"}, "recipe: no field is called 'optimizer'\n  fix: did you mean 'optimiser'?"),
        ({"optimiser": "adamm"}, "recipe: optimiser: no optimiser is called 'adamm'\n  fix: did you mean 'adam"),
        ({"schedule": "cosin"}, "recipe: schedule: no schedule is called 'cosin'\n  fix: did you mean 'cosine'?"),
        ({"augment": ["flipp"]}, "recipe: augment: no augmentation is called 'flipp'"),
        ({"augment": [{"flip": {}, "crop": {}}]}, "augment can't be used"),
        ({"augment": "flip"}, "augment can't be used"),
        ({"epochs": 1, "steps": 2}, "more than one length\n  expected: one of them\n  got: epochs and steps"),
        ({"lr": 0}, "lr can't be used\n  expected: a positive number\n  got: 0"),
        ({"lr": True}, "lr can't be used"),
        ({"lr": float("nan")}, "lr can't be used"),
        ({"batch_size": 0}, "batch_size can't be used"),
        ({"batch_size": 1.5}, "batch_size can't be used"),
        ({"accumulate": 0}, "accumulate can't be used"),
        ({"steps": 0}, "steps can't be used"),
        ({"budget": -1}, "budget can't be used"),
        ({"clip": 0}, "clip can't be used"),
        ({"ema": 1.0}, "ema can't be used\n  expected: a decay in \\(0, 1\\)"),
        ({"warmup": 1.0}, "warmup can't be used"),
        ({"evaluate_every": "often"}, "evaluate_every can't be used"),
        ({"evaluate_every": "0.5 steps"}, "evaluate_every can't be used"),
        ({"evaluate_every": 3}, "evaluate_every can't be used"),
        ({"patience": 0}, "patience can't be used"),
        ({"keep": "worst"}, "keep can't be used"),
        ({"checkpoint_every": -1}, "checkpoint_every can't be used"),
        ({"seed": -1}, "seed can't be used"),
        *(
            ({"threads": wrong}, "threads can't be used\n  expected: a whole number from 1 to 1,024")
            for wrong in (0, 1025)
        ),
        *(
            ({name: 2**63}, f"{name} can't be used")
            for name in ("batch_size", "accumulate", "steps", "patience", "seed")
        ),
        (
            {"optimiser_settings": {"beta": 1}},
            "recipe: optimiser_settings: adamw has no setting 'beta'\n  fix: did you",
        ),
        ({"optimiser": "gd", "optimiser_settings": {"x": 1}}, "gd has no setting 'x'\n  expected: none"),
        ({"schedule_settings": {"warmup": 0.1}}, "one_cycle has no setting 'warmup'"),
        ({"groups": {"critic": {"rate": 1}}}, "recipe: groups.critic: no field is called 'rate'"),
        ({"groups": {"critic": {"lr": -1}}}, "recipe: groups.critic: lr can't be used"),
        ({"groups": {"critic": {"optimiser": "zzz"}}}, "recipe: groups.critic.optimiser: no optimiser is called"),
        ({"groups": {"critic": 3}}, "groups can't be used"),
    ],
)
def test_refusals(fields: dict[str, Any], text: str) -> None:
    with pytest.raises(SettingError, match=text):
        Recipe.from_dict(fields)


def test_groups_inherit_unless_their_optimiser_differs() -> None:
    recipe = Recipe(
        optimiser="momentum",
        lr=0.3,
        optimiser_settings={"momentum": 0.8},
        groups={"a": {"lr": 0.1}, "b": {"optimiser": "adam"}},
    )
    assert recipe.of_group("a") == {"optimiser": "momentum", "lr": 0.1, "settings": {"momentum": 0.8}}
    assert recipe.of_group("b") == {"optimiser": "adam", "lr": None, "settings": {}}
    assert recipe.of_group("c") == {"optimiser": "momentum", "lr": 0.3, "settings": {"momentum": 0.8}}


def test_explicit_fields_override_task_defaults() -> None:
    defaults = {"optimiser": "adam", "lr": 1e-4, "optimiser_settings": {"betas": [0.0, 0.9]}, "epochs": 30}
    task = SimpleNamespace(recipe_defaults=defaults)
    assert Recipe.for_task(task).lr == 1e-4
    assert Recipe.for_task(task, steps=5).epochs is None
    other = Recipe.for_task(task, optimiser="sgd")
    assert (other.lr, other.optimiser_settings, other.epochs) == (None, {}, 30)


def test_interval() -> None:
    assert Recipe(evaluate_every="7 steps").evaluation_interval(100) == 7
    assert Recipe(evaluate_every="2 epochs", accumulate=4).evaluation_interval(100) == 50
    assert Recipe(evaluate_every="0.001 epochs").evaluation_interval(100) == 1


def test_every_field_is_documented_and_checked() -> None:
    names = [field.name for field in dataclasses.fields(Recipe)]
    assert set(names) == set(module._LIMITS)
    source = Path(module.__file__).read_text()
    body = source[source.index("class Recipe") : source.index("def __post_init__")].splitlines()
    for number, line in enumerate(body):
        if line.startswith("    ") and ": " in line and line.split(":")[0].strip() in names:
            assert body[number + 1].strip().startswith('"""'), line
