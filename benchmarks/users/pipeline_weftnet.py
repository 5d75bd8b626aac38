import numpy as np
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import nn

import weftnet as wn

x, y, new = np.load("x.npy"), np.load("y.npy"), np.load("new.npy")
network = nn.Sequential(nn.Linear(30, 32), nn.ReLU(), nn.Dropout(0.2), nn.Linear(32, 2))
pipeline = make_pipeline(StandardScaler(), wn.WeftnetClassifier(network, epochs=20))
search = GridSearchCV(pipeline, {"weftnetclassifier__recipe": [{"lr": 0.001}, {"lr": 0.01}]}, cv=3)
search.fit(x, y)
np.save("answers.npy", search.predict(new))
