"""Networks for rows of numbers grow with the number of rows that there are."""

import re
from dataclasses import replace

import pytest

from weftnet.architecture.signal import About, parse
from weftnet.architecture.spec import to_yaml
from weftnet.compete.propose import propose
from weftnet.tasks import Candidate


def proposed(rows: int, columns: int) -> dict[str, Candidate]:
    signal = replace(parse(f"vector:{columns}"), about=About(rows))
    return {candidate.name: candidate for candidate in propose({"x": signal}, "classification")}


@pytest.mark.parametrize(
    ("rows", "width", "dropout", "batch"), [(999, 64, 0.3, 32), (1000, 128, 0.15, 32), (10_000, 128, 0.05, 128)]
)
def test_few_rows_get_narrow_layers_with_more_dropout(rows: int, width: int, dropout: float, batch: int) -> None:
    mlp = proposed(rows, 13)["mlp"]
    layers = "".join(
        f"- dense: {{dim: {dim}}}\n- relu\n- dropout: {{rate: {dropout}}}\n" for dim in (width, width // 2)
    )
    assert to_yaml(mlp.architecture) == f"chain:\n- flatten\n{layers}"
    assert mlp.recipe["batch_size"] == batch


@pytest.mark.parametrize(("columns", "width"), [(2, 64), (32, 64), (33, 32), (128, 32), (129, None), (1, None)])
def test_columns_attend_to_each_other_where_they_are_few(columns: int, width: int | None) -> None:
    networks = "".join(to_yaml(each.architecture) for each in proposed(4000, columns).values())
    assert re.findall(r"feature_tokens: {dim: (\d+)}", networks) == ([] if width is None else [str(width)])
