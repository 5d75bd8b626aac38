"""Tables as people have them: scikit-learn's, written as CSV and opened without a word about their columns."""

from pathlib import Path

import numpy as np
import pytest
from sklearn import datasets
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.preprocessing import StandardScaler

from weftnet.data import open_data


@pytest.mark.parametrize(("name", "worth"), [("iris", 0.85), ("wine", 0.9), ("breast_cancer", 0.93), ("diabetes", 0.3)])
def test_a_table_is_opened_as_it_is(tmp_path: Path, name: str, worth: float) -> None:
    """Its columns are numbers standardised as scikit-learn does, and a linear model learns what it should."""
    bunch = getattr(datasets, f"load_{name}")(as_frame=True)
    frame = bunch.frame
    if name != "diabetes":
        frame["target"] = [str(bunch.target_names[label]) for label in frame["target"]]
    frame.to_csv(tmp_path / "a.csv", index=False)
    data = open_data(tmp_path / "a.csv", target="target")
    assert data.target is not None
    assert {split: size / len(frame) for split, size in data.sizes.items()} == pytest.approx(
        {"train": 0.7, "validation": 0.15, "test": 0.15}, abs=0.02
    )
    train, test = (next(data.batches(split, len(frame))) for split in ("train", "test"))
    assert train.target is not None
    assert test.target is not None
    x, rows = train.inputs["table"].numpy(), train.rows.numpy()
    numbers = frame.drop(columns="target")
    few = [column for column in numbers if set(numbers[column].iloc[rows]) <= {0, 1}]
    assert not few
    np.testing.assert_allclose(x, StandardScaler().fit_transform(numbers.iloc[rows]), rtol=1e-3, atol=1e-4)
    linear = Ridge() if name == "diabetes" else LogisticRegression(max_iter=2000)
    linear.fit(x, train.target.numpy())
    assert linear.score(test.inputs["table"].numpy(), test.target.numpy()) > worth
    if name != "diabetes":
        assert data.target.labels == sorted(map(str, bunch.target_names))  # type: ignore[attr-defined]
        assert data.target.decode(test.target.numpy()) == frame["target"].iloc[test.rows.numpy()].tolist()
