"""Serving: runs behind HTTP, with dynamic batching, several versions, metrics, and a page for people.

    options.py                settings of a server: limits, engine, address
    batcher.py                questions of many clients → batches for one worker, bounded in rows and time
    engines/                  what computes answers, one a file; loading.py asks them
    model.py                  one version of one model, ready to answer
    repository.py             all models and versions; loads the new beside the old and drains the old
    service.py                what every API shares: the rows of a request → answers
    api.py                    weftnet's own API
    inference_protocol.py     the Open Inference Protocol, version 2; tensors.py reads and writes its tensors
    explaining.py             why an answer is what it is
    page.py, pages/           the page at `/`
    trained_on.py             a row of the table that a run was trained on, as an example
    body.py, keys.py, gate.py what every request passes: limits, keys, counts, errors
    refusal.py, reply.py      errors → HTTP statuses and JSON
    description.py            the OpenAPI document
    app.py                    all of it as one ASGI application
    connection.py             HTTP: uvicorn, with a limit on the head of a request
    server.py                 its life: start, and a stop on a signal that finishes every accepted request

Starlette, uvicorn and the Prometheus client are optional (`pip install 'weftnet[serve]'`); importing this package
imports none of them.
"""
