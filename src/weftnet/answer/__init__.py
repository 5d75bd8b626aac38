"""Raw inputs → answers: from a run (`predict`, `samples`), and from an exported folder (`runner`).

    open_export(folder).predict({"sepal length": [5.1], …}) → [{"label": "setosa", "probabilities": {…}}]

`main`, `graphs`, `manifest`, `rows` and `runner` import neither torch nor anything that does: `weftnet export` copies
them and their imports into the exported folder, and `python FOLDER/runner rows.csv` answers with ONNX Runtime and
NumPy.
"""
