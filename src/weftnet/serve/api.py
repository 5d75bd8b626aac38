"""weftnet's own API.

    GET  /v1/models, /v1/models/NAME                    what is served, and the input schema of each model
    POST /v1/models/NAME[/versions/V]/predict           {"rows": [{column: value}, …], "options": {…}}
                                                        → {"answers": [{…}, …]}
                                                        {…, "stream": true} → events, see `events.py`
    POST /predict                                       the same, where a single model is served
    POST /v1/models/NAME/explain                        {"row": {…}} → why the answer is what it is
    GET  /v1/models/NAME/example                        {"row": {…}} of the table it was trained on, if that is here
    POST /admin/reload                                  look for new versions now (with an API key)

A prediction may also come as multipart/form-data, with one row: files for images and recordings, text for the rest.
"""

from collections.abc import Mapping
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from weftnet.base.answers import forms, schema_of
from weftnet.data.fields import Field
from weftnet.data.wires import Wire
from weftnet.serve.body import Receive, body_of, json_object
from weftnet.serve.events import events
from weftnet.serve.refusal import Refusal
from weftnet.serve.reply import Reply
from weftnet.serve.repository import Repository
from weftnet.serve.service import Service
from weftnet.tasks._inference import options_of, tells

_JSON = "application/json"
_FORM = "multipart/form-data"
_MAX_PARTS = 1000


def routes(service: Service) -> list[Route]:
    """The paths of this API."""
    repository = service.repository

    async def models(request: Request) -> Response:
        return Reply({"models": [model_facts(repository, name) for name in repository.names()]})

    async def model(request: Request) -> Response:
        return Reply(model_facts(repository, request.path_params["name"]))

    async def predict(request: Request) -> Response:
        name = request.path_params.get("name") or _single(repository)
        version = request.path_params.get("version")
        fields = repository.find(name, version).model.fields  # an unknown model is refused before the body is read
        media = _require_type(request, _JSON, _FORM)
        body = await body_of(request, service.options)
        if media == _JSON:
            document = json_object(body, "rows", "options", "stream")
        else:
            document = {"rows": [await _form_row(request, body, fields)]}
        rows, options, stream = document.get("rows"), document.get("options"), document.get("stream", False)
        if not isinstance(stream, bool):
            raise Refusal(422, "no such stream", where="stream", expected="true or false", got=type(stream).__name__)
        if stream:
            return await events(service.pieces(rows, name, version, options), rows or [])
        used, answers = await service.answers(rows, len(body), request.receive, name, version, options)
        beside = await run_in_threadpool(used.model.beside, rows or [])
        return Reply({"model": used.name, "version": used.version, "answers": answers, **beside})

    async def explain(request: Request) -> Response:
        name = request.path_params["name"]
        repository.find(name)
        _require_type(request, _JSON)
        document = json_object(await body_of(request, service.options), "row", "method")
        method = document.get("method")
        if method is not None and not isinstance(method, str):
            raise Refusal(422, "the method is not a name", where="method", got=type(method).__name__)
        with repository.lease(name) as version:
            return Reply(await service.explainer.explain(version, document.get("row"), method))

    async def example(request: Request) -> Response:
        with repository.lease(request.path_params["name"]) as version:
            if (table := version.model.table) is None:
                expected = "a table in text that lies on this machine, and a server that listens there alone"
                raise Refusal(404, "there is no example: the data are not at hand", expected=expected)
            return Reply({"row": await run_in_threadpool(table.example, version.model.fields)})

    async def reload(request: Request) -> Response:
        if not service.keys:
            fix = "start the server with --api-key-file; it also looks for new versions every second"
            raise Refusal(403, "reloading by hand needs an API key", fix=fix)
        return Reply(await repository.refresh())

    return [
        Route("/predict", predict, methods=["POST"]),
        Route("/v1/models/{name}/predict", predict, methods=["POST"]),
        Route("/v1/models/{name}/versions/{version}/predict", predict, methods=["POST"]),
        Route("/v1/models/{name}/explain", explain, methods=["POST"]),
        Route("/v1/models/{name}/example", example, methods=["GET"]),
        Route("/v1/models", models, methods=["GET"]),
        Route("/v1/models/{name}", model, methods=["GET"]),
        Route("/admin/reload", reload, methods=["POST"]),
    ]


def model_facts(repository: Repository, name: str) -> dict[str, Any]:
    """What the API says about a model: its versions, served or failed, its task, inputs, and fields of answers."""
    versions = repository.versions(name)
    newest = repository.find(name)
    return {
        "name": name,
        "versions": list(versions),
        "failed": repository.failed(name),
        "default": newest.version,
        "engine": newest.model.engine,
        "task": newest.model.task.name,
        "fields": [field_facts(field) for field in newest.model.fields],
        "target": None if (target := newest.model.predicts) is None else {"name": target.name, "unit": target.unit},
        "example": newest.model.table is not None,
        "stream": tells(newest.model.task.name),
        "options": {name: schema_of(hint) for name, hint in options_of(newest.model.task.name).items()},
        "answer": {name: form.facts() for name, form in forms(newest.model.schema).items()},
    }


def field_facts(field: Field) -> dict[str, Any]:
    """A field as JSON."""
    return {
        "name": field.name,
        "kind": field.kind,
        "wire": field.wire.name,
        "optional": field.optional,
        "facts": dict(field.facts),
        "steps": field.steps,
        "ahead": field.ahead,
        "example": field.wire.example,
        **field.wire.widget,
    }


def content_type(headers: Mapping[bytes, bytes]) -> str:
    """The media type of a body, without its parameters."""
    return headers.get(b"content-type", b"").partition(b";")[0].strip().lower().decode("latin-1")


def unsupported(got: str, expected: str) -> Refusal:
    """The refusal of a body of another media type."""
    return Refusal(415, "unsupported media type", expected=f"Content-Type: {expected}", got=got or "none")


def _require_type(request: Request, *types: str) -> str:
    """The media type of a request, which has to be one of these.

    Raises:
        Refusal: 415.
    """
    media = content_type(dict(request.scope["headers"]))
    if media not in types:
        raise unsupported(media, ", or ".join(types))
    return media


async def _form_row(request: Request, body: bytes, fields: tuple[Field, ...]) -> dict[str, Any]:
    """The one row of a form.

    Raises:
        Refusal: 400 if the form can't be read, 422 if a value can't be used.
    """
    from starlette.exceptions import HTTPException
    from starlette.formparsers import MultiPartException

    if b"boundary=" not in dict(request.scope["headers"])[b"content-type"]:
        raise Refusal(400, "the form can't be read", expected=f"Content-Type: {_FORM}; boundary=…")
    again = Request(request.scope, _replay(body))
    row: dict[str, Any] = {}
    wires = {field.name: field.wire for field in fields} | {field.input: field.wire for field in fields}
    try:
        async with again.form(max_files=_MAX_PARTS, max_fields=_MAX_PARTS, max_part_size=len(body) + 1) as form:
            for name, value in form.multi_items():
                if name in row:
                    raise Refusal(422, f"the field {name[:80]!r} is there twice", fix="send one row as a form")
                content = value if isinstance(value, str) else await value.read()
                row[name] = _form_value(wires.get(name, Wire()), name, content)
    except (HTTPException, MultiPartException, ValueError, LookupError) as error:  # the parser's own are ValueErrors
        raise Refusal(400, "the form can't be read", got=str(error)[:200]) from None
    return row


def _form_value(wire: Wire, name: str, content: str | bytes) -> Any:
    """A field of a form as the value it would be in JSON; an empty one is missing, but for a file."""
    if not content and not wire.file:
        return None
    try:
        return wire.parse(content)
    except UnicodeDecodeError:
        raise Refusal(422, "text is expected here, not a file", where=name) from None
    except ValueError:
        raise Refusal(422, "the value is not valid JSON", where=name, expected=wire.expected) from None


def _replay(body: bytes) -> Receive:
    """A `receive` that gives a body that was read already."""

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


def _single(repository: Repository) -> str:
    names = repository.names()
    if len(names) > 1:
        expected = ", ".join(f"/v1/models/{name}/predict" for name in names)
        raise Refusal(404, "several models are served here", where="/predict", expected=expected)
    return names[0]
