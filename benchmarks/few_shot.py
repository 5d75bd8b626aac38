"""New classes from few examples: characters of many alphabets, rendered from the fonts that come with matplotlib.

    python benchmarks/few_shot.py --minutes 2 --seeds 3

Each character is a class, like in Omniglot: 20 pictures of 28×28 pixels in different fonts, turned, sheared, scaled and
moved by chance. Networks learn from the characters of some alphabets; the others are new. An episode is 5 new classes
with 1 or 5 examples each, and 15 further ones by which it is judged. Compared, on the same 50 episodes:

    from nothing      the same small convolutional network, trained on the examples of the episode alone
    pixels            the nearest mean of the pixels
    classifier        it learnt to tell the known characters apart; nearest prototype of its features (`--few`)
    fine-tuned        the same, all its weights trained on for some steps on the examples (`--start`)
    prototypical      the task `prototypical`, nearest prototype
    maml, anil        the task `maml`, adapted as it was trained, with as many steps

Accuracy is the mean over episodes of all seeds; ± is half its 95 % interval over episodes and seeds together.
"""

import argparse
import copy
import datetime
import json
import platform
import tempfile
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import torch
from fontTools.ttLib import TTFont
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional as F

from weftnet.architecture.reading import from_dict
from weftnet.data import open_data
from weftnet.data.batch import Batch
from weftnet.run.loading import Loaded, load
from weftnet.tasks import TASKS
from weftnet.train import Recipe, fit

SIDE, EXAMPLES, WAYS, QUERIES, EPISODES = 28, 20, 5, 15, 50
#: first and last character of each alphabet; the first are learnt from
KNOWN = {"Latin": "AZ", "Latin small": "az", "Cyrillic": "АЯ", "Cyrillic small": "ая", "Armenian": "ԱՖ", "Digits": "09"}
NEW = {"Greek": "ΑΩ", "Greek small": "αω", "Georgian": "აჰ", "Hebrew": "את"}
CONV: list[Any] = [
    each
    for channels in (32, 64, 64)
    for each in ({"conv2d": {"channels": channels, "kernel": 3}}, {"group_norm": {"groups": 8}}, "relu", "max_pool2d")
]
NET = {"chain": [*CONV, "flatten"]}


def fonts() -> list[tuple[Path, set[int]]]:
    """The fonts and the characters that each of them has."""
    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    paths = [path for path in sorted(folder.glob("DejaVu*.ttf")) if "Display" not in path.name]
    return [(path, set(TTFont(path).getBestCmap())) for path in paths]


def rendered(alphabets: dict[str, str], seed: int) -> tuple[NDArray[np.uint8], NDArray[Any]]:
    """Pictures and the names of their classes."""
    draw, known = np.random.default_rng(seed), fonts()
    pictures, names = [], []
    for alphabet, (first, last) in alphabets.items():
        for code in range(ord(first), ord(last) + 1):
            having = [path for path, characters in known if code in characters]
            for _ in range(EXAMPLES if having else 0):
                font = ImageFont.truetype(having[draw.integers(len(having))], int(draw.integers(32, 46)))
                canvas = Image.new("L", (72, 72), 0)
                ImageDraw.Draw(canvas).text((36, 36), chr(code), 255, font=font, anchor="mm")
                turn, shear = np.deg2rad(draw.uniform(-25, 25)), draw.uniform(-0.25, 0.25)
                a = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) @ [[1, shear], [0, 1]]
                move = draw.uniform(-5, 5, 2) + 36 - a @ [36, 36]
                affine = (*a[0], move[0], *a[1], move[1])
                warped = canvas.transform((72, 72), Image.Transform.AFFINE, affine, Image.Resampling.BILINEAR)
                pictures.append(np.asarray(warped.resize((SIDE, SIDE), Image.Resampling.BOX)))
                names.append(f"{alphabet} {chr(code)}")
    return np.array(pictures), np.array(names)


def trained(folder: Path, source: Path, task: str, seed: int, minutes: float, **settings: Any) -> Loaded:
    """A run of a task on the known characters."""
    data = open_data(str(source), splits={"train": 0.9, "validation": 0.1})
    made = TASKS.get(task).from_data(data, **settings)
    recipe = Recipe.for_task(made, budget=60 * minutes, lr=2e-3, seed=seed, plan="eager")
    fit(from_dict(NET), made, data, recipe, folder, device="cpu")
    return load(folder)


def episodes(x: NDArray[np.uint8], names: NDArray[Any], shots: int, seed: int) -> list[tuple[Any, ...]]:
    """Support and query pictures and classes of each episode, scaled as the runs scale theirs."""
    draw, found = np.random.default_rng(seed), []
    for _ in range(EPISODES):
        support, query = [], []
        for name in draw.permutation(np.unique(names))[:WAYS]:
            places = draw.permutation(np.flatnonzero(names == name))
            support.append(x[places[:shots]])
            query.append(x[places[shots : shots + QUERIES]])
        found.append((np.concatenate(support), np.repeat(range(WAYS), shots), np.concatenate(query)))
    return found


def encoded(loaded: Loaded, pictures: NDArray[np.uint8]) -> Tensor:
    """Pictures as a run encodes them."""
    (name,) = loaded.preprocessing.columns
    (values,) = loaded.encode({name: pictures}).inputs.values()
    return values


def features(loaded: Loaded, count: int) -> nn.Sequential:
    """The first `count` nodes of a run's network; new ones, with its weights."""
    return nn.Sequential(*list(copy.deepcopy(loaded.model["network"]).children())[:count]).eval()


def nearest(support: Tensor, classes: Tensor, query: Tensor) -> Tensor:
    """The class of the nearest mean of directions."""
    s, q = F.normalize(support.flatten(1)), F.normalize(query.flatten(1))
    return torch.cdist(q, torch.stack([s[classes == k].mean(0) for k in range(WAYS)])).argmin(1)


def tuned(network: nn.Module, support: Tensor, classes: Tensor, query: Tensor, steps: int) -> Tensor:
    """Answers of a network after steps of Adam on all its weights; 40 steps were the best of 10, 20, 40 and 80."""
    optimiser = torch.optim.Adam(network.parameters(), 1e-3)
    for _ in range(steps):
        optimiser.zero_grad()
        F.cross_entropy(network(support), classes).backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    with torch.no_grad():
        return network(query).argmax(1)


def adapted(loaded: Loaded, support: Tensor, classes: Tensor, query: Tensor) -> Tensor:
    """Answers of a run of `maml` after its own inner steps."""
    network, task = loaded.model["network"], loaded.task
    weights = {name: each.detach().clone().requires_grad_() for name, each in network.named_parameters()}
    (name,) = loaded.signals

    def batch(values: Tensor) -> Batch:
        return Batch({name: values}, {}, {}, torch.arange(len(values)))

    moved = task.adapted(network, weights, batch(support), classes, False)  # type: ignore[attr-defined]
    with torch.no_grad():
        answers: Tensor = functional_call(network, moved, (batch(query).inputs, {})).argmax(1)
    return answers


def headed(network: nn.Sequential, width: int) -> nn.Sequential:
    """The network under a new last layer."""
    return nn.Sequential(network, nn.Linear(width, WAYS))


def compared(runs: dict[str, Loaded], x: NDArray[np.uint8], names: NDArray[Any], shots: int, seed: int) -> Any:
    """The accuracy of each way in each episode."""
    count, found = len(NET["chain"]), {}
    for support, classes, query in episodes(x, names, shots, seed):
        own = torch.from_numpy(classes)
        truth = torch.arange(WAYS).repeat_interleave(QUERIES)
        first = runs["classifier"]
        s, q = encoded(first, support), encoded(first, query)
        body = features(first, count)
        width = body(s[:1]).shape[1]
        bare = nn.Sequential(*list(features(first, count)))
        for each in bare.modules():
            if hasattr(each, "reset_parameters"):
                each.reset_parameters()
        with torch.no_grad():
            answers = {
                "pixels": nearest(s, own, q),
                "classifier": nearest(body(s), own, body(q)),
            }
            other = runs["prototypical"]
            body = features(other, count)
            answers["prototypical"] = nearest(body(encoded(other, support)), own, body(encoded(other, query)))
        answers["from nothing"] = tuned(headed(bare.train(), width), s, own, q, 40)
        answers["fine-tuned"] = tuned(headed(features(first, count), width), s, own, q, 40)
        for name in ("maml", "anil"):
            answers[name] = adapted(runs[name], encoded(runs[name], support), own, encoded(runs[name], query))
        for name, each in answers.items():
            found.setdefault(name, []).append(float((each == truth).double().mean()))
    return found


def main() -> None:
    """Train, compare, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=2.0, help="of each training (2)")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "few_shot")
    args = parser.parse_args()
    torch.set_num_threads(1)
    scores: dict[int, dict[str, list[float]]] = {1: {}, 5: {}}
    for seed in range(args.seeds):
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary)
            x, names = rendered(KNOWN, 10 * seed)
            np.savez(folder / "known.npz", x=x, y=names)
            ways = {
                "classifier": ("classification", {}), "prototypical": ("prototypical", {"shots": 5, "queries": 5}),
                "maml": ("maml", {"queries": 5}), "anil": ("maml", {"queries": 5, "adapt": "head"}),
            }  # fmt: skip
            runs = {
                name: trained(folder / name, folder / "known.npz", task, seed, args.minutes, **settings)
                for name, (task, settings) in ways.items()
            }
            new_x, new_names = rendered(NEW, 10 * seed + 1)
            for shots, known in scores.items():
                for name, values in compared(runs, new_x, new_names, shots, seed).items():
                    known.setdefault(name, []).extend(values)
            print(
                {n: {k: f"{100 * np.mean(v):.1f}" for k, v in each.items()} for n, each in scores.items()}, flush=True
            )
    facts = {
        "date": datetime.date.today().isoformat(), "machine": platform.processor() or platform.machine(),
        "torch": torch.__version__, "minutes": args.minutes, "seeds": args.seeds, "known": len(np.unique(names)),
        "new": len(np.unique(new_names)), "episodes": EPISODES,
        "rows": [
            {"what": name, "shots": shots, "mean": float(np.mean(values)), "half": half(values)}
            for shots, each in scores.items() for name, values in each.items()
        ],
    }  # fmt: skip
    args.out.with_suffix(".json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    args.out.with_suffix(".md").write_text(table(facts), encoding="utf-8")
    print(table(facts))


def half(values: list[float]) -> float:
    """Half the 95 % interval of a mean."""
    return float(1.96 * np.std(values, ddof=1) / np.sqrt(len(values)))


def table(facts: dict[str, Any]) -> str:
    """The results for a person."""
    lines = [
        "# New characters from one and from five examples", "",
        f"`benchmarks/few_shot.py` on {facts['date']}, {facts['machine']}, one thread, torch {facts['torch']}: "
        f"{facts['known']} characters known, {facts['new']} new, {facts['minutes']:g} min for each training, "
        f"{facts['seeds']} seeds, {facts['episodes']} episodes each; 5 classes, accuracy of 15 queries a class.", "",
        "| | 1 example a class | 5 examples a class |", "| --- | --- | --- |",
    ]  # fmt: skip
    one, five = (
        {each["what"]: (each["mean"], each["half"]) for each in facts["rows"] if each["shots"] == shots}
        for shots in (1, 5)
    )
    for name in sorted(one, key=lambda name: five[name][0]):
        cells = " | ".join(f"{100 * mean:.1f} ± {100 * by:.1f} %" for mean, by in (one[name], five[name]))
        lines.append(f"| {name} | {cells} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
