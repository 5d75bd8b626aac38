"""One sentence again and again, by characters."""

from pathlib import Path

from weftnet.tasks._example import Example


def language_model(folder: Path) -> Example:
    """1,600 characters; after a few of them a recurrent network knows the next."""
    source, question = folder / "cat.txt", folder / "prompts.txt"
    source.write_text("the cat sat on a mat. " * 72, encoding="utf-8")
    question.write_text("the cat\na mat. th\nc\non a mat. the cat sat\n", encoding="utf-8")
    nodes = [{"embedding": {"dim": 12}}, {"lstm": {"dim": 24}}, {"dropout": {"rate": 0.02}}]
    recipe = {"steps": 90, "batch_size": 8, "lr": 0.03, "evaluate_every": "30 steps"}
    learnt = {"nats_per_token": (0, 0.6), "perplexity": (1, 1.9)}
    return Example(source, nodes, recipe, learnt, {"context": 16}, question=question)
