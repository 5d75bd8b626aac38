import numpy as np
from torch import nn

import weftnet as wn

x, y, new = np.load("x.npy"), np.load("y.npy"), np.load("new.npy")
network = nn.Sequential(
    nn.LazyConv2d(32, 3), nn.ReLU(), nn.MaxPool2d(2),
    nn.LazyConv2d(64, 3), nn.ReLU(), nn.MaxPool2d(2),
    nn.Flatten(), nn.LazyLinear(64), nn.ReLU(), nn.LazyLinear(10),
)  # fmt: skip
fit = wn.fit((x, y), network, epochs=5, out="run")
np.save("answers.npy", [int(answer["label"]) for answer in fit.predict(new)])
