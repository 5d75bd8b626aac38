"""Zoo networks against plain PyTorch ones, written out here, of the same weights: the same values."""

import pytest
import torch
import torch.nn.functional as F
from oracles import same
from torch import Tensor, nn
from weights import fill, network, shaken

from weftnet.zoo import ZOO


class TutorialLeNet(nn.Module):
    """As PyTorch's tutorial prints it."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 6, 5)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1 = nn.Linear(16 * 5 * 5, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = F.relu(self.fc2(F.relu(self.fc1(x.flatten(1)))))
        return self.fc3(x)


def test_lenet_is_the_tutorial_s() -> None:
    theirs = shaken(TutorialLeNet())
    ours = network(ZOO.get("lenet")(classes=10), "image:3x32x32")
    fill(ours, theirs.parameters())
    x = torch.randn(3, 3, 32, 32, dtype=torch.float64)
    same(ours(x), theirs(x))


class KimCNN(nn.Module):
    """Windows written out: every filter on every window of the padded sentence, then the largest."""

    def __init__(self) -> None:
        super().__init__()
        self.vectors = nn.Embedding(17, 6)
        self.filters = nn.ModuleList(nn.Linear(kernel * 6, 5) for kernel in (3, 4, 5))
        self.last = nn.Linear(15, 2)

    def forward(self, tokens: Tensor) -> Tensor:
        x = self.vectors(tokens)
        features = []
        for kernel, filters in zip((3, 4, 5), self.filters, strict=True):
            padded = F.pad(x, (0, 0, kernel - 1, kernel - 1))
            windows = [padded[:, t : t + kernel].flatten(1) for t in range(padded.shape[1] - kernel + 1)]
            features.append(torch.stack([F.relu(filters(window)) for window in windows]).amax(0))
        return self.last(torch.cat(features, 1))


def test_text_cnn_is_kim_s() -> None:
    theirs = shaken(KimCNN())
    ours = network(ZOO.get("text_cnn")(dim=6, filters=5, classes=2), "tokens:9,vocabulary=17")
    windows = [weight if weight.ndim == 1 or weight.shape[1] not in (18, 24, 30)
               else weight.reshape(5, -1, 6).transpose(1, 2) for weight in theirs.parameters()]  # fmt: skip
    fill(ours, windows)
    tokens = torch.randint(17, (4, 9))
    same(ours(tokens), theirs(tokens))


def test_text_lstm_is_torch_s_two_layers_and_padding_does_not_count() -> None:
    embedding, lstm, last = nn.Embedding(17, 6), nn.LSTM(6, 5, 2, batch_first=True), nn.Linear(5, 2)
    theirs = shaken(nn.ModuleList([embedding, lstm, last]))
    ours = network(ZOO.get("text_lstm")(dim=6, hidden=5, classes=2), "tokens:9,vocabulary=17,padded")
    fill(ours, theirs.parameters())
    tokens, lengths = torch.randint(17, (3, 9)), [9, 4, 1]
    together = ours(tokens, {"x": torch.arange(9) < torch.tensor(lengths).unsqueeze(1)})
    for i, length in enumerate(lengths):
        _, (hidden, _) = lstm(embedding(tokens[i : i + 1, :length]))
        same(together[i : i + 1], last(hidden[-1]))


def test_tabular_is_the_paper_s_formula() -> None:
    ours = shaken(network(ZOO.get("tabular")(dim=5, hidden=7, classes=2), "vector:4"))
    weights = dict(ours.named_parameters())
    statistics = dict(ours.named_buffers())

    def norm(x: Tensor, at: str) -> Tensor:
        mean, var = (statistics[f"{at}.norm.running_{name}"] for name in ("mean", "var"))
        return (x - mean) / (var + 1e-5).sqrt() * weights[f"{at}.norm.weight"] + weights[f"{at}.norm.bias"]

    def dense(x: Tensor, at: str) -> Tensor:
        return x @ weights[f"{at}.linear.weight"].T + weights[f"{at}.linear.bias"]

    x = torch.randn(3, 4, dtype=torch.float64)
    h = dense(x, "0")
    for i in range(2):
        at = f"1.{i}.body"
        h = h + dense(dense(norm(h, f"{at}.0"), f"{at}.1").clamp(min=0), f"{at}.4")
    same(ours(x), dense(norm(h, "2").clamp(min=0), "4"))


@pytest.mark.parametrize("name", ["text_bag", "text_cnn", "text_lstm", "text_ngrams"])
def test_vectors_of_words_start_small(name: str) -> None:
    """So that they are shaped by the data; torch's own have a deviation of 1."""
    weights = network(ZOO.get(name)(dim=32), "tokens:20,vocabulary=900,padded").state_dict()
    table = next(value for key, value in weights.items() if key.endswith("table.weight"))
    assert 0.05 < float(table.std()) < 0.2
