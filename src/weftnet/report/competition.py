"""The report of a competition: who won and why, how they learned, what the winner is made of, where it was measured."""

import platform
import re
from html import escape
from pathlib import Path

import torch

from weftnet import __version__
from weftnet.base.files import write_text
from weftnet.base.scores import scale_of
from weftnet.base.units import amount, duration
from weftnet.compete.competition import Competition
from weftnet.compose import resolve
from weftnet.compose.draw import draw
from weftnet.data import Data
from weftnet.report.charts import dots, lines
from weftnet.report.page import charts, figure, folded, page, paragraph, section, table
from weftnet.run.folder import Run
from weftnet.run.loading import load

#: Pixels from which on a drawing is folded away.
_TALL = 700


def write_competition(result: Competition, data: Data) -> Path:
    """Write `report.html` into the competition's folder."""
    factor, digits, unit = scale_of(result.metric)
    rows = []
    for each in result.standings:
        test = each.test.text(factor, digits) if each.test else "–"
        rows.append(
            [
                each.name,
                each.score.text(factor, digits),
                test,
                str(each.score.n),
                amount(each.parameters),
                amount(each.flops),
                duration(each.seconds),
                duration(each.latency),
            ]
        )
    head = [
        "architecture", f"validation{unit}", f"test{unit}", "seeds", "parameters", "FLOPs", "training", "latency",
    ]  # fmt: skip
    body = [
        paragraph(f"{result.task} on {result.data}: {_sizes(data)}."),
        paragraph(result.reason),
        section(
            "Leaderboard", table(head, rows, 0 if rows else None),
            paragraph(
                f"{result.metric}: mean ± half of the 95 % interval over seeds. FLOPs: a forward pass of one example. "
                "Latency: median of one example on one thread of this machine's CPU, after all trainings.",
                soft=True,
            ),
        ),
        *_scores(result), *_curves(result), *_samples(result), *_best(result), *_failed(result),
        section("Data", *map(paragraph, data.notes or ["Nothing was changed."])),
        section(
            "Where", paragraph(
                f"weftnet {__version__}, torch {torch.__version__}, Python {platform.python_version()}, "
                f"{platform.platform()}, {processor()}. Data sha256 {data.fingerprint}."
            ),
        ),
    ]  # fmt: skip
    path = result.folder / "report.html"
    write_text(path, page(f"{result.data}: {result.task}", body))
    return path


def processor() -> str:
    """The processor's name and how many of it there are."""
    name = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.is_file():
        names = [line.partition(":")[2].strip() for line in info.read_text().splitlines() if "model name" in line]
        name = f"{len(names)} × {names[0]}" if names else name
    threads = torch.get_num_threads()
    return f"{name}, {threads} thread{'s' * (threads > 1)}"


def _sizes(data: Data) -> str:
    signals = ", ".join(f"it reads {name}: {signal}" for name, signal in data.signals.items())
    return ", ".join(f"{count} {split}" for split, count in data.sizes.items() if count) + f" examples; {signals}"


def _scores(result: Competition) -> list[str]:
    factor, digits, unit = scale_of(result.metric)
    found = {
        standing.name: [
            outcome.test[result.metric] * factor
            for outcome in result.outcomes
            if outcome.name == standing.name and result.metric in outcome.test
        ]
        for standing in result.standings
    }
    if not any(found.values()):
        return []
    chart = dots(found, f"test {result.metric}{unit}", digits)
    return [section("Every seed", figure(chart, f"test {result.metric}{unit}; a dot is a run, the bar their mean"))]


def _curves(result: Competition) -> list[str]:
    scores: dict[str, list[list[tuple[float, float]]]] = {}
    losses: dict[str, list[list[tuple[float, float]]]] = {}
    factor, _, unit = scale_of(result.metric)
    names = [standing.name for standing in result.standings]
    for outcome in sorted(result.outcomes, key=lambda o: names.index(o.name) if o.name in names else len(names)):
        if outcome.status in ("failed", "skipped"):
            continue
        history = Run.open(result.folder / outcome.folder).history
        score = [(e["seconds"], e["validation"][result.metric] * factor) for e in history if e["validation"]]
        scores.setdefault(outcome.name, []).append(score)
        for group in history[0]["loss"] if history else ():
            label = outcome.name if len(history[0]["loss"]) == 1 else f"{outcome.name}: {group}"
            losses.setdefault(label, []).append([(e["seconds"], e["loss"][group]) for e in history])
    positive = all(y > 0 for curves in losses.values() for curve in curves for _, y in curve)
    return [
        section(
            "How they learned",
            charts(
                figure(lines(scores, "seconds", result.metric), f"validation {result.metric}{unit} over training time"),
                figure(lines(losses, "seconds", "loss", log=positive), "training loss over training time"),
            ),
        )
    ]


def _samples(result: Competition) -> list[str]:
    if result.best is None or not (folder := result.best / "samples").is_dir():
        return []
    from base64 import b64encode

    found = []
    for path in sorted(folder.iterdir()):
        if path.suffix == ".png":
            data = b64encode(path.read_bytes()).decode()
            found.append(f"<figure><img alt='{escape(path.stem, quote=True)}' src='data:image/png;base64,{data}'>")
            found.append(f"<figcaption>{escape(path.stem)}</figcaption></figure>")
        elif path.suffix == ".txt":
            found.append(f"<pre>{escape(path.read_text(encoding='utf-8'))}</pre>")
    return [section("Samples of the best", *found)] if found else []


def _best(result: Competition) -> list[str]:
    if result.best is None:
        return []
    loaded = load(result.best)
    inputs = loaded.task.inputs(loaded.signals)
    drawings = {part: draw(resolve(node, inputs[part], part)) for part, node in loaded.architecture.parts.items()}
    drawn = [
        folded(f"drawing of the {part}", _drawing(svg, part), unfolded=_height(svg) <= _TALL)
        for part, svg in drawings.items()
    ]
    text = folded("as YAML, with the task's head", f"<pre>{escape(loaded.run.text('architecture.yaml'))}</pre>")
    return [section("The best", paragraph(_how(loaded.run)), "".join(drawn), text)]


def _drawing(svg: str, part: str) -> str:
    """A drawing whose names differ from those of the page's other drawings."""
    return svg.replace("weftnet-head", f"weftnet-head-{escape(part, quote=True)}")


def _height(svg: str) -> int:
    """Of a drawing, in pixels."""
    found = re.search(r'height="(\d+)"', svg)
    return int(found[1]) if found else 0


def _how(run: Run) -> str:
    """The run, and what of its recipe is not the default."""
    from weftnet.train import Recipe

    usual = Recipe().to_dict()
    fields = {name: value for name, value in run.json("recipe.json").items() if value != usual.get(name)}
    told = [f"{name} {value}" for name, value in fields.items() if value is not None and name not in ("seed", "steps")]
    how = f"Trained with {', '.join(told)}." if told else "Trained with the default recipe."
    return f"{run.folder.name}: {run.steps} steps, seed {run.facts.seed}. {how}"


def _failed(result: Competition) -> list[str]:
    failed = [outcome for outcome in result.outcomes if outcome.status == "failed"]
    lines_ = [f"<pre>{escape(f'{o.name}, seed {o.seed}: {o.error}')}</pre>" for o in failed]
    return [section("What failed", *lines_)] if lines_ else []
