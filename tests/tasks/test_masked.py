import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from weftnet.architecture.signal import parse
from weftnet.architecture.spec import Block
from weftnet.data.batch import Batch
from weftnet.errors import ArchitectureError, SettingError
from weftnet.tasks import ANSWERS, INFERENCES, PROPOSALS
from weftnet.tasks._assemble import assemble
from weftnet.tasks.masked.task import Masked

TASK = Masked(vocabulary=11, context=6)


def batch(rows=400):
    generator = torch.Generator().manual_seed(0)
    tokens = torch.randint(2, 11, (rows, 6), generator=generator)
    lengths = torch.randint(1, 7, (rows, 1), generator=generator)
    mask = torch.arange(6) < lengths
    return Batch({"tokens": tokens * mask}, {"tokens": mask}, {}, torch.arange(rows))


def hidden(seed=0, task=TASK):
    return (*task.hide(batch(), torch.Generator().manual_seed(seed)), batch())


def test_of_each_text_a_token_is_chosen_and_of_all_the_share():
    read, tokens, chosen, given = hidden()
    mask = given.masks["tokens"]
    assert torch.equal(tokens, given.inputs["tokens"])
    assert chosen.any(1).all()
    assert not (chosen & ~mask).any()
    assert torch.equal(read.inputs["tokens"][~chosen], tokens[~chosen])
    assert not read.inputs["tokens"][~mask].any()
    long = mask.all(1)  # of six tokens: 15 %, or the one that is chosen where there would be none
    expected = 0.15 + 0.85**6 / 6
    assert float(chosen[long].double().mean()) == pytest.approx(expected, abs=0.04)


def test_of_the_chosen_ones_80_per_cent_are_hidden_and_10_exchanged():
    read, tokens, chosen, _ = hidden(task=Masked(vocabulary=11, context=6, share=0.9))
    seen, truth = read.inputs["tokens"][chosen], tokens[chosen]
    assert float((seen == 1).double().mean()) == pytest.approx(0.8 + 0.1 / 10, abs=0.04)
    assert float((seen == truth).double().mean()) == pytest.approx(0.1 + 0.1 / 10, abs=0.03)
    assert int(seen.min()) >= 1
    assert int(seen.max()) <= 10


def test_the_choice_comes_from_the_generator():
    assert torch.equal(hidden(3)[2], hidden(3)[2])
    assert not torch.equal(hidden(3)[2], hidden(4)[2])


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(11, 11).double()

    def forward(self, inputs, masks=None):
        return self.table(inputs["tokens"])


def test_the_loss_and_its_gradient_are_those_of_the_chosen_tokens():
    model, given = nn.ModuleDict({"network": Net()}), batch(20)
    ((group, loss),) = TASK.losses(model, given, torch.Generator().manual_seed(1))
    read, tokens, chosen = TASK.hide(given, torch.Generator().manual_seed(1))
    logits, total, count = model["network"](read.inputs), 0.0, 0
    for n in range(20):
        for t in range(6):
            if chosen[n, t]:
                row = logits[n, t]
                total = total - (row[tokens[n, t]] - torch.log(torch.exp(row).sum()))
                count += 1
    assert group == "network"
    torch.testing.assert_close(loss, total / count)
    weight = model["network"].table.weight
    (wanted,) = torch.autograd.grad(total / count, weight)
    torch.testing.assert_close(torch.autograd.grad(loss, weight)[0], wanted)
    metrics = TASK.evaluate(model, [given])
    again = TASK.hide(given, torch.Generator().manual_seed(0))
    expected = F.cross_entropy(model["network"](again[0].inputs)[again[2]], again[1][again[2]])
    assert metrics["nats_per_token"] == pytest.approx(float(expected.detach()))


def test_unknown_tokens_are_filled_in_by_the_likeliest_and_others_stay():
    logits = np.zeros((2, 3, 5), np.float32)
    logits[0, 1] = [9, 9, 0, 2, 1]  # neither padding nor unknown is filled in
    tokens, mask = np.array([[2, 1, 3], [4, 0, 0]]), np.array([[True, True, True], [True, False, False]])
    outputs = INFERENCES.get("masked")(
        lambda name, inputs, masks: {"output": logits}, {"tokens": tokens}, {"tokens": mask}, {}, {}
    )
    first, second = ANSWERS.get("masked")(outputs, {})
    p = np.exp(2) / (np.exp(0) + np.exp(2) + np.exp(1))
    assert first == {"text": "2 3 3", "filled": ["3"], "certainty": pytest.approx(p)}
    assert second == {"text": "4", "filled": [], "certainty": 1.0}


def test_the_head_keeps_every_place():
    assert TASK.head("network", parse("series:6x4"), "lstm") == (Block("dense", {"dim": 11}),)
    assert TASK.head("network", parse("series:6x11"), "dense") == ()
    for gives in ("vector:4", "series:3x4"):
        with pytest.raises(ArchitectureError, match="told at every place"):
            TASK.head("network", parse(gives), "lstm")
    with pytest.raises(ArchitectureError, match="remove the softmax"):
        TASK.head("network", parse("series:6x11"), "softmax")


def test_what_is_proposed_begins_as_a_classifier_of_texts_does():
    signals = {"tokens": parse("tokens:6,vocabulary=11,padded")}
    attention, reader = PROPOSALS.get("masked")(signals)
    for candidate in (attention, reader):
        assemble(candidate.architecture, TASK, signals)
    assert attention.entry == "text_transformer"
    assert PROPOSALS.get("masked")({"x": parse("vector:4")}) == []


@pytest.mark.parametrize(("settings", "match"), [({"share": 0.0}, "share"), ({"vocabulary": 2}, "vocabulary")])
def test_settings_are_checked(settings, match):
    with pytest.raises(SettingError, match=match):
        Masked(**{"vocabulary": 11, "context": 6, **settings})
