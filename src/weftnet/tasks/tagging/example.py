"""Sentences in which people meet: whom a name belongs to is known by its letters and by what stands before."""

from pathlib import Path

import numpy as np

from weftnet.tasks._example import Example


def tagging(folder: Path) -> Example:
    """120 sentences in the columns of the CoNLL tasks; a recurrent network finds the names and the towns."""
    draw = np.random.default_rng(0)
    given, family = ("Ada", "Alan", "Grace", "Kurt"), ("Lovelace", "Turing", "Hopper", "Gödel")
    towns, verbs = ("London", "Princeton", "Wien", "New York"), ("meets", "writes to", "calls")
    lines = []
    for _ in range(120):
        who, whom, last = (str(draw.choice(names)) for names in (given, given, family))
        words = [(who, "B-PER"), *((word, "O") for word in str(draw.choice(verbs)).split()), (whom, "B-PER")]
        words += [(last, "I-PER")] * bool(draw.integers(2)) + [("in", "O")]
        words += [(word, "BI"[place > 0] + "-LOC") for place, word in enumerate(str(draw.choice(towns)).split())]
        lines.append("".join(f"{word} {tag}\n" for word, tag in words))
    source = folder / "meetings.conll"
    source.write_text("\n".join(lines), encoding="utf-8")
    nodes = [{"word_embedding": {"dim": 8, "dim_letters": 4, "filters": 8}}, {"dropout": {"rate": 0.05}},
             {"lstm": {"dim": 12, "bidirectional": True}}]  # fmt: skip
    recipe = {"steps": 80, "batch_size": 16, "lr": 0.03, "evaluate_every": "40 steps"}
    question = folder / "questions.txt"
    question.write_text("Ada meets Alan Turing in Wien\nGrace calls Emmy in New York\nKurt\n", encoding="utf-8")
    learnt = {"span_f1": (0.9, 1), "loss": (0, 0.2)}
    return Example(source, nodes, recipe, learnt, question=question)
