"""A text is continued by steps as by whole passes: of every zoo network that can be a language model."""

from functools import cache
from typing import Any

import numpy as np
import pytest
import torch
from quick import some
from torch import Tensor

from weftnet.architecture.signal import parse
from weftnet.architecture.spec import Architecture, Block, Chain
from weftnet.compose import build
from weftnet.data import Batch
from weftnet.errors import DataError, WeftnetError
from weftnet.tasks._assemble import assemble
from weftnet.tasks.language_model.task import LanguageModel
from weftnet.zoo import ZOO

TASK = LanguageModel(vocabulary=11, context=12)
TOKENS = {"tokens": parse("tokens:12,vocabulary=11")}
GREEDY, DRAWN = {"temperature": 0.0}, {"temperature": 0.9, "top_k": 4, "seed": 3}


@cache
def models() -> dict[str, torch.nn.ModuleDict]:
    """The zoo's networks that are language models, their weights drawn so that the logits differ."""
    found = {}
    for name in ZOO.names():
        try:
            done = assemble(ZOO.get(name)(**ZOO.module(name).example()[0]), TASK, TOKENS)
            model = build(done.architecture, done.inputs)
            TASK.check(model)
        except (WeftnetError, TypeError):  # for other data, or not causal
            continue
        torch.manual_seed(5)
        for parameter in model.parameters():
            parameter.data.add_(0.2 * torch.randn_like(parameter))
        found[name] = model.eval()
    return found


def batch(tokens: Tensor, mask: Tensor | None = None) -> Batch:
    return Batch({"tokens": tokens}, {} if mask is None else {"tokens": mask}, {}, torch.arange(len(tokens)))


def written(model: torch.nn.ModuleDict, tokens: Tensor, length: int, **options: Any) -> Tensor:
    with torch.no_grad():
        outputs = TASK.infer(model, batch(tokens), {"length": length, **options})
    assert isinstance(outputs, dict)
    return outputs["written"]


def whole(network: torch.nn.Module, tokens: Tensor, length: int, **options: Any) -> Tensor:
    """The loop of the formula, with a pass over the last 12 tokens for every new one."""
    start, chances = tokens.shape[1], np.random.default_rng(options.get("seed", 0)).random(length)
    for place in range(length):
        with torch.no_grad():
            logits = network(tokens[:, -12:])[:, -1].double()
        temperature, top_k = options["temperature"], options.get("top_k", 0)
        if temperature:
            if top_k:
                logits[logits < logits.sort(descending=True).values[:, top_k - 1 : top_k]] = -torch.inf
            upto = (logits / temperature).softmax(1).cumsum(1)
            token = torch.searchsorted(upto, torch.full((len(tokens), 1), chances[place]).double(), right=True)
        else:
            token = logits.argmax(1, keepdim=True)
        tokens = torch.cat([tokens, token], 1)
    return tokens[:, start:]


@pytest.mark.slow
def test_the_character_models_are_among_them() -> None:
    assert {"char_lstm", "char_transformer"} <= set(models())


@pytest.mark.slow
@pytest.mark.parametrize("prompt", some([1, 5, 12, 15], 5))
@pytest.mark.parametrize("choose", [GREEDY, DRAWN], ids=str)
def test_steps_give_the_tokens_of_whole_passes(choose: dict[str, Any], prompt: int) -> None:
    """Within the context, across its end and beyond it."""
    tokens = torch.randint(11, (2, prompt), generator=torch.Generator().manual_seed(prompt))
    for name, model in models().items():
        assert not TASK.whole_passes(model), name
        assert torch.equal(written(model, tokens, 17, **choose), whole(model["network"], tokens, 17, **choose)), name


@pytest.mark.slow
def test_each_token_is_read_once_within_the_context() -> None:
    model, read = models()["char_transformer"], []
    hook = model["network"].get_submodule("0").register_forward_hook(lambda _, inputs, __: read.append(inputs[0].shape))
    written(model, torch.zeros(2, 4, dtype=torch.long), 9)
    hook.remove()
    assert read == [(2, 4), *[(2, 1)] * 8]


def test_a_network_that_cannot_step_says_why_and_samples_all_the_same() -> None:
    """An average over no other steps is causal, but its block doesn't offer steps."""
    blocks = [Block("embedding", {"dim": 4}), Block("average_pool1d", {"size": 1})]
    done = assemble(Architecture({"network": Chain(tuple(blocks))}), TASK, TOKENS)
    model = build(done.architecture, done.inputs).eval()
    assert TASK.whole_passes(model).startswith("node 1: average_pool1d can't work step by step")
    tokens = torch.zeros(2, 3, dtype=torch.long)
    assert torch.equal(written(model, tokens, 17, **DRAWN), whole(model["network"], tokens, 17, **DRAWN))


def test_examples_do_not_mix_whatever_their_lengths() -> None:
    """Prompts of three lengths together, the ends of rows marked, give what each gives alone."""
    model, generator = models()["char_lstm"], torch.Generator().manual_seed(2)
    rows = [torch.randint(11, (length,), generator=generator) for length in (3, 14, 3, 1)]
    padded = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=-1)
    together = written(model, padded, 12, **DRAWN)
    for row, tokens in enumerate(rows):
        assert torch.equal(together[row], written(model, tokens[None], 12, **DRAWN)[0])


def test_what_cannot_be_asked_is_refused() -> None:
    model, tokens = models()["char_lstm"], torch.tensor([[1], [2]])
    for options, said in (
        ({"length": -1}, "length is out of range"), ({"temperature": -0.1}, "temperature is out of range"),
        ({"top_k": -1}, "top_k is out of range"), ({"seed": -1}, "seed is out of range"),
        ({"temperature": float("nan")}, "expected: a finite number"),
    ):  # fmt: skip
        with pytest.raises(DataError, match=said):
            TASK.infer(model, batch(tokens), options)
    with pytest.raises(WeftnetError, match=r"(?s)too many tokens are asked for.*at most 10000.*WEFTNET_LIMITS=tokens"):
        TASK.infer(model, batch(tokens), {"length": 10_001})
    with pytest.raises(DataError, match="row 2: there is no token to continue"):
        TASK.infer(model, batch(torch.tensor([[1], [-1]])), {})
