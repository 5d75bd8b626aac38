"""The report of a competition: which candidate won and why, how they trained, the winner, and where it was measured."""

import platform
import re
from html import escape
from pathlib import Path

import torch

from weftnet.base.files import write_text
from weftnet.base.plain import plain
from weftnet.base.units import amount, duration
from weftnet.base.version import VERSION
from weftnet.compete.competition import Competition
from weftnet.compose import resolve
from weftnet.compose.draw import draw
from weftnet.data import Data
from weftnet.report.charts import dots, lines
from weftnet.report.page import charts, collapsible, figure, page, paragraph, section, table
from weftnet.report.sections.samples import samples_of
from weftnet.run.folder import Run
from weftnet.run.loading import load

#: the height in pixels above which a drawing is collapsed
_TALL = 700
_OVERLAP = ": each dot is a run, the bar is their mean; where two rows overlap, their order may be chance."
_CUT = "a curve that is still steep at its end was cut short."


def write_competition(result: Competition, data: Data) -> Path:
    """Write `report.html` into the competition's folder."""
    body = [
        paragraph(f"{result.task} on {result.data}: {_sizes(data)}."),
        paragraph(result.reason),
        _leaderboard(result),
        *_scores(result),
        *_curves(result),
        *_samples(result),
        *_best(result),
        *_failed(result),
        section("Data", *map(paragraph, data.notes or ["Nothing was changed."])),
        _environment(data),
    ]
    path = result.folder / "report.html"
    write_text(path, page(f"{result.data}: {result.task}", body))
    return path


def _leaderboard(result: Competition) -> str:
    (factor, digits, unit), others = result.score.scale, result.scores[1:]
    rows = [
        [
            each.label,
            each.score.text(factor, digits),
            each.test.text(factor, digits) if each.test else "–",
            *(each.text(split, score) for score in others for split in ("validation", "test")),
            str(each.score.n),
            amount(each.parameters),
            amount(each.flops),
            *each.length,
            duration(each.seconds),
            duration(each.latency),
        ]
        for each in result.standings
    ]
    more = [f"{score.name}{score.scale[2]}, {split}" for score in others for split in ("validation", "test")]
    head = [
        "architecture", f"validation{unit}", f"test{unit}", *more, result.over, "parameters", "FLOPs", "steps",
        "epochs", "training", "latency",
    ]  # fmt: skip
    legend = (
        f"{result.score.name}: mean ± half of the 95 % interval over {result.over}. FLOPs: a forward pass of one "
        "example. Latency: median of one example on one thread of this machine's CPU, measured after all training."
    )
    notes = [f"{each.name} was {each.trained.note}." for each in result.standings if each.trained.note]
    shown = table(head, rows, 0 if rows else None)
    return section("Leaderboard", shown, *map(paragraph, notes), paragraph(legend, soft=True))


def _environment(data: Data) -> str:
    versions = f"weftnet {VERSION}, torch {torch.__version__}, Python {platform.python_version()}"
    return section(
        "Environment",
        paragraph(f"{versions}, {platform.platform()}, {processor()}. Data sha256 {data.fingerprint}."),
    )


def processor() -> str:
    """The processor's name and the number of its cores."""
    name = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.is_file():
        names = [line.partition(":")[2].strip() for line in info.read_text().splitlines() if "model name" in line]
        name = f"{len(names)} × {names[0]}" if names else name
    threads = torch.get_num_threads()
    return f"{name}, {threads} thread{'s' * (threads > 1)}"


def _sizes(data: Data) -> str:
    signals = ", ".join(f"input {name}: {signal}" for name, signal in data.signals.items())
    return ", ".join(f"{count} {split}" for split, count in data.sizes.items() if count) + f" examples; {signals}"


def _scores(result: Competition) -> list[str]:
    metric, (factor, digits, unit) = result.score.name, result.score.scale
    scores = {
        standing.name: [
            outcome.test[metric] * factor
            for outcome in result.outcomes
            if outcome.name == standing.name and metric in outcome.test
        ]
        for standing in result.standings
    }
    if not any(scores.values()):
        return []
    what = f"test {metric}{unit}"
    chart = dots(scores, what, digits)
    return [section("Every seed", figure(chart, f"{what}{_OVERLAP}"))]


def _curves(result: Competition) -> list[str]:
    scores: dict[str, list[list[tuple[float, float]]]] = {}
    losses: dict[str, list[list[tuple[float, float]]]] = {}
    metric, (factor, _, unit) = result.score.name, result.score.scale
    names = [standing.name for standing in result.standings]
    for outcome in sorted(result.outcomes, key=lambda o: names.index(o.name) if o.name in names else len(names)):
        begun = (result.folder / outcome.folder / "run.json").is_file()  # a kill may come before that
        if outcome.status in ("failed", "skipped", "left out") or not begun:
            continue
        history = Run.open(result.folder / outcome.folder).history
        score = [(e["seconds"], e["validation"][metric] * factor) for e in history if e["validation"]]
        scores.setdefault(outcome.name, []).append(score)
        for group in history[0]["loss"] if history else ():
            label = outcome.name if len(history[0]["loss"]) == 1 else f"{outcome.name}: {group}"
            losses.setdefault(label, []).append([(e["seconds"], e["loss"][group]) for e in history])
    positive = all(y > 0 for curves in losses.values() for curve in curves for _, y in curve)
    return [
        section(
            "Training",
            charts(
                figure(lines(scores, "seconds", metric), f"Validation {metric}{unit} over training time: {_CUT}"),
                figure(lines(losses, "seconds", "loss", log=positive), f"Training loss over training time: {_CUT}"),
            ),
        )
    ]


def _samples(result: Competition) -> list[str]:
    html = "" if result.best is None else samples_of(Run.open(result.best))
    return [section("Samples of the best run", html)] if html else []


def _best(result: Competition) -> list[str]:
    if result.best is None:
        return []
    loaded = load(result.best)
    inputs = loaded.task.inputs(loaded.signals)
    svgs = {part: draw(resolve(node, inputs[part], part)) for part, node in loaded.architecture.parts.items()}
    drawings = [
        collapsible(f"drawing of the {part}", _unique(svg, part), expanded=_height(svg) <= _TALL)
        for part, svg in svgs.items()
    ]
    yaml = collapsible("as YAML, with the task's head", f"<pre>{escape(loaded.run.text('architecture.yaml'))}</pre>")
    return [section("The best run", paragraph(_recipe(loaded.run)), *drawings, yaml)]


def _unique(svg: str, part: str) -> str:
    """A drawing whose ids differ from those of the page's other drawings."""
    return svg.replace("weftnet-head", f"weftnet-head-{escape(part, quote=True)}")


def _height(svg: str) -> int:
    """Of a drawing, in pixels."""
    match = re.search(r'height="(\d+)"', svg)
    return int(match[1]) if match else 0


def _recipe(run: Run) -> str:
    """The run, and the fields of its recipe that differ from the default."""
    from weftnet.train import Recipe

    default = Recipe().to_dict()
    fields = {name: value for name, value in run.json("recipe.json").items() if value != default.get(name)}
    changed = {name: value for name, value in fields.items() if value is not None and name not in ("seed", "steps")}
    recipe = f"Trained with {plain(changed)}." if changed else "Trained with the default recipe."
    return f"{run.folder.name}: {run.steps} steps, seed {run.facts.seed}. {recipe}"


def _failed(result: Competition) -> list[str]:
    failed = [outcome for outcome in result.outcomes if outcome.status in ("failed", "left out")]
    errors = [f"<pre>{escape(f'{o.name}, seed {o.seed}: {o.error}')}</pre>" for o in failed]
    return [section("Failed or left out", *errors)] if errors else []
