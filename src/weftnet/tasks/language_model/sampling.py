"""Sampling: a text is continued token by token, each drawn from p(next | the last `context` tokens).

    z = logits of the network at the last token
    token ~ softmax(z / temperature) over the top_k largest z;  temperature 0: the largest z

Up to `context` tokens a network that can work step by step reads every token once and remembers. Beyond, the window
slides: each token's place in it changes, and with it all that was remembered, so the network reads the whole window for
each new token. Either way the probabilities are those of whole passes, up to rounding.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from weftnet.compose.network import Network
from weftnet.errors import SettingError


class Choice(NamedTuple):
    """How the next token is chosen from logits."""

    temperature: float
    top_k: int | None
    generator: torch.Generator

    def token(self, logits: Tensor) -> Tensor:
        """(batch, 1) tokens from (batch, vocabulary) logits."""
        if self.temperature == 0:
            return logits.argmax(1, keepdim=True)
        if self.top_k is not None and self.top_k < logits.shape[1]:
            least = logits.topk(self.top_k).values[:, -1:]
            logits = logits.masked_fill(logits < least, -torch.inf)
        p = (logits / self.temperature).softmax(1).to(self.generator.device)
        return torch.multinomial(p, 1, generator=self.generator).to(logits.device)


def obstacle(network: nn.Module, context: int) -> str:
    """Why a network can't work step by step; empty if it can."""
    if not isinstance(network, Network):
        return "the network is not made of weftnet's blocks"
    try:
        network.initial_state(1, context)
    except SettingError as error:
        return str(error)
    return ""


def continued(network: nn.Module, tokens: Tensor, length: int, context: int, choice: Choice) -> Tensor:
    """Tokens (batch, time) and `length` more; by steps within the context where the network can, else by whole passes.

    Cost: a step reads one token; a whole pass the last `context` tokens.
    """
    state, seen = None, 0
    if isinstance(network, Network) and tokens.shape[1] <= context and not obstacle(network, context):
        state = network.initial_state(len(tokens), context)
    for _ in range(length):
        if isinstance(network, Network) and state is not None and tokens.shape[1] <= context:
            outputs, state = network.step(tokens[:, seen:], state)
            assert isinstance(outputs, Tensor)  # a language model has one output
            seen = tokens.shape[1]
        else:
            outputs = network(tokens[:, -context:])
        tokens = torch.cat([tokens, choice.token(outputs[:, -1].double())], dim=1)
    return tokens
