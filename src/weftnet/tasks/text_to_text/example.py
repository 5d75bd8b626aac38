"""Words of five letters, written backwards."""

import itertools
import random
from pathlib import Path

from weftnet.tasks._example import Example


def text_to_text(folder: Path) -> Example:
    """240 words of letters from a to e and the same from their end; a network with attention learns most of it."""
    words = ["".join(letters) for letters in itertools.product("abcde", repeat=4)]
    random.Random(0).shuffle(words)
    source, question = folder / "backwards.csv", folder / "words.csv"
    rows = "".join(f"{word},{word[::-1]}\n" for word in words[:240])
    source.write_text(f"word,backwards\n{rows}", encoding="utf-8")
    question.write_text("word\n" + "".join(f"{word}\n" for word in words[240:246]), encoding="utf-8")
    letters = {"text": {"level": "characters", "least": 1}}
    nodes = {
        "inputs": ["tokens", "target"],
        "nodes": {
            "source_words": {"embedding": {"dim": 16}, "from": "tokens"},
            "words": {"embedding": {"dim": 16}, "from": "target"},
            "memory": {"gru": {"dim": 24, "bidirectional": True}, "from": "source_words"},
            "keys": {"dense": {"dim": 24}, "from": "memory"},
            "start": {"chain": ["first_step", {"dense": {"dim": 24}}], "from": "memory"},
            "state": {
                "bahdanau_decoder": {},
                "from": {"x": "words", "memory": "memory", "keys": "keys", "start": "start"},
            },
        },
        "outputs": ["state"],
    }
    recipe = {"steps": 120, "batch_size": 32, "lr": 0.02, "evaluate_every": "40 steps"}
    options = {"target": "backwards", "kinds": {"word": letters, "backwards": letters}}
    learnt = {"nats_per_token": (0, 0.6), "perplexity": (1, 1.9)}
    return Example(source, {"graph": nodes}, recipe, learnt, options, question=question)
