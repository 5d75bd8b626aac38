"""Serving: runs behind HTTP, with dynamic batching, several versions, metrics, and a page for people.

    options.py                what a server is told: limits, engine, address
    batcher.py                questions of many clients → batches for one worker, bounded in number and time
    engines.py, model.py      a folder → one version of one model, ready to answer
    repository.py             all models and versions; loads the new beside the old and drains the old
    asked.py                  the rows of one request on their way through a batcher
    service.py                what every API shares
    api.py                    weftnet's own API
    inference_protocol.py     the Open Inference Protocol, version 2; tensors.py reads and writes its tensors
    explaining.py             why an answer is what it is
    page.py, page.html        the page at `/`
    body.py, keys.py, gate.py what every request passes: limits, keys, counts, faults
    description.py            the OpenAPI document
    app.py                    all of it as one ASGI application
    protocol.py, direct.py    HTTP, and the straight way of a prediction around ASGI
    server.py                 its life: start, stop on a signal after finishing what was taken

FastAPI, uvicorn and the Prometheus client are optional (`pip install 'weftnet[serve]'`); importing this package
imports none of them.
"""
