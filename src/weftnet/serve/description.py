"""The server's API as an OpenAPI document: weftnet's own paths model by model, from their schemas."""

from collections.abc import Mapping
from typing import Any

from weftnet import __version__
from weftnet.base.answers import json_schema, schema_of
from weftnet.data.fields import Field
from weftnet.serve.events import TYPE as EVENTS
from weftnet.serve.repository import Version
from weftnet.serve.service import Service
from weftnet.serve.tensors import DTYPES
from weftnet.tasks._inference import options_of, tells

_TEXT = {"type": "string"}
_STREAM = "for one row: its answer as server-sent events, text by text and then whole"
_MARKS = "for each row, if there is any: what in it left what was seen in training"
_EXAMPLE = {"type": "object", "required": ["row"], "properties": {"row": {"type": "object"}}}
_ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["what"],
            "properties": dict.fromkeys(("what", "where", "expected", "got", "fix"), _TEXT),
            "additionalProperties": False,
        }
    },
}
_V2_ERROR = {"type": "object", "required": ["error"], "properties": {"error": _TEXT}}
_MEANINGS = {
    400: "not valid JSON, or not of this form",
    401: "no API key, or a wrong one",
    403: "needs an API key",
    404: "no such model or version",
    408: "the body did not come in time",
    413: "too many bytes, or too many rows",
    415: "unsupported media type",
    422: "a row can't be used; says which, and why",
    501: "this model can't do that",
    503: "too many requests are waiting, or the server is stopping",
    504: "no answer in time",
}
_STATUSES = (400, 401, 404, 408, 413, 415, 422, 503, 504)


def description(service: Service) -> dict[str, Any]:
    """The OpenAPI document of the models as they are served now."""
    repository = service.repository
    names = [name for name in repository.names() if repository.versions(name)]
    paths = _common_paths() | _protocol_paths(names)
    for name in names:
        paths |= _model_paths(repository.find(name), list(repository.versions(name)), service.options.queue)
    if len(names) == 1:
        paths["/predict"] = paths[f"/v1/models/{names[0]}/predict"]
    document: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {"title": "weftnet", "version": __version__, "description": "Runs of weftnet behind HTTP."},
        "paths": paths,
        "components": {"schemas": {"Fault": _ERROR, "ProtocolFault": _V2_ERROR}},
    }
    if service.keys:
        document["components"]["securitySchemes"] = {"key": {"type": "apiKey", "in": "header", "name": "X-API-Key"}}
        document["security"] = [{"key": []}]
    return document


def row_schema(fields: tuple[Field, ...]) -> dict[str, Any]:
    """The schema of a row."""
    return {
        "type": "object",
        "properties": {field.name: _value_schema(field) for field in fields},
        "required": [field.name for field in fields if not field.optional],
        "additionalProperties": False,
    }


def example(fields: tuple[Field, ...]) -> dict[str, Any]:
    """A row that gets an answer, except that an ellipsis stands for a file."""
    return {field.name: field.wire.example for field in fields}


def _value_schema(field: Field) -> dict[str, Any]:
    schema = dict(field.wire.schema)
    if field.optional:
        schema["type"] = [*([schema["type"]] if isinstance(schema["type"], str) else schema["type"]), "null"]
    return schema


def _options(task: str) -> dict[str, Any]:
    """The field `options` of a request, for a task that takes any."""
    known = {name: schema_of(hint) for name, hint in options_of(task).items()}
    closed = {"type": "object", "properties": known, "additionalProperties": False}
    return {"options": closed} if known else {}


def _model_paths(version: Version, versions: list[str], max_rows: int) -> dict[str, Any]:
    row, shown = row_schema(version.model.fields), example(version.model.fields)
    base = f"/v1/models/{version.name}"
    rows = {
        "type": "object",
        "properties": {
            "rows": {"type": "array", "minItems": 1, "maxItems": max_rows, "items": row},
            **_options(version.model.task.name),
            **({"stream": {"type": "boolean", "description": _STREAM}} if tells(version.model.task.name) else {}),
        },
        "required": ["rows"],
        "additionalProperties": False,
    }
    answers = {
        "type": "object",
        "required": ["model", "version", "answers"],
        "properties": {
            "model": _TEXT,
            "version": _TEXT,
            "answers": {"type": "array", "items": json_schema(version.model.schema)},
            "notes": {"type": "array", "items": _TEXT, "description": "what the model does not know of the rows"},
            "marks": {"type": "array", "items": {"type": "array", "items": _TEXT}, "description": _MARKS},
        },
    }
    predict = _post("Answers, one for each row", rows, answers, {"rows": [shown]}, _STATUSES, [version.name])
    if tells(version.model.task.name):
        predict["post"]["responses"]["200"]["content"][EVENTS] = {"schema": _TEXT}
    one = {"type": "object", "properties": {"row": row}, "required": ["row"], "additionalProperties": False}
    why = {"type": "object", "required": ["answer", "html"], "properties": {"html": _TEXT}}
    facts = _get("The model and its input schema", {"type": "object"}, (401, 404, 503), [version.name])
    last = _get("A row of its own table, if that is here", _EXAMPLE, (401, 404, 422, 503), [version.name])
    return {
        base: facts,
        f"{base}/example": last,
        f"{base}/predict": predict,
        **{f"{base}/versions/{each}/predict": predict for each in versions},
        f"{base}/explain": _post("Why it is the answer", one, why, {"row": shown}, (*_STATUSES, 501), [version.name]),
    }


def _common_paths() -> dict[str, Any]:
    anything = {"type": "object"}
    return {
        "/v1/models": _get("What is served", anything, (401, 503), ["models"]),
        "/health/live": _get("Whether the server is alive", anything, (), ["health"]),
        "/health/ready": _get("Whether every model is ready", anything, (), ["health"], ready=True),
        "/metrics": _get("Prometheus", _TEXT, (), ["health"], media="text/plain"),
        "/admin/reload": {
            "post": {
                "summary": "Look for new versions now",
                "tags": ["models"],
                "responses": _responses(anything, (401, 403, 503)),
            }
        },
    }


def _protocol_paths(names: list[str]) -> dict[str, Any]:
    """The paths of the Open Inference Protocol."""
    anything, tags = {"type": "object"}, ["Open Inference Protocol 2"]
    tensor = {
        "type": "object",
        "required": ["name", "shape", "datatype", "data"],
        "properties": {
            "name": _TEXT,
            "shape": {"type": "array", "items": {"type": "integer", "minimum": 0}},
            "datatype": {"enum": ["BYTES", *DTYPES]},
            "data": {"type": "array"},
        },
    }
    body = {
        "type": "object",
        "required": ["inputs"],
        "properties": {
            "id": _TEXT,
            "inputs": {"type": "array", "minItems": 1, "items": tensor},
            "parameters": anything,
        },
    }
    paths = {
        "/v2": _get("The server", anything, (401,), tags),
        "/v2/health/live": _get("Whether the server is alive", anything, (), tags),
        "/v2/health/ready": _get("Whether every model is ready", anything, (), tags, ready=True),
    }
    for base in ("/v2/models/{name}", "/v2/models/{name}/versions/{version}"):
        parameters = [_parameter("name", names)]
        parameters += [_parameter("version", ["1"])] if "version" in base else []
        operations = {
            base: _get("The model's inputs and outputs", anything, (401, 404, 503), tags),
            f"{base}/ready": _get("Whether the model is ready", anything, (401, 404, 503), tags),
            f"{base}/infer": _post("Answers as tensors", body, anything, None, _STATUSES, tags),
        }
        paths |= {path: {"parameters": parameters, **methods} for path, methods in operations.items()}
    for path, methods in paths.items():
        if not path.startswith("/v2/health"):
            _use_protocol_errors(methods)
    return paths


def _use_protocol_errors(methods: dict[str, Any]) -> None:
    """Describe the errors of a path in the form of the protocol."""
    for operation in (each for name, each in methods.items() if name != "parameters"):
        for code, response in operation["responses"].items():
            if code != "200":
                response["content"]["application/json"]["schema"] = {"$ref": "#/components/schemas/ProtocolFault"}


def _parameter(name: str, known: list[str]) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}, "example": known[0]}


def _get(
    summary: str, schema: Mapping[str, Any], errors: tuple[int, ...], tags: list[str],
    *, media: str = "application/json", ready: bool = False,
) -> dict[str, Any]:  # fmt: skip
    responses = _responses(schema, errors, media)
    if ready:
        responses["503"] = {"description": "not ready", "content": {media: {"schema": schema}}}
    return {"get": {"summary": summary, "tags": tags, "responses": responses}}


def _post(
    summary: str, body: Mapping[str, Any], schema: Mapping[str, Any], shown: Any, errors: tuple[int, ...],
    tags: list[str],
) -> dict[str, Any]:  # fmt: skip
    content: dict[str, Any] = {"schema": body}
    if shown is not None:
        content["example"] = shown
    request = {"required": True, "content": {"application/json": content}}
    return {"post": {"summary": summary, "tags": tags, "requestBody": request, "responses": _responses(schema, errors)}}


def _responses(
    schema: Mapping[str, Any], errors: tuple[int, ...], media: str = "application/json"
) -> dict[str, dict[str, Any]]:
    error = {"application/json": {"schema": {"$ref": "#/components/schemas/Fault"}}}
    responses: dict[str, dict[str, Any]] = {"200": {"description": "done", "content": {media: {"schema": schema}}}}
    return responses | {str(code): {"description": _MEANINGS[code], "content": dict(error)} for code in errors}
