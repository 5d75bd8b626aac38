"""What weftnet stands beside: simple models tuned on the training rows, within the same time where they search.

Each reads a set's rows and returns a label or a number for each test row; the seasonal naive forecast returns errors.
"""

import json
import subprocess
import time
from pathlib import Path
from typing import Any

import numpy as np
from untuned_parts.sets import CLASS, Set


def boosted_trees(each: Set, seconds: float, seed: int) -> Any:
    """HistGradientBoosting; rate, leaves and decay by 5-fold cross-validation, in random order while time lasts."""
    from sklearn.compose import make_column_transformer
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
    from sklearn.model_selection import KFold, ParameterGrid, StratifiedKFold, cross_val_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OrdinalEncoder

    x, y, x_test, _ = each.rows()
    words = [column for column in x.columns if x[column].dtype.kind not in "biuf"]
    few = [x[column].nunique() < 255 for column in words]
    encoder = make_column_transformer(
        (OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan), words), remainder="passthrough"
    )
    mask = np.array(few + [False] * (x.shape[1] - len(words)), dtype=bool)
    labelled = each.task == CLASS
    kind = HistGradientBoostingClassifier if labelled else HistGradientBoostingRegressor
    scoring = "accuracy" if labelled else "neg_root_mean_squared_error"
    count = min(5, int(np.unique(y, return_counts=True)[1].min())) if labelled else 5
    folds = (StratifiedKFold if labelled and count > 1 else KFold)(max(2, count), shuffle=True, random_state=seed)
    grid = list(
        ParameterGrid(
            {
                "learning_rate": [0.03, 0.1],
                "max_leaf_nodes": [7, 31],
                "l2_regularization": [0, 1],
                "max_iter": [100, 300],
            }
        )
    )

    def model(settings: dict[str, Any]) -> Any:
        return make_pipeline(
            encoder, kind(random_state=seed, categorical_features=mask, early_stopping=False, **settings)
        )

    began, tried = time.perf_counter(), []
    for place in np.random.default_rng(seed).permutation(len(grid)):
        tried.append((cross_val_score(model(grid[place]), x, y, cv=folds, scoring=scoring).mean(), int(place)))
        if time.perf_counter() - began > 0.8 * seconds:
            break
    return model(grid[max(tried)[1]]).fit(x, y).predict(x_test)


def words(each: Set, seconds: float, seed: int) -> Any:
    """TF-IDF of words (1, 2) and of characters (2 to 5), logistic regression; C by 3-fold cross-validation."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV
    from sklearn.pipeline import make_pipeline, make_union

    x, y, x_test, _ = each.rows()
    features = make_union(
        TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True),
        TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True, max_features=200_000),
    )
    grid = {"logisticregression__C": [1, 10, 100]}
    model = make_pipeline(features, LogisticRegression(max_iter=300))
    return GridSearchCV(model, grid, cv=3).fit(x["text"], y).predict(x_test["text"])


def hog_svm(each: Set, seconds: float, seed: int) -> Any:
    """Histograms of gradients and 100 principal components of pixels; SVM, C by 3-fold cross-validation."""
    from sklearn.decomposition import PCA
    from sklearn.model_selection import GridSearchCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    x, y, x_test, _ = each.rows()
    pixels = PCA(100, random_state=seed).fit(x.reshape(len(x), -1) / 255)

    def features(images: Any) -> Any:
        return np.hstack([hog(images), pixels.transform(images.reshape(len(images), -1) / 255)])

    model = GridSearchCV(make_pipeline(StandardScaler(), SVC()), {"svc__C": [1, 3, 10]}, cv=3)
    return model.fit(features(x), y).predict(features(x_test))


def hog(images: Any, cell: int = 4, bins: int = 9) -> Any:
    """Histograms of unsigned gradients of each cell, normed over blocks of 2 × 2 cells (Dalal and Triggs 2005)."""
    grey = images.astype(np.float64) / 255
    grey = grey.mean(-1) if grey.ndim == 4 else grey
    down, right = np.gradient(grey, axis=(1, 2))
    size, angle = np.hypot(down, right), np.arctan2(down, right) % np.pi
    n, rows, columns = len(grey), grey.shape[1] // cell, grey.shape[2] // cell
    place = np.minimum((angle / np.pi * bins).astype(int), bins - 1)
    cells = np.zeros((n, rows, columns, bins))
    for each in range(bins):
        part = np.where(place == each, size, 0)[:, : rows * cell, : columns * cell]
        cells[..., each] = part.reshape(n, rows, cell, columns, cell).sum((2, 4))
    shifted = [cells[:, i : rows - 1 + i, j : columns - 1 + j] for i in (0, 1) for j in (0, 1)]
    blocks = np.concatenate(shifted, -1)
    return (blocks / np.sqrt((blocks**2).sum(-1, keepdims=True) + 1e-4)).reshape(n, -1)


def mel_forest(each: Set, seconds: float, seed: int) -> Any:
    """Random forest of 500 trees on mean, deviation, least and largest log energy of 40 mel bands."""
    from sklearn.ensemble import RandomForestClassifier

    x, y, x_test, _ = each.rows()
    forest = RandomForestClassifier(500, random_state=seed).fit([mel_statistics(path) for path in x], y)
    return forest.predict([mel_statistics(path) for path in x_test])


def mel_statistics(path: Path, window: int = 256, bands: int = 40) -> Any:
    """Over time, of the log energies of triangular bands that are even on the mel scale, and of their differences."""
    import soundfile

    wave, rate = soundfile.read(path)
    frames = np.lib.stride_tricks.sliding_window_view(np.pad(wave, (0, window)), window)[:: window // 2]
    power = np.abs(np.fft.rfft(frames * np.hanning(window))) ** 2
    edges = 700 * (10 ** (np.linspace(0, 2595 * np.log10(1 + rate / 1400), bands + 2) / 2595) - 1)
    bins = np.fft.rfftfreq(window, 1 / rate)
    low, middle, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    filters = np.clip(np.minimum((bins - low) / (middle - low), (high - bins) / (high - middle)), 0, None)
    log = np.log(power @ filters.T + 1e-8)
    steps = np.diff(log, axis=0)
    return np.concatenate([log.mean(0), log.std(0), log.min(0), log.max(0), steps.std(0)])


def autogluon(each: Set, seconds: float, seed: int, python: str, out: Path) -> Any:
    """AutoGluon's tabular predictor with the same seconds, in an environment of its own."""
    script = Path(__file__).with_name("autogluon_peer.py")
    asked = [each.source, each.test, each.facts["target"], each.task, seconds, out]
    subprocess.run([python, str(script), *map(str, asked)], check=True, timeout=4 * seconds + 300)
    return json.loads((out / "answers.json").read_text(encoding="utf-8"))


def seasonal(each: Set) -> tuple[float, float]:
    """Mean absolute errors over the test windows' steps, of standardised values: of the seasonal naive forecast there,
    and of the same one step ahead in the training part, by which MASE divides."""
    from weftnet.data import open_data
    from weftnet.tasks import TASKS

    data = open_data(each.source, **each.rows()[0])
    task = TASKS.get("forecasting").from_data(data)
    period, horizon = each.facts["period"], task.horizon
    errors, past = [], []
    for split, found in (("test", errors), ("train", past)):
        for batch in data.batches(split, 512):
            window = np.asarray(next(iter(batch.inputs.values())))[..., list(task.channels)]
            target = np.asarray(next(iter(batch.targets.values()))).reshape(len(window), horizon, -1)
            if split == "train":
                found.append(np.abs(target[:, 0] - window[:, -period]))
                continue
            last = window[:, -period:]
            forecast = np.take(last, np.arange(horizon) % period, axis=1)
            found.append(np.abs(target - forecast))
    return float(np.concatenate(errors).mean()), float(np.concatenate(past).mean())


PEERS = {
    "tables": {"boosted trees": boosted_trees}, "texts": {"TF-IDF + logistic": words},
    "pictures": {"HOG/PCA + SVM": hog_svm},
    "sound": {"mel + forest": mel_forest}, "series": {},
}  # fmt: skip
