"""Raw inputs → answers: from a run (`predict`, `samples`), and from an exported folder (`runner`).

    Runner(folder).predict({"sepal length": [5.1], …}) → [{"label": "setosa", "probabilities": {…}}]

`main`, `manifest`, `rows` and `runner` import no torch, and nothing that does: `weftnet export` copies them and what
they import beside the model, and `python FOLDER/runner rows.csv` answers by ONNX Runtime and NumPy.
"""
