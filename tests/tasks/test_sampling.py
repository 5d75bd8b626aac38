"""Sampling by steps gives the tokens of whole passes: of every zoo network that can be a language model."""

import pytest
import torch
from torch import Tensor

from weftnet.architecture.signal import parse
from weftnet.architecture.spec import Architecture, Block, Chain
from weftnet.compose import build
from weftnet.errors import WeftnetError
from weftnet.tasks._assemble import assemble
from weftnet.tasks.language_model.task import LanguageModel
from weftnet.zoo import ZOO

TASK = LanguageModel(vocabulary=11, context=12)
TOKENS = {"tokens": parse("tokens:12,vocabulary=11")}


def models() -> dict[str, torch.nn.ModuleDict]:
    """The zoo's networks that are language models, their weights drawn so that the logits differ."""
    found = {}
    for name in ZOO.names():
        try:
            done = assemble(ZOO.get(name)(), TASK, TOKENS)
            model = build(done.architecture, done.inputs)
            TASK.check(model)
        except (WeftnetError, TypeError):  # for other data, or not causal
            continue
        torch.manual_seed(5)
        for parameter in model.parameters():
            parameter.data.add_(0.2 * torch.randn_like(parameter))
        found[name] = model.eval()
    return found


MODELS = models()


def whole(network: torch.nn.Module, tokens: Tensor, length: int, choose: dict[str, float | None], seed: int) -> Tensor:
    """The loop of the formula, with a pass over the last 12 tokens for every new one."""
    generator = torch.Generator().manual_seed(seed)
    for _ in range(length):
        with torch.no_grad():
            logits = network(tokens[:, -12:])[:, -1].double()
        temperature, top_k = choose["temperature"], choose["top_k"]
        if temperature:
            if top_k:
                least = logits.sort(descending=True).values[:, int(top_k) - 1 : int(top_k)]
                logits[logits < least] = -torch.inf
            token = torch.multinomial((logits / temperature).softmax(1), 1, generator=generator)
        else:
            token = logits.argmax(1, keepdim=True)
        tokens = torch.cat([tokens, token], 1)
    return tokens


def test_the_character_models_are_among_them() -> None:
    assert {"char_lstm", "char_transformer"} <= set(MODELS)


@pytest.mark.parametrize("prompt", [1, 5, 12, 15])
@pytest.mark.parametrize("choose", [{"temperature": 0.0, "top_k": None}, {"temperature": 0.9, "top_k": 4}], ids=str)
@pytest.mark.parametrize("name", MODELS)
def test_steps_give_the_tokens_of_whole_passes(name: str, choose: dict[str, float | None], prompt: int) -> None:
    """Within the context, across its end and beyond it."""
    model, tokens = MODELS[name], torch.randint(11, (2, prompt), generator=torch.Generator().manual_seed(prompt))
    assert not TASK.whole_passes(model)
    sampled = TASK.sample(model, tokens, 17, generator=torch.Generator().manual_seed(3), **choose)
    assert torch.equal(sampled, whole(model["network"], tokens, 17, choose, seed=3))


def test_each_token_is_read_once_within_the_context() -> None:
    model, read = MODELS["char_transformer"], []
    hook = model["network"].get_submodule("0").register_forward_hook(lambda _, inputs, __: read.append(inputs[0].shape))
    TASK.sample(model, torch.zeros(2, 4, dtype=torch.long), 9, generator=torch.Generator())
    hook.remove()
    assert read == [(2, 4), *[(2, 1)] * 8]


def test_a_network_that_cannot_step_says_why_and_samples_all_the_same() -> None:
    """An average over no other steps is causal, but its block doesn't offer steps."""
    blocks = [Block("embedding", {"dim": 4}), Block("average_pool1d", {"size": 1})]
    done = assemble(Architecture({"network": Chain(tuple(blocks))}), TASK, TOKENS)
    model = build(done.architecture, done.inputs).eval()
    assert TASK.whole_passes(model).startswith("node 1: average_pool1d can't work step by step")
    tokens, choose = torch.zeros(2, 3, dtype=torch.long), {"temperature": 1.0, "top_k": None}
    sampled = TASK.sample(model, tokens, 17, generator=torch.Generator().manual_seed(3), **choose)
    assert torch.equal(sampled, whole(model["network"], tokens, 17, choose, seed=3))
