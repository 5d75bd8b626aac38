"""The Open Inference Protocol, version 2 (KServe, Triton), beside weftnet's own API.

    GET  /v2, /v2/health/live, /v2/health/ready
    GET  /v2/models/NAME[/versions/V], …/ready
    POST /v2/models/NAME[/versions/V]/infer

Inputs are the raw columns, as everywhere: FP64 for numbers (any numeric type is read), BYTES for words, texts, and
files (base64 in JSON, raw in a binary body); lists of numbers have further axes. Outputs are the fields of the answer,
in the forms that its schema gives them. Options of the question are `options` among its parameters. An error is a
string, as the protocol has it.
"""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from weftnet import __version__
from weftnet.base.answers import Form, forms
from weftnet.data.fields import Field
from weftnet.data.wires import Wire
from weftnet.serve import tensors
from weftnet.serve.api import content_type, unsupported
from weftnet.serve.body import body_of, json_of
from weftnet.serve.model import Answers
from weftnet.serve.refusal import Refusal
from weftnet.serve.reply import Reply
from weftnet.serve.repository import Version
from weftnet.serve.service import Service
from weftnet.serve.tensors import Tensor, write

_LENGTH = b"inference-header-content-length"
_BINARY = "application/octet-stream"
#: media types of the bodies that are read; clients of the protocol often name none
_TYPES = frozenset({"application/json", _BINARY, ""})


def routes(service: Service) -> list[Route]:
    """The paths of the protocol."""
    repository = service.repository

    def version_of(request: Request) -> Version:
        return repository.find(request.path_params["name"], request.path_params.get("version"))

    async def server(request: Request) -> Response:
        return Reply({"name": "weftnet", "version": __version__, "extensions": ["binary_tensor_data"]})

    async def live(request: Request) -> Response:
        return Reply({"live": True})

    async def ready(request: Request) -> Response:
        able = repository.ready and not service.stopping
        failed = {name: numbers for name in repository.names() if (numbers := list(repository.failed(name)))}
        return Reply({"ready": able, **({"failed": failed} if failed else {})}, 200 if able else 503)

    async def model_ready(request: Request) -> Response:
        return Reply({"name": version_of(request).name, "ready": True})

    async def metadata(request: Request) -> Response:
        return Reply(model_metadata(version_of(request), list(repository.versions(request.path_params["name"]))))

    async def infer(request: Request) -> Response:
        version = version_of(request)  # an unknown model is refused before the body is read
        headers = dict(request.scope["headers"])
        if (media := content_type(headers)) not in _TYPES:
            raise unsupported(media, "application/json")
        body = await body_of(request, service.options)
        question, binary = _split(body, headers)
        rows = _rows(tensors.read(question.get("inputs"), binary), version.model.fields)
        name, number = request.path_params["name"], request.path_params.get("version")
        parameters = question.get("parameters")
        options = parameters.get("options") if isinstance(parameters, dict) else None
        return _reply(question, *await service.answers(rows, len(body), request.receive, name, number, options))

    routes = [
        Route("/v2", server, methods=["GET"]),
        *(Route(f"{version}/health/live", live, methods=["GET"]) for version in ("", "/v2")),
        *(Route(f"{version}/health/ready", ready, methods=["GET"]) for version in ("", "/v2")),
    ]
    for model in ("/v2/models/{name}", "/v2/models/{name}/versions/{version}"):
        routes += [
            Route(f"{model}/infer", infer, methods=["POST"]),
            Route(f"{model}/ready", model_ready, methods=["GET"]),
            Route(model, metadata, methods=["GET"]),
        ]
    return routes


def model_metadata(version: Version, versions: list[str]) -> dict[str, Any]:
    """A model's metadata: its inputs and outputs."""
    inputs = [
        {"name": field.name, "datatype": field.wire.datatype, "shape": [-1, *field.wire.axes]}
        for field in version.model.fields
    ]
    platform = f"weftnet_{version.model.engine}"
    return {
        "name": version.name,
        "versions": versions,
        "platform": platform,
        "inputs": inputs,
        "outputs": _outputs(version),
    }


def _outputs(version: Version) -> list[dict[str, Any]]:
    """A model's outputs: the fields of its task's answers, without those that are the same in every answer."""
    varying = {name: form for name, form in forms(version.model.schema).items() if not form.constant}
    return [
        {"name": name, "datatype": form.datatype, "shape": [-1] * (form.axes + 1)} for name, form in varying.items()
    ]


def _split(body: bytes, headers: Mapping[bytes, bytes]) -> tuple[dict[str, Any], bytes]:
    """The JSON of a request, and the bytes of its tensors."""
    header = headers.get(_LENGTH, b"")
    if header and not (header.isdigit() and int(header[:12]) <= len(body)):
        raise Refusal(400, "Inference-Header-Content-Length is not a length of the JSON", got=repr(header[:40]))
    length = int(header) if header else len(body)
    question = json_of(body[:length])
    if not isinstance(question, dict):
        raise Refusal(400, "the request is not an object", expected='{"inputs": […]}', got=type(question).__name__)
    return question, body[length:]


def _rows(received: list[Tensor], fields: tuple[Field, ...]) -> list[dict[str, Any]]:
    """Columns as rows, as in weftnet's own API."""
    wires = {field.input: field.wire for field in fields} | {field.name: field.wire for field in fields}
    columns = {tensor.name: [_value(value, wires.get(tensor.name)) for value in tensor.rows] for tensor in received}
    lengths = {name: len(values) for name, values in columns.items()}
    if len(columns) < len(received) or len(set(lengths.values())) > 1:
        raise Refusal(
            400,
            "the inputs must have different names and the same number of rows",
            where="inputs",
            got=str(lengths)[:200],
        )
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def _value(value: Any, wire: Wire | None) -> Any:
    """An element of a tensor as the value of a row."""
    if not isinstance(value, str | bytes):
        return value
    try:
        return (wire or Wire()).parse(value)
    except UnicodeDecodeError:
        raise Refusal(400, "text is not UTF-8", got=repr(value[:40])) from None
    except ValueError:
        expected = wire.expected if wire else ""
        raise Refusal(400, "the value is not valid JSON", expected=expected, got=repr(value[:80])) from None


def _reply(question: dict[str, Any], version: Version, answers: Answers) -> Response:
    """The outputs that the question names, or all of them."""
    columns = {name: [answer[name] for answer in answers] for name in answers[0]}
    known = forms(version.model.schema)
    all_binary = _wants(question, "binary_data_output")
    wanted = question.get("outputs") or [{"name": name} for name in columns]
    outputs, tensor_bytes = [], []
    for each in wanted if isinstance(wanted, list) else [wanted]:
        name = each.get("name") if isinstance(each, dict) else None
        if not isinstance(name, str) or name not in columns:
            raise Refusal(400, "no such output", expected=", ".join(columns), got=repr(name)[:80])
        form, binary = known.get(name, Form()), _wants(each, "binary_data", all_binary)
        head, data = write(name, form.datatype, [form.tensor(value) for value in columns[name]], binary)
        outputs.append(head)
        tensor_bytes.append(data)
    document = {"model_name": version.name, "model_version": version.version, "outputs": outputs}
    if isinstance(question.get("id"), str):
        document["id"] = question["id"]
    reply = Reply(document)
    if not any(tensor_bytes):
        return reply
    length = {"Inference-Header-Content-Length": str(len(reply.body))}
    return Response(b"".join([bytes(reply.body), *tensor_bytes]), headers=length, media_type=_BINARY)


def _wants(holder: dict[str, Any], name: str, default: bool = False) -> bool:
    """A flag among the parameters of a request or of one output."""
    parameters = holder.get("parameters")
    return parameters.get(name, default) is True if isinstance(parameters, dict) else default
