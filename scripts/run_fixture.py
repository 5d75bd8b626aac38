"""Create `tests/fixtures/run_format_1`: runs as this version writes them, and their answers.

    python scripts/run_fixture.py

Later versions must load them and give the same answers, so the fixture is created once for each format and never again.
"""

import csv
import json
import os
import random
import shutil
from pathlib import Path

import numpy as np

from weftnet.architecture.reading import from_dict
from weftnet.compete.jobs import conclude
from weftnet.data import open_data
from weftnet.run.folder import FORMAT
from weftnet.run.loading import load
from weftnet.tasks import TASKS
from weftnet.train import Recipe, fit

PLACE = Path(__file__).parents[1] / "tests" / "fixtures" / f"run_format_{FORMAT}"
ROWS = 12


def main() -> None:
    """Train three small networks."""
    shutil.rmtree(PLACE, ignore_errors=True)
    PLACE.mkdir(parents=True)
    os.chdir(PLACE)  # so that the runs name their data by a short path
    made("digits", "digits", None, "classification", ["flatten", {"dense": {"dim": 8}}, "relu"])
    people("people.csv")
    made("table", "people.csv", "price", "regression", [{"dense": {"dim": 8}}, "relu"])
    sentences("sentences.csv")
    text = [{"embedding": {"dim": 8}}, {"conv1d": {"dim": 8, "kernel": 3}}, "relu", "global_max_pool1d"]
    made("text", "sentences.csv", "mood", "classification", text)


def made(name: str, source: str, target: str | None, task_name: str, chain: list[object]) -> None:
    """One run, some rows of its data and its answers to them."""
    data = open_data(source, target=target)
    task = TASKS.get(task_name).from_data(data)
    run = fit(from_dict({"chain": chain}), task, data, Recipe.for_task(task, epochs=15, seed=1, lr=0.01), name)
    conclude(run, data)
    run.record(platform="Linux")
    loaded = load(run)
    if source == "digits":
        from weftnet.data.sources.digits import DIGITS

        raw = {"x": np.load(DIGITS)["x"][:ROWS].tolist()}
        answers = loaded.predict({"x": np.array(raw["x"], np.uint8)})
    else:
        with open(source, encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))[:ROWS]
        raw = {column: [row[column] or None for row in rows] for column in rows[0] if column != target}
        answers = loaded.predict(raw)
    known = {"raw": raw, "answers": answers, "scores": run.facts.scores}
    Path(f"{name}.json").write_text(json.dumps(known, ensure_ascii=False) + "\n", encoding="utf-8")


def people(path: str) -> None:
    """Flats: numbers, some of them missing, a category, and a price that depends on them."""
    drawn = random.Random(3)
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["area", "town", "floor", "price"])
        for _ in range(200):
            area, town, floor = drawn.randint(20, 120), drawn.choice(["Köln", "Bonn", "Trier"]), drawn.randint(0, 9)
            price = 9.5 * area + {"Köln": 300, "Bonn": 200, "Trier": 50}[town] + 7 * floor + drawn.gauss(0, 40)
            writer.writerow([area, town, "" if drawn.random() < 0.1 else floor, round(price, 2)])


def sentences(path: str) -> None:
    """Sentences whose mood is decided by one or two words."""
    drawn = random.Random(4)
    good, bad = ["lovely", "warm", "brilliant", "moving"], ["dull", "cold", "clumsy", "empty"]
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["review", "mood"])
        for _ in range(160):
            mood = drawn.choice(["good", "bad"])
            words = drawn.choice(good if mood == "good" else bad), drawn.choice(["film", "play", "book"])
            place = drawn.choice(["from start to end", "in parts", "and far too long", "with a quiet finish"])
            writer.writerow([f"A {words[0]} {words[1]} {place}.", mood])


if __name__ == "__main__":
    main()
