"""Which task is taken for data, what is said about others, and the reasons where none suits."""

from pathlib import Path

import numpy as np
import pytest

from weftnet.architecture.reading import from_dict
from weftnet.compete.choosing import choose, task_for
from weftnet.compete.entering import FitOptions, candidates_of, entries_of
from weftnet.compete.jobs import Terms
from weftnet.compete.propose import propose
from weftnet.data import Data, open_data
from weftnet.data.kinds.text import Text
from weftnet.data.sources import SOURCES
from weftnet.errors import DataError
from weftnet.tasks import TASKS
from weftnet.train import Recipe, fit
from weftnet.zoo import ZOO


def table(folder: Path, target: list[object], **options: object) -> Data:
    rows = "\n".join(f"{row % 9}.5,{value}" for row, value in enumerate(target))
    (folder / "table.csv").write_text(f"size,y\n{rows}\n")
    return open_data(folder / "table.csv", target="y", **options)  # type: ignore[arg-type]


def repeated(*labels: object) -> list[object]:
    return [labels[row % len(labels)] for row in range(60)]


def test_codes_of_classes_are_no_amounts(tmp_path: Path) -> None:
    for labels in ((0, 1), (0, 1, 2, 3), ("yes", "no")):
        assert str(choose(table(tmp_path, repeated(*labels)))) == "classification"


def test_scores_may_be_classes_or_amounts(tmp_path: Path) -> None:
    data = table(tmp_path, repeated(3, 4, 5, 6, 8))
    assert (
        str(choose(data)) == "classification (60 % sure); or regression (40 %): --kind y=number, kinds={'y': 'number'}"
    )
    other = table(tmp_path, repeated(3, 4, 5, 6, 8), kinds={"y": "number"})  # what the option does
    assert choose(other).name == "regression"


def test_labels_with_parts_may_be_several(tmp_path: Path) -> None:
    genres = repeated("drama; war", "war", "drama", "war; comedy")
    either = str(choose(table(tmp_path, genres)))
    assert either.startswith("classification (60 % sure); or multilabel (40 %): --kind y=labels, ")
    assert choose(table(tmp_path, genres, kinds={"y": "labels"})).name == "multilabel"
    assert not choose(table(tmp_path, repeated("a; b", "c; d"))).others  # no part recurs


def test_without_a_target_examples_are_drawn_and_texts_continued(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", x=np.random.default_rng(0).random((40, 6), np.float32))
    drawn = choose(open_data(tmp_path / "x.npz"))
    assert (drawn.name, [name for name, _, _ in drawn.others]) == ("variational_autoencoder", ["gan"])
    assert str(drawn).endswith("or gan (30 %): --task gan")
    (tmp_path / "said.csv").write_text(
        "said\n" + "".join(f'"word {row} and other words {row * 7}"\n' for row in range(50))
    )
    assert choose(open_data(tmp_path / "said.csv", kinds={"said": "text"})).name == "language_model"


def test_every_task_that_is_named_can_be_had(tmp_path: Path) -> None:
    """An option --task NAME works on these data as they are."""
    np.savez(tmp_path / "x.npz", x=np.random.default_rng(0).random((40, 6), np.float32))
    data = open_data(tmp_path / "x.npz")
    for name, _, option in choose(data).others:
        assert option == f"--task {name}"
        assert isinstance(task_for(data, name, {}), TASKS.get(name))


def test_where_none_suits_each_says_why(tmp_path: Path) -> None:
    np.savez(
        tmp_path / "x.npz", x=np.random.default_rng(0).random((40, 5, 3), np.float32), y=np.ones((40, 2)) * [[1, 2]]
    )
    with pytest.raises(DataError) as caught:
        choose(open_data(tmp_path / "x.npz", kinds={"y": "vector"}))
    lines = str(caught.value).splitlines()
    assert {line.split(":")[0].strip() for line in lines} >= set(TASKS.names())
    assert "--target" in lines[-1]


def test_a_table_without_a_target_asks_for_one(tmp_path: Path) -> None:
    (tmp_path / "two.csv").write_text("a,b c\n" + "".join(f"{row}.5,{row * row}.25\n" for row in range(50)))
    data = open_data(tmp_path / "two.csv")
    with pytest.raises(DataError, match="b c  number, 34 different: ") as caught:
        choose(data)
    assert "--target 'b c' (the last column); or --task " in str(caught.value)
    assert choose(data, [ZOO.get("vae_dense")()]).name == "variational_autoencoder"


def test_a_name_of_the_shortlist_is_what_the_shortlist_offers(tmp_path: Path) -> None:
    offers = propose(table(tmp_path, repeated("yes", "no")).signals, "classification")
    by_name = {each.name: each for each in offers}
    assert candidates_of([each.name for each in offers], by_name) == offers
    (other,) = candidates_of(["resnet"], by_name)  # none of them is like it
    assert (other.architecture, other.recipe) == (ZOO.get("resnet")(), {})


def test_recipes_travel(tmp_path: Path) -> None:
    offers = {each.name: each for each in propose(open_data("digits").signals, "classification")}
    (named,) = candidates_of(["resnet_small"], offers)  # the entry that a proposal is made of
    assert (named.architecture, named.recipe) == (offers["resnet"].architecture, offers["resnet"].recipe)
    assert named.name == "resnet_small"
    mine = tmp_path / "mine.yaml"
    mine.write_text("chain:\n- conv2d: {channels: 8}\n- batch_norm2d\n- relu\n- max_pool2d\n- global_average_pool2d\n")
    (alike,) = candidates_of([str(mine)], offers)
    assert alike.recipe == offers["vgg"].recipe
    assert alike.settings == offers["vgg"].settings
    assert "trained like vgg" in alike.why
    terms = Terms("classification", recipe={"budget": 3.0}).of(alike, 0)
    assert terms.origins["lr"] == "as for vgg, which is most alike"
    assert terms.origins["budget"] == "asked"


def test_the_recipe_of_a_run_travels_without_its_length(tmp_path: Path) -> None:
    data = open_data("digits")
    task, body = TASKS.get("classification").from_data(data), from_dict(["flatten", {"dense": {"dim": 5}}])
    recipe = Recipe(steps=2, lr=0.02, batch_size=32, clip=1.0, plan="eager", seed=3, evaluate_every="2 steps")
    run = fit(body, task, data, recipe, tmp_path / "some-seed3", origins={"lr": "asked"})
    assert run.facts.origins == {"lr": "asked"}
    (candidate,) = candidates_of([str(tmp_path / "some-seed3")])
    assert (candidate.name, candidate.architecture.parts) == ("some", body.parts)
    assert candidate.recipe == {"lr": 0.02, "batch_size": 32, "clip": 1.0, "evaluate_every": "2 steps"}


def test_the_parts_of_an_architecture_decide() -> None:
    data = open_data("digits")
    pair = from_dict({"parts": {"encoder": ["flatten", {"dense": {"dim": 4}}], "decoder": [{"dense": {"dim": 4}}]}})
    alone = from_dict(["flatten", {"dense": {"dim": 4}}])
    assert frozenset(TASKS.get(choose(data, [pair]).name).parts) == {"encoder", "decoder"}
    assert choose(data, [alone]).name == choose(data).name == "classification"


def test_a_task_of_somebody_elses_is_chosen_too(monkeypatch: pytest.MonkeyPatch) -> None:
    class Sure(TASKS.get("classification")):  # type: ignore[misc]
        @classmethod
        def suits(cls, data: Data) -> float:
            return 0.95

    monkeypatch.setitem(vars(TASKS)["_entries"], "sure", Sure)
    choice = choose(open_data("digits"))
    assert (choice.name, [name for name, _, _ in choice.others]) == ("sure", ["classification"])


def test_a_task_that_reads_its_target_its_own_way_is_given_it_so(tmp_path: Path) -> None:
    """Transcripts are characters, whether or not somebody named the task; a kind that somebody set stays."""
    folder = str(SOURCES.get("transcripts").example(tmp_path))
    for options in (FitOptions(folder), FitOptions(folder, task="transcription")):
        entries = entries_of(options)
        assert entries.terms.task == "transcription"
        assert isinstance(entries.data.target, Text)
        assert entries.data.target.level == "characters"
    kinds = {"text": {"text": {"least": 1}}}
    entries = entries_of(FitOptions(folder, data={"kinds": kinds}))
    assert isinstance(entries.data.target, Text)
    assert entries.data.target.level == "words"
