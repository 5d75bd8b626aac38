import dataclasses
import math

import numpy as np
import pytest
import torch
from torch import nn

from weftnet.architecture.signal import parse
from weftnet.architecture.spec import Block
from weftnet.data.batch import Batch
from weftnet.data.kinds.characters import Characters
from weftnet.errors import ArchitectureError, DataError, SettingError
from weftnet.tasks._choice import Choice
from weftnet.tasks.language_model.task import LanguageModel

TASK = LanguageModel(vocabulary=5, context=8)


class Recurrent(nn.Module):
    """Causal unless it reads backwards too."""

    def __init__(self, bidirectional=False):
        super().__init__()
        self.embed = nn.Embedding(5, 6)
        self.lstm = nn.LSTM(6, 7, batch_first=True, bidirectional=bidirectional)
        self.out = nn.Linear(14 if bidirectional else 7, 5)

    def forward(self, inputs, masks=None):
        tokens = inputs if isinstance(inputs, torch.Tensor) else inputs["tokens"]
        assert tokens.shape[1] <= 8
        return self.out(self.lstm(self.embed(tokens))[0])


class Convolved(nn.Module):
    """Position t sees `ahead` tokens that come after it."""

    def __init__(self, ahead):
        super().__init__()
        self.embed, self.conv, self.ahead = nn.Embedding(5, 6), nn.Conv1d(6, 5, 3), ahead

    def forward(self, inputs, masks=None):
        x = self.embed(inputs).transpose(1, 2)
        return self.conv(nn.functional.pad(x, (2 - self.ahead, self.ahead))).transpose(1, 2)


class Averaged(nn.Module):
    """Every position sees the mean of all; its head starts at zero, which hides it."""

    def __init__(self):
        super().__init__()
        self.embed, self.out = nn.Embedding(5, 6), nn.Linear(6, 5)
        nn.init.zeros_(self.out.weight)

    def forward(self, inputs, masks=None):
        x = self.embed(inputs)
        return self.out(x + x.mean(1, keepdim=True))


def model(network):
    return nn.ModuleDict({"network": network})


def batch(tokens, target=None, mask=None):
    masks = {} if mask is None else {"tokens": mask}
    return Batch({"tokens": tokens}, masks, {} if target is None else {"next": target}, torch.arange(len(tokens)))


def nats(network, rows):
    """−log p of each next token of each row, by a loop."""
    found = []
    for row in rows:
        logits = network(row[None])[0].double().tolist()
        for t in range(len(row) - 1):
            z = math.log(sum(math.exp(v) for v in logits[t]))
            found.append(z - logits[t][row[t + 1]])
    return found


def loss_of(network, batch):
    ((group, loss),) = TASK.losses(model(network), batch, torch.Generator())
    assert group == "network"
    return loss.item()


def test_loss_of_texts_is_of_their_own_next_tokens():
    network, tokens = Recurrent(), torch.randint(5, (3, 8))
    found = nats(network, tokens)
    assert loss_of(network, batch(tokens)) == pytest.approx(sum(found) / 21, abs=1e-6)
    # a label of each text is no next token
    assert loss_of(network, batch(tokens, torch.tensor([0, 1, 0]))) == pytest.approx(sum(found) / 21, abs=1e-6)


def test_loss_of_windows_reads_their_target_too():
    network, text = Recurrent(), torch.randint(5, (9,))
    logits = network(text[None, :8])[0]
    expected = -sum(logits[t].log_softmax(0)[text[t + 1]].item() for t in range(8)) / 8
    assert loss_of(network, batch(text[None, :8], text[None, 1:])) == pytest.approx(expected, abs=1e-6)


def test_padding_is_left_out():
    network, tokens = Recurrent(), torch.randint(5, (3, 8))
    mask = torch.arange(8) < torch.tensor([8, 5, 1])[:, None]
    found = nats(network, [tokens[0], tokens[1, :5], tokens[2, :1]])
    assert len(found) == 11
    assert loss_of(network, batch(tokens, mask=mask)) == pytest.approx(sum(found) / 11, abs=1e-6)
    metrics = TASK.evaluate(model(network), [batch(tokens[:2], mask=mask[:2]), batch(tokens[2:], mask=mask[2:])])
    assert metrics["nats_per_token"] == pytest.approx(sum(found) / 11, abs=1e-6)
    assert metrics["perplexity"] == pytest.approx(math.exp(sum(found) / 11), abs=1e-5)
    assert loss_of(network, batch(tokens[2:], mask=mask[2:])) == 0  # one token has no next


@pytest.mark.parametrize("network", [Recurrent, lambda: Convolved(0)])
def test_causal_networks_pass(network):
    TASK.check(model(network()))


@pytest.mark.parametrize("network", [lambda: Recurrent(True), lambda: Convolved(1), lambda: Convolved(2), Averaged])
def test_a_network_that_sees_the_future_is_refused(network):
    with pytest.raises(ArchitectureError, match=r"network.*sees the future.*bidirectional: false"):
        TASK.check(model(network()))


def test_a_seed_repeats_a_text_and_leaves_other_chance_alone():
    network, prompt = model(Recurrent().eval()), torch.tensor([[1, 2, 3], [4, 0, 2]])
    state = torch.get_rng_state()
    with torch.no_grad():
        runs = [TASK.infer(network, batch(prompt), {"length": 12, "seed": seed})["written"] for seed in (0, 0, 1)]
    assert torch.equal(torch.get_rng_state(), state)
    assert runs[0].shape == (2, 12)  # with the prompt longer than the context
    assert torch.equal(runs[0], runs[1])
    assert not torch.equal(runs[0], runs[2])


LOGITS = torch.tensor([2.0, 1.0, 0.0, -1.0, 1.5])


def shares(before=(), **settings):
    """Of the tokens at 4,000 chances that are spread evenly over [0, 1)."""
    choice = Choice({"temperature": 1.0, **settings}, 4000)
    choice._chances = (np.arange(4000) + 0.5) / 4000
    logits, read = LOGITS.double().numpy()[None], np.array([before], np.int64)
    drawn = [int(choice.tokens(logits, place, read)[0]) for place in range(4000)]
    return torch.bincount(torch.tensor(drawn), minlength=5) / 4000


def test_temperature_and_top_k():
    assert torch.allclose(shares(), LOGITS.softmax(0), atol=5e-4)
    assert torch.allclose(shares(temperature=3.0), (LOGITS / 3).softmax(0), atol=5e-4)
    assert shares(temperature=0).tolist() == [1, 0, 0, 0, 0]
    best = torch.tensor([2.0, -torch.inf, -torch.inf, -torch.inf, 1.5])
    assert torch.allclose(shares(top_k=2), best.softmax(0), atol=5e-4)
    assert shares(top_k=1).tolist() == [1, 0, 0, 0, 0]
    assert torch.allclose(shares(top_k=9), LOGITS.softmax(0), atol=5e-4)


def test_top_p_and_the_penalty_are_transformers_s():
    transformers = pytest.importorskip("transformers")
    logits, read = LOGITS.double()[None], torch.tensor([[4, 3, 4]])  # a logit above zero, and one below
    for p in (0.3, 0.95):
        for penalty in (1.7, 0.6):
            z = transformers.RepetitionPenaltyLogitsProcessor(penalty)(read, logits)
            z = transformers.TopKLogitsWarper(4)(read, transformers.TemperatureLogitsWarper(1.3)(read, z))
            want = transformers.TopPLogitsWarper(p)(read, z)[0].softmax(0)
            got = shares((4, 3, 4), temperature=1.3, top_k=4, top_p=p, repetition_penalty=penalty)
            assert torch.allclose(got.double(), want, atol=5e-4)
    assert shares((0,), temperature=0, repetition_penalty=100.0)[0] == 0


def test_chances_of_a_seed_are_even():
    """Kolmogorov and Smirnov's distance of 10,000 chances from the uniform distribution, at its 99.9 % quantile."""
    chances = np.sort(Choice({"seed": 7}, 10_000)._chances)
    assert np.abs(chances - (np.arange(10_000) + 0.5) / 10_000).max() < 1.95 / 100


def test_answers_are_the_likeliest_next_tokens():
    """As numbers, where nothing turns tokens into text."""
    outputs = {"logits": LOGITS[None], "written": torch.tensor([[3, 1]])}
    (answer,) = TASK.answers(outputs)
    assert answer["token"] == "0"
    assert list(answer["probabilities"]) == ["0", "4", "1", "2", "3"]
    assert sum(answer["probabilities"].values()) == pytest.approx(1)
    assert answer["text"] == "3 1"
    (short,) = TASK.answers({**outputs, "written": torch.zeros(1, 0, dtype=torch.long)})
    assert "text" not in short


class FakeData:
    name, target = "poems", None

    def __init__(self, **signals):
        self.signals = {name: parse(text) for name, text in signals.items()}

    def state(self):
        return {"preprocessing": {"columns": {"tokens": LETTERS.state()}, "target": None}}


LETTERS = Characters(context=8).fit("abcd")


def test_from_data():
    task = LanguageModel.from_data(FakeData(tokens="tokens:8,vocabulary=5"))
    assert task == dataclasses.replace(TASK, writer=LETTERS.state())
    (answer,) = task.answers({"logits": LOGITS[None], "written": torch.tensor([[4, 2, 0]])})
    assert answer["text"] == "db\ufffd"
    assert list(answer["probabilities"])[:3] == ["\ufffd", "d", "a"]
    assert TASK.inputs({"tokens": parse("tokens:8,vocabulary=5")})["network"].keys() == {"tokens"}
    for signals in ({"x": "vector:3"}, {"tokens": "tokens:8"}, {"a": "tokens:8,vocabulary=5", "b": "vector:2"}):
        with pytest.raises(DataError, match="poems: a language model reads text"):
            LanguageModel.from_data(FakeData(**signals))


@pytest.mark.parametrize("name", ["vocabulary", "context"])
def test_bad_settings_are_refused(name):
    with pytest.raises(SettingError, match=f"{name} is too small"):
        LanguageModel(**{"vocabulary": 5, "context": 8, name: 1})


@pytest.mark.parametrize(
    ("gives", "last", "head"),
    [
        ("series:8x64", "lstm", [Block("dense", {"dim": 5})]),
        ("series:8x5", "lstm", [Block("dense", {"dim": 5})]),
        ("series:8x5", "dense", []),
    ],
)
def test_head(gives, last, head):
    assert list(TASK.head("network", parse(gives), last)) == head


@pytest.mark.parametrize(
    ("gives", "last", "text"),
    [
        ("series:8x5", "softmax", "the loss includes the softmax"),
        ("vector:5", "last_step", "reads: a sequence of 8 steps\n  given: vector"),
        ("series:4x5", "max_pool1d", "strides or drops the time axis"),
        ("tokens:8", None, "given: tokens"),
    ],
)
def test_networks_that_drop_time_are_refused(gives, last, text):
    with pytest.raises(ArchitectureError, match=text):
        TASK.head("network", parse(gives), last)
