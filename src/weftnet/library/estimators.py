"""Networks as estimators of scikit-learn: in pipelines, in a grid search, cloned, kept in a file.

    y = WeftnetClassifier("mlp").fit(X, y).predict(X)

X is an array of numbers (rows, …) or a data frame, whose columns may be words, categories, dates and may lack values. A
fit is a run folder as any other: in `folder`, or in a temporary one. A pickle of an estimator holds the files of that
folder, which are read as those of any run: no code of theirs is executed.

Answers are what the network computes, in float32. Without a length a network makes as many steps as 30 passes over the
data take, but at least 300: a number of steps, as a budget in seconds would give other weights each time.
"""

import os
import shutil
import tempfile
import weakref
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weftnet.base.extras import need
from weftnet.base.replacing import clear, occupied
from weftnet.compete.entering import entries_of
from weftnet.compete.jobs import Terms, jobs_of, run_job
from weftnet.data.data import Data
from weftnet.data.keys import free
from weftnet.data.request import Source
from weftnet.errors import RunError
from weftnet.library.fit import Fit
from weftnet.library.fitting import fit as fit_networks
from weftnet.library.fitting import options_of
from weftnet.library.networks import Networks
from weftnet.train.own import own_files

_WHAT = "an estimator of scikit-learn"
_base: Any = need("sklearn.base", extra="sklearn", what=_WHAT)
_checks: Any = need("sklearn.utils.validation", extra="sklearn", what=_WHAT)
_multiclass: Any = need("sklearn.utils.multiclass", extra="sklearn", what=_WHAT)

#: passes over the data, and steps at least, of a training whose length is not said
_EPOCHS, _STEPS = 30.0, 300
#: fewer rows are all trained on
_FEW = 40


class _Temporary:
    """A folder that is deleted when nobody has this object any more."""

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="weftnet-"))
        weakref.finalize(self, shutil.rmtree, self.path, ignore_errors=True)


class _Estimator(_base.BaseEstimator):
    """What classifiers and regressors share.

    Args:
        network: as of `weftnet.fit`; a tuple, or None, is a competition.
        epochs, steps, budget: one length of training.
        recipe: fields of `weftnet.Recipe`, as {"lr": 0.01}.
        task_settings: of the task.
        validation: share of the rows by which the best weights are picked; 0 for the last weights. Of few rows none.
        random_state: the seed.
        folder: of the run; None for a temporary one, which goes with the estimator.
    """

    _kind = ""

    def __init__(
        self,
        network: Networks = "mlp",
        *,
        epochs: float | None = None,
        steps: int | None = None,
        budget: str | float | None = None,
        recipe: Mapping[str, Any] | None = None,
        task_settings: Mapping[str, Any] | None = None,
        validation: float = 0.1,
        random_state: int | None = 0,
        folder: str | Path | None = None,
    ) -> None:
        self.network = network
        self.epochs = epochs
        self.steps = steps
        self.budget = budget
        self.recipe = recipe
        self.task_settings = task_settings
        self.validation = validation
        self.random_state = random_state
        self.folder = folder

    def _fitted(self, X: Any, y: NDArray[Any]) -> None:
        """Train, and keep the fit as `fit_`."""
        out = self._temporary("fit") if self.folder is None else Path(self.folder)
        seed = self.random_state
        if not isinstance(seed, int | np.integer):
            seed = _checks.check_random_state(seed).randint(2**31)
        settings = {
            "kinds": {free("y", getattr(X, "columns", ())): self._kind}, "task_settings": self.task_settings,
            "out": out, "seed": int(seed),
            "epochs": self.epochs, "steps": self.steps, "budget": self.budget, "splits": self._splits(y),
            "replace": True, "baselines": False, "recipe": {"plan": "eager", **(self.recipe or {})},
        }  # fmt: skip
        if self.network is None or isinstance(self.network, tuple):
            named: Any = {name: value for name, value in settings.items() if value is not None}
            self.fit_ = fit_networks((X, y), self.network, progress=False, **named)
        else:
            self.fit_ = _trained((X, y), self.network, settings)
        self.fit_.loaded  # noqa: B018  # read now, so that answering changes nothing
        self.run_ = str(self.fit_.run.folder)

    def _temporary(self, name: str) -> Path:
        """The place of a folder that goes when this fit does."""
        self._place = _Temporary()
        return self._place.path / name

    def _splits(self, y: NDArray[Any]) -> dict[str, Any]:
        """Shares of the rows that train, and that pick the best weights."""
        if not self.validation or len(y) < _FEW:
            return {"train": 1.0, "by": "random"}
        return {"train": 1 - self.validation, "validation": self.validation, "by": "random"}

    def _checked(self, X: Any, **more: Any) -> Any:
        """X as an array of numbers, or as the frame that it is; and y, if it is asked for."""
        if "y" in more and more["y"] is None:
            raise ValueError(f"This {type(self).__name__} estimator requires y to be passed, but the target y is None.")
        if hasattr(X, "columns") and all(isinstance(name, str) for name in X.columns):
            _checks.validate_data(self, X, skip_check_array=True, reset="y" in more)
            if not len(X):
                raise ValueError(f"Found array with 0 sample(s) (shape={X.shape}) while a minimum of 1 is required.")
            return (X, _checks.column_or_1d(more["y"], warn=True)) if "y" in more else X
        return _checks.validate_data(self, X, reset="y" in more, allow_nd=True, dtype="numeric", **more)

    def _named(self, X: Any) -> Any:
        """An array with the names of the frame that was fitted."""
        names = getattr(self, "feature_names_in_", None)
        if names is None or not isinstance(X, np.ndarray):
            return X
        return {str(name): X[:, place] for place, name in enumerate(names)}

    def _answers(self, X: Any) -> Any:
        """The answer to each row.

        Raises:
            NotFittedError: nothing was fitted.
        """
        _checks.check_is_fitted(self, "fit_")
        return self.fit_.predict(self._named(self._checked(X)))

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "fit_")

    def __getstate__(self) -> dict[str, Any]:
        """With the files of the run's folder in place of the fit."""
        state = dict(super().__getstate__())
        state.pop("_place", None)
        fit = state.pop("fit_", None)
        if fit is not None:
            folder = fit.run.folder
            files = (path for path in sorted(folder.rglob("*")) if path.is_file())
            state["_files"] = {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}
        return state

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        """Write the files into a temporary folder, and load the run from there."""
        state = dict(state)
        files = state.pop("_files", None)
        super().__setstate__(state)
        if files is None:
            return
        folder = self._temporary("run")
        for name, content in files.items():
            target = Path(os.path.normpath(folder / name))
            if folder not in target.parents:
                raise RunError("a file of a run lies outside of its folder", where=name)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        self.fit_, self.run_ = Fit(folder), str(folder)
        self.fit_.loaded  # noqa: B018  # read now, so that answering changes nothing


class WeftnetClassifier(_base.ClassifierMixin, _Estimator):
    """A network that classifies, as an estimator of scikit-learn.

    >>> classifier = weftnet.WeftnetClassifier("mlp", steps=50).fit([[0.0], [1.0], [0.1], [0.9]], [0, 1, 0, 1])
    >>> classifier.predict([[0.0], [1.0]]).tolist()
    [0, 1]

    Args:
        network: as of `weftnet.fit`; a tuple, or None, is a competition.
        epochs, steps, budget: one length of training; by default 30 passes, and at least 300 steps.
        recipe: fields of `weftnet.Recipe`, as {"lr": 0.01}.
        task_settings: of the task, as {"class_weights": "balanced"}.
        validation: share of the rows by which the best weights are picked; 0 for the last weights. Of few rows none.
        random_state: the seed.
        folder: of the run; None for a temporary one, which goes with the estimator.
    """

    _kind = "category"

    def fit(self, X: Any, y: Any) -> "WeftnetClassifier":
        """Train on examples X (rows, …) with the classes y (rows)."""
        X, y = self._checked(X, y=y)
        _multiclass.check_classification_targets(y)
        y = _checks.column_or_1d(y, warn=True)
        self.classes_ = np.unique(y)
        if len(self.classes_) < 2:
            raise ValueError("Classifier can't train when only one class is present: y has 1 class.")
        self._fitted(X, np.array([str(label) for label in y.tolist()], dtype=object))
        return self

    def _splits(self, y: NDArray[Any]) -> dict[str, Any]:
        shares = super()._splits(y)
        several = np.unique(y, return_counts=True)[1].min() >= len(shares) - 1
        return {**shares, "by": "stratified"} if several else shares

    def predict_proba(self, X: Any) -> NDArray[np.float32]:
        """(rows, classes) the probability of each class, in the order of `classes_`."""
        answers, names = self._answers(X), [str(label) for label in self.classes_.tolist()]
        rows = [[answer["probabilities"].get(name, 0.0) for name in names] for answer in answers]
        return np.array(rows, np.float32).reshape(-1, len(names))

    def predict(self, X: Any) -> NDArray[Any]:
        """(rows) the likeliest class of each example."""
        likeliest = self.predict_proba(X).argmax(1)
        labels: NDArray[Any] = self.classes_[likeliest]
        return labels


class WeftnetRegressor(_base.RegressorMixin, _Estimator):
    """A network that predicts a number, as an estimator of scikit-learn.

    >>> regressor = weftnet.WeftnetRegressor("mlp", steps=50).fit([[0.0], [1.0], [2.0], [3.0]], [1.0, 3.0, 5.0, 7.0])
    >>> regressor.predict([[0.0], [3.0]]).shape
    (2,)

    Args:
        network: as of `weftnet.fit`; a tuple, or None, is a competition.
        epochs, steps, budget: one length of training; by default 30 passes, and at least 300 steps.
        recipe: fields of `weftnet.Recipe`, as {"lr": 0.01}.
        task_settings: of the task.
        validation: share of the rows by which the best weights are picked; 0 for the last weights. Of few rows none.
        random_state: the seed.
        folder: of the run; None for a temporary one, which goes with the estimator.
    """

    _kind = "number"

    def fit(self, X: Any, y: Any) -> "WeftnetRegressor":
        """Train on examples X (rows, …) with the numbers y (rows)."""
        X, y = self._checked(X, y=y, y_numeric=True, ensure_min_samples=2)
        self._fitted(X, np.asarray(_checks.column_or_1d(y, warn=True), np.float64))
        return self

    def predict(self, X: Any) -> NDArray[np.float32]:
        """(rows) the number of each example."""
        return np.array([answer["value"] for answer in self._answers(X)], np.float32)


def _trained(data: Source, network: Networks, settings: Mapping[str, Any]) -> Fit:
    """One network, trained without a competition.

    Raises:
        RunError: the training failed.
    """
    options = options_of(data, network, settings)
    entries = entries_of(options)
    terms = entries.terms
    if not any(settings.get(name) for name in ("epochs", "steps", "budget")):
        (candidate,) = entries.candidates
        batch = int({**candidate.recipe, **terms.recipe}.get("batch_size", 64))
        terms = _lengthened(terms, entries.data, batch)
    assert options.out is not None  # an estimator names it
    (job,) = jobs_of(entries.candidates, options.seeds, options.out, terms)
    if occupied(Path(job.folder)):  # of an earlier fit
        clear(Path(job.folder), own_files(Path(job.folder)))
    outcome = run_job(job, entries.data)
    if outcome.status != "finished":
        raise RunError(f"the training {outcome.status}", where=job.folder, got=outcome.error)
    return Fit(job.folder, entries.data)


def _lengthened(terms: Terms, data: Data, batch: int) -> Terms:
    """The terms with the length of a training whose length is not said."""
    recipe = {name: value for name, value in terms.recipe.items() if name != "budget"}
    steps = max(_STEPS, round(_EPOCHS * data.steps_per_epoch(batch)))
    return replace(terms, recipe={**recipe, "steps": steps})
