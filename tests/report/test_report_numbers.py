"""Reports of targets of 100,000 and more: nothing is cut off, thousands are divided, nothing looks like a program's."""

import ast
import re
from pathlib import Path

import numpy as np
import pytest

import weftnet
from weftnet.architecture.spec import Architecture, Block, Chain
from weftnet.data import open_data
from weftnet.report import write_run
from weftnet.report.charts import bars, dots, lines
from weftnet.report.frame import LETTER
from weftnet.report.heat_map import heat_map
from weftnet.run.loading import load
from weftnet.tasks import TASKS
from weftnet.train import Recipe, fit

LARGE = [123_456.0, 654_321.0, 1_234_567.0]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    rng = np.random.default_rng(0)
    area = rng.uniform(20, 180, 120)
    data = open_data(
        {"area": area.tolist(), "price": (area * 4_500 + rng.normal(100_000, 90_000, 120)).tolist()}, target="price"
    )
    network = Architecture.of(Chain((Block("dense", {"dim": 4}),)))
    recipe = Recipe(steps=3, optimiser_settings={"weight_decay": 0.05})
    run = fit(network, TASKS.get("regression").from_data(data), data, recipe, tmp_path_factory.mktemp("r") / "run")
    return write_run(load(run), data, run.folder / "report.html", explained=False).read_text(encoding="utf-8")


def _inside(svg: str) -> None:
    """No text leaves the drawing, at the width of a wide letter."""
    found = re.search(r"viewBox='0 0 (\d+) (\d+)'", svg)
    assert found is not None
    width = int(found[1])
    for attributes, text in re.findall(r"<text ([^>]*)>([^<]*)", svg):
        across = re.search(r"\bx=(-?[\d.]+)", attributes)
        if across is None or "rotate" in attributes:
            continue
        x, room = float(across[1]), LETTER * len(text)
        left = x - room if "anchor=end" in attributes else x - room / 2 if "anchor=middle" in attributes else x
        assert left >= -1, (text, left)
        assert left + room <= width + 1, (text, left + room)


@pytest.mark.parametrize("name", ["mlp", "a_very_long_name_of_an_architecture_that_somebody_chose"])
def test_large_numbers_and_long_names_stay_inside(name: str) -> None:
    curve = [(float(step), value) for step, value in enumerate(LARGE)]
    across = [(1_000_000.0 * value, 1.0 + value) for value in range(3)]
    for svg in (
        lines({name: [curve]}, "epochs", "price"),
        lines({name: [across]}, "steps", "loss", log=True),
        dots({name: LARGE}, "test rmse", digits=4),
        bars({name: LARGE[0], "b": LARGE[2]}, "examples"),
    ):
        _inside(svg)
    assert "1,234,567" in bars({name: LARGE[2]}, "examples")
    assert ">500,000<" in lines({name: [curve]}, "epochs", "price")


def test_counts_of_a_matrix_fit_their_cells() -> None:
    labels = [f"class {k}" for k in range(12)]
    svg = heat_map(labels, [[123_456] * 12] * 12)
    assert ">123k<" in svg
    assert "123,456 of 1,481,472" in svg


def test_a_page_of_large_targets(page: str) -> None:
    text = re.sub(r"<style>.*?</style>|<script>.*?</script>", "", page, flags=re.DOTALL)
    assert not re.findall(r"\de\+\d\d", text), "a power of ten"
    assert re.search(r"class=score>\d{3},\d{3}\.\d <small>", text)
    for svg in re.findall(r"<svg viewBox='0 0 480 .*?</svg>", text, re.DOTALL):
        _inside(svg)


def test_few_steps_are_said_at_the_top(page: str) -> None:
    assert page.index("class=warned") < page.index("<nav>")
    assert "Hardly trained: 3 steps" in page


def test_nothing_is_shown_as_a_program_writes_it(page: str) -> None:
    words = re.sub(r"<style>.*?</style>|<script>.*?</script>|<pre>.*?</pre>|<[^>]*>", " ", page, flags=re.DOTALL)
    assert not re.search(r"\{&#x27;|\[&#x27;|: None|\bTrue\b|\bFalse\b", words)
    assert "optimiser_settings (weight_decay 0.05)" in words


#: kind of chart → place of its caption
CHARTS = {"Lines": 3, "Scatter": 4, "Histogram": 2, "Bars": 2, "Matrix": 3, "Reliability": 1}


def test_each_chart_says_what_to_look_for() -> None:
    """Captions that judges write are sentences; a curve of a single example may have the one of its section."""
    seen = 0
    for path in sorted((Path(weftnet.__file__).parent / "tasks").rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        texts = {
            node.targets[0].id: node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CHARTS:
                caption = node.args[CHARTS[node.func.id]]
                caption = texts.get(caption.id, caption) if isinstance(caption, ast.Name) else caption
                if isinstance(caption, ast.Constant):
                    text = str(caption.value)
                    seen += 1
                    ended = text.endswith(".") or path.parent.name == "multilabel"  # which adds how many there are
                    assert ended, f"{path.name}: {text}"
                    assert len(text.split()) >= 8, f"{path.name}: {text}"
    assert seen >= 18


def test_a_judgement_s_captions_are_sentences(page: str) -> None:
    captions = re.findall(r"<figcaption[^>]*>([^<]+)</figcaption>", page)
    assert captions
    assert all(each.endswith(".") and len(each.split()) >= 6 for each in captions), captions
