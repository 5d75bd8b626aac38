"""Answers from an exported folder, by ONNX Runtime and NumPy: nothing here, or below it, imports torch.

    Runner(folder).predict({"sepal length": [5.1], …}) → [{"label": "setosa", "probabilities": {…}}]

`netloom export` copies this package and what it imports beside the model: `python FOLDER/runner rows.csv`.
"""

from netloom.runtime.runner import Runner
from netloom.runtime.session import Session

__all__ = ["Runner", "Session"]
