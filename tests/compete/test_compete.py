import json
from dataclasses import replace
from pathlib import Path

import pytest

from weftnet.architecture.spec import Architecture, Block, Chain
from weftnet.base.scores import Score
from weftnet.compete import competition as compete
from weftnet.compete.jobs import Outcome, Terms, jobs_of, run_job
from weftnet.compete.pool import Pool
from weftnet.data import open_data
from weftnet.errors import RunError, SettingError
from weftnet.tasks import Candidate

DENSE = Architecture.of(Chain((Block("flatten"), Block("dense", {"dim": 12}), Block("relu"))))
BEST, LEAST = Score("accuracy", "max", "share"), Score("accuracy", "min", "share")
FACTS = {name: {"parameters": 1, "flops": 2, "latency": 0.1, "why": ""} for name in ("a", "b", "c")}


def terms(**recipe: object) -> Terms:
    return Terms("classification", recipe=recipe)


def outcome(name: str, seed: int, validation: float, test: float = 0.5) -> Outcome:
    folder = f"{name}-seed{seed}"
    return Outcome(name, seed, folder, "finished", {"accuracy": validation}, {"accuracy": test}, 2.0, 10)


def test_ranked_by_validation_not_by_test() -> None:
    outcomes = [outcome("a", 0, 0.9, 0.1), outcome("b", 0, 0.8, 0.99), outcome("a", 1, 0.92, 0.2)]
    standings = compete.rank(outcomes, BEST, FACTS)
    assert [standing.name for standing in standings] == ["a", "b"]
    assert standings[0].score.mean == pytest.approx(0.91)
    assert standings[0].test is not None
    assert standings[0].test.mean == pytest.approx(0.15)
    best, reason = compete.winner(standings, outcomes, BEST)
    assert best == "a-seed1"
    assert "a has the highest validation accuracy" in reason
    assert "test split played no part" in reason


def test_the_lowest_wins_where_less_is_better() -> None:
    outcomes = [outcome("a", 0, 2.0), outcome("b", 0, 1.0)]
    standings = compete.rank(outcomes, LEAST, FACTS)
    assert compete.winner(standings, outcomes, LEAST)[0] == "b-seed0"


def test_a_difference_within_the_spread_is_said() -> None:
    outcomes = [outcome("a", 0, 0.90), outcome("a", 1, 0.94), outcome("b", 0, 0.91), outcome("b", 1, 0.92)]
    standings = compete.rank(outcomes, BEST, FACTS)
    assert "only more seeds can decide between them" in compete.winner(standings, outcomes, BEST)[1]


def test_failed_candidates_are_not_ranked() -> None:
    outcomes = [Outcome("a", 0, "a-seed0", "failed", error="too wide"), outcome("b", 0, 0.5)]
    assert [standing.name for standing in compete.rank(outcomes, BEST, FACTS)] == ["b"]
    assert compete.winner((), [], BEST) == (None, "no training finished")


def test_every_candidate_has_its_turn_before_the_next_seed(tmp_path: Path) -> None:
    candidates = [Candidate("a", DENSE, {"lr": 0.1, "epochs": 3}, ""), Candidate("b", DENSE, {}, "")]
    jobs = jobs_of(candidates, [4, 5], tmp_path, terms(budget=2.0))
    assert [(job.name, job.seed) for job in jobs] == [("a", 4), ("b", 4), ("a", 5), ("b", 5)]
    assert jobs[0].terms.recipe == {"lr": 0.1, "budget": 2.0, "seed": 4}  # one length, and the user's goes first
    with pytest.raises(SettingError, match="two candidates have the same name"):
        jobs_of([candidates[0], candidates[0]], [0], tmp_path, terms())


def test_only_a_competition_is_replaced(tmp_path: Path) -> None:
    mine = tmp_path / "thesis"
    mine.mkdir()
    (mine / "chapter.txt").write_text("years of work")
    with pytest.raises(RunError, match="not empty"):
        compete.prepare(mine, replace=False)
    with pytest.raises(RunError, match="other than a competition"):
        compete.prepare(mine, replace=True)
    assert (mine / "chapter.txt").read_text() == "years of work"
    ours = tmp_path / "runs"
    compete.prepare(ours, replace=False)
    (ours / "old").write_text("")
    compete.prepare(ours, replace=True)
    assert not (ours / "old").exists()


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="can't be created"):
        compete.prepare(tmp_path / "file" / "runs", replace=False)


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_trainings_run_and_one_failure_ends_only_itself(tmp_path: Path, workers: int) -> None:
    wrong = Architecture.of(Chain((Block("lstm", {"dim": 3}),)))
    candidates = [Candidate("dense", DENSE, {}, ""), Candidate("wrong", wrong, {}, "")]
    jobs = jobs_of(candidates, [0], tmp_path, terms(steps=30))
    seen: list[str] = []
    with Pool(open_data("digits"), workers) as pool:
        outcomes = pool.run(jobs, lambda done: seen.append(done.name))
        assert pool.started == (workers > 1)
        (again,) = pool.run(jobs_of(candidates[:1], [1], tmp_path, terms(steps=3)), lambda done: None)
        assert again.status == "finished"
    by_name = {outcome.name: outcome for outcome in outcomes}
    assert sorted(seen) == ["dense", "wrong"]
    assert (by_name["dense"].status, by_name["dense"].error) == ("finished", "")
    assert by_name["dense"].steps == 30
    assert 0.2 < by_name["dense"].test["accuracy"] <= 1
    assert by_name["wrong"].status == "failed"
    assert "lstm" in by_name["wrong"].error
    document = json.loads((tmp_path / "dense-seed0" / "run.json").read_text())
    assert document["scores"]["test"] == by_name["dense"].test


def test_the_best_run_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / compete.FILE).write_text(json.dumps({"best": "a-seed0"}))
    assert compete.best_run(tmp_path) == tmp_path / "a-seed0"
    (tmp_path / compete.FILE).write_text(json.dumps({"best": "../../etc"}))
    with pytest.raises(RunError, match="no winner"):
        compete.best_run(tmp_path)
    assert compete.best_run(tmp_path / "a-seed0") == tmp_path / "a-seed0"


def test_the_tasks_settings_of_a_candidate_are_its_own_unless_given(tmp_path: Path) -> None:
    candidates = [Candidate("a", DENSE, {}, "", {"label_smoothing": 0.1}), Candidate("b", DENSE, {}, "")]
    own = jobs_of(candidates, [0], tmp_path, terms(steps=2))
    assert [job.terms.task_settings for job in own] == [{"label_smoothing": 0.1}, {}]
    chosen = jobs_of(candidates, [0], tmp_path, replace(terms(steps=2), task_settings={"label_smoothing": 0.0}))
    assert [job.terms.task_settings for job in chosen] == [{"label_smoothing": 0.0}] * 2
    assert run_job(own[0], open_data("digits")).status == "finished"
    document = json.loads((tmp_path / "a-seed0" / "run.json").read_text())
    assert document["task"]["settings"]["label_smoothing"] == 0.1


def test_an_error_of_another_kind_ends_only_its_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def out_of_memory(*_: object, **__: object) -> None:
        raise RuntimeError("out of memory")

    (job,) = jobs_of([Candidate("a", DENSE, {}, "")], [0], tmp_path, terms(steps=2))
    monkeypatch.setattr("weftnet.train.fit", out_of_memory)
    assert run_job(job, open_data("digits")).error == "RuntimeError: out of memory"


def test_trainings_that_did_not_finish_are_counted() -> None:
    outcomes = [outcome("a", 0, 0.9), Outcome("b", 0, "b-seed0", "stopped"), Outcome("c", 0, "c-seed0", "skipped")]
    standings = compete.rank(outcomes, BEST, FACTS)
    assert "2 of 3 trainings did not finish" in compete.winner(standings, outcomes, BEST)[1]
