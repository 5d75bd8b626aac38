"""weftnet's own API.

    GET  /v1/models, /v1/models/NAME                    what is served, and what each model asks for
    POST /v1/models/NAME[/versions/V]/predict           {"rows": [{column: value}, …]} → {"answers": [{…}, …]}
    POST /predict                                       the same, where a single model is served
    POST /v1/models/NAME/explain                        {"row": {…}} → why the answer is what it is
    POST /admin/reload                                  look for new versions now (with an API key)

A prediction may also come as multipart/form-data, one row of it: files for images and recordings, texts for the rest.
Values are read by hand from the body that was read within its limits; only then does anything else look at them.
"""

import base64
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from weftnet.data.fields import Field
from weftnet.serve.body import Receive, body_of, json_object
from weftnet.serve.model import Answers
from weftnet.serve.refusal import Refusal
from weftnet.serve.reply import Reply
from weftnet.serve.repository import Repository, Version
from weftnet.serve.service import Service

Endpoint = Callable[[Request], Awaitable[Response]]

_JSON = "application/json"
_FORM = "multipart/form-data"
_PARTS = 1000
#: of the bodies that `read` reads
TYPES = frozenset({_JSON})


def endpoints(service: Service) -> dict[str, tuple[str, Endpoint]]:
    """Each path of this API, with its method and what answers there."""

    async def models(request: Request) -> Response:
        return Reply({"models": [model_facts(service.repository, name) for name in service.repository.names()]})

    async def model(request: Request) -> Response:
        return Reply(model_facts(service.repository, request.path_params["name"]))

    async def predict(request: Request) -> Response:
        name = request.path_params.get("name") or _single(service.repository)
        version = request.path_params.get("version")
        found = service.repository.find(name, version)  # a model that isn't there is told before the body is read
        rows, reply = await _asked(request, service, found)
        return reply(*await service.answers(rows, request.receive, name, version))

    async def explain(request: Request) -> Response:
        name = request.path_params["name"]
        service.repository.find(name)
        asked = json_object(await _json_body(request, service), "row", "method")
        method = asked.get("method")
        if method is not None and not isinstance(method, str):
            raise Refusal(422, "the method is no name", where="method", got=type(method).__name__)
        with service.repository.lease(name) as version:
            return Reply(await service.explainer.explain(version, asked.get("row"), method))

    async def reload(request: Request) -> Response:
        if not service.keys:
            fix = "start the server with --api-key-file; it looks for new versions every second by itself"
            raise Refusal(403, "reloading by hand is for those with an API key", fix=fix)
        return Reply(await service.repository.refresh())

    return {
        "/v1/models": ("GET", models),
        "/v1/models/{name}": ("GET", model),
        "/v1/models/{name}/predict": ("POST", predict),
        "/v1/models/{name}/versions/{version}/predict": ("POST", predict),
        "/predict": ("POST", predict),
        "/v1/models/{name}/explain": ("POST", explain),
        "/admin/reload": ("POST", reload),
    }


def model_facts(repository: Repository, name: str) -> dict[str, Any]:
    """What is told of a model: its versions, its task, and what a row holds."""
    versions = repository.versions(name)
    newest = repository.find(name)
    return {
        "name": name,
        "versions": list(versions),
        "default": newest.version,
        "engine": newest.model.engine,
        "task": newest.model.task.name,
        "fields": [field_facts(field) for field in newest.model.fields],
    }


def field_facts(field: Field) -> dict[str, Any]:
    """A field as JSON."""
    return {
        "name": field.name,
        "kind": field.kind,
        "wire": field.wire,
        "optional": field.optional,
        "facts": dict(field.facts),
    }


def content_type(headers: Mapping[bytes, bytes]) -> str:
    """The media type of a body, without its parameters."""
    return headers.get(b"content-type", b"").partition(b";")[0].strip().lower().decode("latin-1")


def unsupported(got: str, expected: str) -> Refusal:
    """The refusal of a body of another type."""
    return Refusal(415, "this type of body is not read", expected=f"Content-Type: {expected}", got=got or "none")


async def _json_body(request: Request, service: Service) -> bytes:
    headers = dict(request.scope["headers"])
    if (kind := content_type(headers)) != _JSON:
        raise unsupported(kind, _JSON)
    return await body_of(request.receive, headers, service.options.max_body, service.options.timeout)


def read(body: bytes, headers: Mapping[bytes, bytes], version: Version) -> tuple[Any, Callable[..., Response]]:
    """The rows of a body in JSON, and what makes the reply of their answers.

    Raises:
        Refusal: 400, 422.
    """
    return json_object(body, "rows").get("rows"), _reply


def _reply(version: Version, answers: Answers) -> Response:
    return Reply({"model": version.name, "version": version.version, "answers": answers})


async def _asked(request: Request, service: Service, version: Version) -> tuple[Any, Callable[..., Response]]:
    """The rows of a prediction, from JSON or from a form, and what makes the reply."""
    headers = dict(request.scope["headers"])
    kind = content_type(headers)
    if kind not in (_JSON, _FORM):
        raise unsupported(kind, f"{_JSON}, or {_FORM}")
    options = service.options
    body = await body_of(request.receive, headers, options.max_body, options.timeout)
    if kind == _JSON:
        return read(body, headers, version)
    return [await _form(request, body, version.model.fields)], _reply


async def _form(request: Request, body: bytes, fields: tuple[Field, ...]) -> dict[str, Any]:
    """The one row of a form."""
    from starlette.exceptions import HTTPException
    from starlette.formparsers import MultiPartException

    if b"boundary=" not in dict(request.scope["headers"])[b"content-type"]:
        raise Refusal(400, "the form can't be read", expected=f"Content-Type: {_FORM}; boundary=…")
    again = Request(request.scope, _once(body))
    row: dict[str, Any] = {}
    wires = {field.name: field.wire for field in fields} | {field.input: field.wire for field in fields}
    try:
        async with again.form(max_files=_PARTS, max_fields=_PARTS, max_part_size=len(body) + 1) as form:
            for name, value in form.multi_items():
                if name in row:
                    raise Refusal(422, f"the field {name[:80]!r} is there twice", fix="send one row as a form")
                content = value if isinstance(value, str) else await value.read()
                row[name] = _value(wires.get(name, "text"), name, content)
    except (HTTPException, MultiPartException, ValueError, LookupError) as error:  # the parser's own are ValueErrors
        raise Refusal(400, "the form can't be read", got=str(error)[:200]) from None
    return row


def _value(wire: str, name: str, content: str | bytes) -> Any:
    """A part of a form as it would stand in JSON."""
    if wire == "media":
        return base64.b64encode(content).decode() if isinstance(content, bytes) else content
    try:
        text = content if isinstance(content, str) else content.decode()
    except UnicodeDecodeError:
        raise Refusal(422, "a text is expected here, not a file", where=name) from None
    if not text:
        return None
    if wire in ("numbers", "labels"):
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            raise Refusal(422, "the value is no JSON", where=name, expected="a list") from None
    return text


def _once(body: bytes) -> Receive:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


def _single(repository: Repository) -> str:
    names = repository.names()
    if len(names) > 1:
        expected = ", ".join(f"/v1/models/{name}/predict" for name in names)
        raise Refusal(404, "several models are served here", where="/predict", expected=expected)
    return names[0]
