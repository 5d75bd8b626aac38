"""Estimators of scikit-learn: its own checks, pipelines, searches, clones, and files."""

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

import weftnet as wn

RANDOM = np.random.default_rng(3)
Y = np.arange(90) % 3
X = RANDOM.normal(size=(90, 4)) + Y[:, None]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", ["WeftnetClassifier", "WeftnetRegressor"])
def test_the_checks_of_scikit_learn(kind: str) -> None:
    estimator = getattr(wn, kind)(steps=60, validation=0.0, recipe={"lr": 0.01})
    results = check_estimator(estimator, on_skip=None, on_fail="raise")
    assert {each["status"] for each in results} <= {"passed", "skipped"}
    assert sum(each["status"] == "passed" for each in results) > 40


@pytest.fixture(scope="module")
def classifier() -> Any:
    return wn.WeftnetClassifier(steps=60).fit(X, np.array(["low", "middle", "high"])[Y])


def test_classes_and_probabilities(classifier: Any) -> None:
    assert classifier.classes_.tolist() == ["high", "low", "middle"]
    probabilities = classifier.predict_proba(X)
    assert probabilities.shape == (90, 3)
    assert np.allclose(probabilities.sum(1), 1, atol=1e-5)
    assert (classifier.predict(X) == classifier.classes_[probabilities.argmax(1)]).all()
    assert classifier.score(X, np.array(["low", "middle", "high"])[Y]) > 0.5
    run = wn.load(classifier.run_)
    assert [each["label"] for each in run.predict(X)] == classifier.predict(X).tolist()


def test_a_file_holds_the_run(classifier: Any) -> None:
    again = pickle.loads(pickle.dumps(classifier))
    assert again.run_ != classifier.run_
    assert np.array_equal(again.predict_proba(X), classifier.predict_proba(X))
    state = classifier.__getstate__()
    assert "run.json" in state["_files"]
    assert all(isinstance(content, bytes) for content in state["_files"].values())
    with pytest.raises(wn.WeftnetError, match="outside"):
        wn.WeftnetClassifier().__setstate__({**state, "_files": {"../run.json": b"{}"}})


def test_a_folder_keeps_it(tmp_path: Path) -> None:
    regressor = wn.WeftnetRegressor(steps=20, folder=tmp_path / "run").fit(X, X[:, 0] * 3 + 1)
    assert Path(regressor.run_).parent == tmp_path / "run"
    regressor.fit(X, X[:, 0] * 3 + 1)  # again, into the same folder
    loaded = wn.load(regressor.run_)
    assert np.allclose([each["value"] for each in loaded.predict(X)], regressor.predict(X))


def test_a_clone_is_not_fitted(classifier: Any) -> None:
    fresh = clone(classifier)
    assert fresh.get_params() == classifier.get_params()
    with pytest.raises(NotFittedError):
        fresh.predict(X)


def test_pipeline_and_search() -> None:
    pipeline = make_pipeline(StandardScaler(), wn.WeftnetClassifier("linear", steps=10))
    search = GridSearchCV(pipeline, {"weftnetclassifier__recipe": [{"lr": 0.001}, {"lr": 0.1}]}, cv=2)
    search.fit(X, Y)
    assert search.best_params_["weftnetclassifier__recipe"] == {"lr": 0.1}
    assert search.predict(X).shape == (90,)


def test_frames_with_words_and_gaps() -> None:
    table = pd.DataFrame({"size": X[:, 0], "colour": np.array(["red", "blue", None], dtype=object)[Y], "y": X[:, 1]})
    table.loc[::7, "size"] = np.nan
    classifier = wn.WeftnetClassifier(steps=60).fit(table, Y)
    assert classifier.feature_names_in_.tolist() == ["size", "colour", "y"]
    assert classifier.score(table, Y) > 0.8
    with pytest.raises(ValueError, match="feature names"):
        classifier.predict(table.rename(columns={"size": "large"}))


def test_images_and_several_networks() -> None:
    pictures = RANDOM.normal(size=(60, 6, 6)) + (np.arange(60) % 2)[:, None, None]
    classifier = wn.WeftnetClassifier(("linear", "mlp"), steps=10).fit(pictures, np.arange(60) % 2)
    assert set(classifier.fit_.leaderboard["network"]) == {"linear", "mlp"}


@pytest.mark.slow
def test_as_good_as_others() -> None:
    x, y = load_breast_cancer(return_X_y=True)
    assert cross_val_score(make_pipeline(StandardScaler(), wn.WeftnetClassifier()), x, y, cv=3).mean() > 0.95
    x, y = load_diabetes(return_X_y=True)
    assert cross_val_score(make_pipeline(StandardScaler(), wn.WeftnetRegressor("linear")), x, y, cv=3).mean() > 0.4
