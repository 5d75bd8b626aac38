"""Linear models of n-grams against scikit-learn's, and what the solver refuses."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression, Ridge

from weftnet.architecture.reading import from_dict
from weftnet.compose import build
from weftnet.data import Data, open_data
from weftnet.errors import SettingError
from weftnet.solvers import SOLVERS, baselines
from weftnet.solvers._sparse import Sparse
from weftnet.solvers.ngram_linear import naive_bayes_ratio
from weftnet.tasks import TASKS
from weftnet.tasks._assemble import assemble

WORDS = ["good", "bad", "dull", "fine", "plot", "film", "actor", "very", "not", "ever"]


@pytest.fixture
def reviews(tmp_path: Path) -> Path:
    draw = np.random.default_rng(5)
    rows = ["text,label,stars"]
    for _ in range(160):
        words = draw.choice(WORDS, draw.integers(4, 13)).tolist()
        amount = words.count("good") + words.count("fine") - words.count("bad") - words.count("dull")
        label = "praise" if amount + draw.normal() > 0.5 else "blame" if amount + draw.normal() < -0.5 else "neither"
        rows.append(f"{' '.join(words)},{label},{amount + 0.1 * draw.normal():.3f}")
    path = tmp_path / "reviews.csv"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def solved(path: Path, task: str, target: str, **settings: Any) -> tuple[Any, Any, Data]:
    data = open_data(str(path), target=target, kinds={{"label": "stars", "stars": "label"}[target]: None})
    made = TASKS.get(task).from_data(data)
    dim = 3 if task == "classification" else 1
    bag = {"ngram_bag": {"dim": dim, "buckets": 1 << 20, "weighting": "tfidf"}}
    complete = assemble(from_dict({"chain": [bag]}), made, data.signals)
    model = build(complete.architecture, complete.inputs, seed=0)
    SOLVERS.get("ngram_linear")(model, made, data, 0, **settings)
    return model.eval(), made, data


def texts(data: Data, split: str) -> tuple[list[str], Any]:
    (batch,) = data.batches(split, 10_000)
    (tokens,) = batch.inputs.values()
    return [" ".join(f"t{token}" for token in row if token) for row in tokens.tolist()], batch.target


def outputs(model: Any, task: Any, data: Data, split: str) -> Any:
    (batch,) = data.batches(split, 10_000)
    with torch.no_grad():
        return task.infer(model, batch).double().numpy()


def test_tfidf_and_logistic_regression_are_scikit_learns(reviews: Path) -> None:
    model, task, data = solved(reviews, "classification", "label", penalty=1e-3, least=3)
    known, y = texts(data, "train")
    vectors = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=3).fit(known)
    oracle = LogisticRegression(C=1 / (1e-3 * len(known)), tol=1e-9, max_iter=5000)
    oracle.fit(vectors.transform(known), y.numpy())
    for split in ("train", "validation"):
        got = outputs(model, task, data, split)
        want = oracle.decision_function(vectors.transform(texts(data, split)[0]))
        np.testing.assert_allclose(got - got.mean(1, keepdims=True), want - want.mean(1, keepdims=True), atol=2e-3)


def test_least_squares_are_scikit_learns(reviews: Path) -> None:
    model, task, data = solved(reviews, "regression", "stars", penalty=1e-3, least=3)
    known, y = texts(data, "train")
    vectors = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=3).fit(known)
    oracle = Ridge(alpha=1e-3 * len(known), tol=1e-10).fit(vectors.transform(known), y.flatten().numpy())
    got = outputs(model, task, data, "validation").flatten()
    np.testing.assert_allclose(got, oracle.predict(vectors.transform(texts(data, "validation")[0])), atol=2e-3)


def test_naive_bayes_ratio_is_the_definition() -> None:
    draw = np.random.default_rng(0)
    there = draw.random((9, 5)) < 0.4
    labels = torch.tensor([0, 1, 2, 0, 1, 2, 1, 1, 0])
    row, feature = map(torch.from_numpy, np.nonzero(there))
    u = Sparse(row, feature, torch.rand(len(row), dtype=torch.float64) + 0.1, (9, 5))
    for k in range(3):
        p, q = (1 + there[(labels.numpy() == k) == mine].sum(0) for mine in (True, False))
        want = np.log((p / p.sum()) / (q / q.sum()))
        np.testing.assert_allclose(naive_bayes_ratio(u, labels, 3)[k].numpy(), want)


def test_naive_bayes_weights_are_those_of_scaled_counts(reviews: Path) -> None:
    model, task, data = solved(reviews, "classification", "label", penalty=1e-3, naive_bayes=True, least=3)
    known, y = texts(data, "train")
    vectors = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=3).fit(known)
    counts = CountVectorizer(ngram_range=(1, 2), binary=True, vocabulary=vectors.vocabulary_).transform(known).toarray()
    x, rows = torch.from_numpy(vectors.transform(known).toarray()), torch.from_numpy(counts)
    weight = torch.zeros(3, x.shape[1], dtype=torch.float64, requires_grad=True)
    bias = torch.zeros(3, dtype=torch.float64, requires_grad=True)
    ratios = []
    for k in range(3):
        p, q = (1 + rows[(y == k) == mine].sum(0).double() for mine in (True, False))
        ratios.append((p / p.sum()).log() - (q / q.sum()).log())
    search = torch.optim.LBFGS([weight, bias], max_iter=500, tolerance_grad=1e-9, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        search.zero_grad()
        z = x @ (weight * torch.stack(ratios)).T + bias
        value = torch.nn.functional.cross_entropy(z, y) + 1e-3 / 2 * weight.square().sum()
        value.backward()
        return value

    search.step(closure)
    want = (x @ (weight * torch.stack(ratios)).T + bias).detach().numpy()
    got = outputs(model, task, data, "train")
    np.testing.assert_allclose(got - got.mean(1, keepdims=True), want - want.mean(1, keepdims=True), atol=5e-3)


def test_the_same_bits_again_and_the_training_split_alone(reviews: Path) -> None:
    first, second = (solved(reviews, "classification", "label")[0].state_dict() for _ in range(2))
    assert all(torch.equal(value, second[name]) for name, value in first.items())


def test_what_is_offered(reviews: Path) -> None:
    data = open_data(str(reviews), target="label", kinds={"stars": None})
    names = [each.name for each in baselines(data.signals, TASKS.get("classification").from_data(data))]
    assert {"tfidf_linear", "naive_bayes_linear"} <= {*names}
    data = open_data(str(reviews), target="stars", kinds={"label": None})
    names = [each.name for each in baselines(data.signals, TASKS.get("regression").from_data(data))]
    assert "tfidf_linear" in names
    assert "naive_bayes_linear" not in names


def test_what_it_refuses(reviews: Path) -> None:
    data = open_data(str(reviews), target="label", kinds={"stars": None})
    task = TASKS.get("classification").from_data(data)
    plain = {"ngram_bag": {"dim": 3, "weighting": "mean"}}
    complete = assemble(from_dict({"chain": [plain]}), task, data.signals)
    with pytest.raises(SettingError, match="one ngram_bag with weighting = tfidf"):
        SOLVERS.get("ngram_linear")(build(complete.architecture, complete.inputs, seed=0), task, data, 0)
    with pytest.raises(SettingError, match=r"softmax or sigmoid\n  got: Regression"):
        solved(reviews, "regression", "stars", naive_bayes=True)
