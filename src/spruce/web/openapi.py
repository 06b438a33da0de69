"""The description of an app's API in OpenAPI 3.1, made of its routes and the signatures of its views."""

import inspect
from collections.abc import Iterator
from typing import Any, get_args, get_origin, get_type_hints

import msgspec

from spruce.http import Response
from spruce.web.dependencies import plain_sources
from spruce.web.plan import Plan, plan_of
from spruce.web.rules import Rule, Variable
from spruce.web.schemas import Schemas
from spruce.web.site import Site
from spruce.web.sources import (
    REQUIRED,
    BodyValue,
    FileValue,
    ModelValue,
    PathValue,
    QueryValue,
    Source,
    TextValue,
    TypedPathValue,
)
from spruce.web.validation import is_pydantic, uses_pydantic

__all__ = ["describe"]

_METHODS = ("GET", "PUT", "POST", "DELETE", "PATCH", "TRACE")
_FAULTS = {
    "type": "object",
    "required": ["error", "fields"],
    "properties": {
        "error": {"type": "string"},
        "fields": {"type": "object", "additionalProperties": {"type": "string"}},
    },
}
_FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data")


def describe(app: Site, root_path: str = "") -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of the routes of `app`, which is reached at `root_path`.

    What isn't in it: static files, routes with `openapi=False`, and answers to HEAD and OPTIONS.
    """
    schemas = Schemas()
    paths: dict[str, dict[str, Any]] = {}
    shapes: dict[str, str] = {}
    names: set[str] = set()
    for rule in app.url_map.iter_rules():
        if not rule.documented or rule.endpoint.rpartition(".")[2] == "static":
            continue
        path = shapes.setdefault(_template(rule, anonymous=True), _template(rule))
        if path != _template(rule):
            continue  # the same path with other names, which OpenAPI has no words for
        plans = plan_of(app, rule)
        for method in _METHODS:
            if method in rule.methods and method.lower() not in paths.get(path, {}):
                operation = _operation(rule, method, plans.of_method(method), schemas)
                operation["operationId"] = _unique(operation["operationId"], method, names)
                paths.setdefault(path, {})[method.lower()] = operation
    components = schemas.finish()
    return {
        "openapi": "3.1.0",
        "info": {"title": app.config["API_TITLE"] or app.name, "version": app.config["API_VERSION"]},
        "servers": [{"url": root_path or "/"}],
        "paths": {path: operations for path, operations in paths.items() if operations},
        "components": {"schemas": components},
    }


def _template(rule: Rule, *, anonymous: bool = False) -> str:
    return "".join(part if isinstance(part, str) else "{}" if anonymous else f"{{{part.name}}}" for part in rule.parts)


def _unique(name: str, method: str, names: set[str]) -> str:
    candidates = [name, f"{name}_{method.lower()}", *(f"{name}_{method.lower()}_{n}" for n in range(2, len(names) + 3))]
    found = next(one for one in candidates if one not in names)
    names.add(found)
    return found


def _operation(rule: Rule, method: str, plan: Plan, schemas: Schemas) -> dict[str, Any]:
    view = _handler(plan, method)
    title, _, rest = (inspect.getdoc(view) or "").partition("\n")
    sources = plain_sources([*plan.before, *plan.sources])
    parameters = [*_path_parameters(rule, sources, schemas), *_other_parameters(sources, schemas)]
    body = _body(sources, schemas)
    operation: dict[str, Any] = {
        "operationId": rule.endpoint.replace(".", "_"),
        "summary": title.rstrip(".") or rule.endpoint.rpartition(".")[2].replace("_", " ").capitalize(),
        "description": rest.strip(),
        "tags": [rule.blueprint] if rule.blueprint else [],
        "parameters": parameters,
        "requestBody": body,
        "responses": _responses(view, schemas, bool(parameters or body), body),
    }
    return {key: value for key, value in operation.items() if value}


def _handler(plan: Plan, method: str) -> Any:
    """The function that a reader of the API thinks of: of a class-based view, its method."""
    handlers = getattr(plan.view, "handlers", {})
    return handlers.get(method, plan.view)


# Parameters


def _path_parameters(rule: Rule, sources: list[Source], schemas: Schemas) -> Iterator[dict[str, Any]]:
    by_name = {one.name: one for one in sources if isinstance(one, PathValue | TypedPathValue)}
    for part in rule.parts:
        if not isinstance(part, Variable):
            continue
        source = by_name.get(part.name)
        marker = source.marker if isinstance(source, TypedPathValue) else None
        typed = isinstance(source, TypedPathValue)
        schema = schemas.of(source.kind) if typed and source is not None else part.converter.schema()
        yield {"name": part.name, "in": "path", "required": True, "schema": schema, **_told(marker)}


def _other_parameters(sources: list[Source], schemas: Schemas) -> Iterator[dict[str, Any]]:
    for source in sources:
        if isinstance(source, QueryValue) or (isinstance(source, TextValue) and source.marker.place != "form"):
            yield {
                "name": source.key,
                "in": "query" if source.marker is None else source.marker.place,
                "required": source.default is REQUIRED,
                "schema": schemas.of(source.kind, **_default(source.default)),
                **_told(source.marker),
            }
        elif isinstance(source, ModelValue) and source.marker.place == "query":
            yield from _fields(source, schemas)


def _fields(source: ModelValue, schemas: Schemas) -> Iterator[dict[str, Any]]:
    """Each field of a model that is read from the query string."""
    if is_pydantic(source.kind):
        for name, field in source.kind.model_fields.items():
            schema = schemas.of(field.annotation)
            yield {"name": field.alias or name, "in": "query", "required": field.is_required(), "schema": schema}
        return
    hints = get_type_hints(source.kind, include_extras=True)
    info: Any = msgspec.inspect.type_info(source.kind)
    for field in info.fields:
        schema = schemas.of(hints[field.name])
        yield {"name": field.encode_name, "in": "query", "required": field.required, "schema": schema}


def _told(marker: Any) -> dict[str, Any]:
    told = {} if marker is None else {"description": marker.description, "deprecated": marker.deprecated}
    return {key: value for key, value in told.items() if value}


def _default(default: Any) -> dict[str, Any]:
    if default is REQUIRED or default is None:
        return {}
    try:
        return {"default": msgspec.to_builtins(default)}
    except TypeError:
        return {}


# Bodies


def _body(sources: list[Source], schemas: Schemas) -> dict[str, Any]:
    for source in sources:
        if isinstance(source, BodyValue):
            content = {"application/json": {"schema": schemas.of(source.kind)}}
            return {"required": source.default is REQUIRED, "content": content}
        if isinstance(source, ModelValue) and source.marker.place == "form":
            content = {kind: {"schema": schemas.of(source.kind)} for kind in _FORM_TYPES}
            return {"required": source.default is REQUIRED, "content": content}
    fields: dict[str, Any] = {}
    required: list[str] = []
    kinds: tuple[str, ...] = _FORM_TYPES
    for source in sources:
        if isinstance(source, FileValue):
            kinds = ("multipart/form-data",)
            one = {"type": "string", "format": "binary"}
            fields[source.key] = {"type": "array", "items": one} if source.many else one
        elif isinstance(source, TextValue) and source.marker.place == "form":
            fields[source.key] = schemas.of(source.kind, **_default(source.default), **_told(source.marker))
        else:
            continue
        if source.default is REQUIRED:
            required.append(source.key)
    if not fields:
        return {}
    schema = {"type": "object", "properties": fields, **({"required": required} if required else {})}
    return {"required": bool(required), "content": {kind: {"schema": schema} for kind in kinds}}


# Responses


def _responses(view: Any, schemas: Schemas, checked: bool, body: dict[str, Any]) -> dict[str, Any]:
    status, kind = _result(view)
    good: dict[str, Any] = {"description": "Success"}
    if kind is str:
        good["content"] = {"text/html": {"schema": {"type": "string"}}}
    elif kind is not REQUIRED:
        good["content"] = {"application/json": {"schema": schemas.of(kind)}}
    responses: dict[str, Any] = {status: good}
    if "application/json" in body.get("content", {}):
        responses["400"] = {"description": "The body is not valid JSON"}
        responses["415"] = {"description": "The body is not JSON"}
    if checked:
        content = {"application/json": {"schema": _FAULTS}}
        responses["422"] = {"description": "Values that don't fit, by name", "content": content}
    return responses


def _result(view: Any) -> tuple[str, Any]:
    """The status, and the type of what is sent, as the annotation of the view says; REQUIRED when it says nothing."""
    try:
        kind = get_type_hints(view, include_extras=True).get("return", REQUIRED)
    except (TypeError, NameError):
        return "default", REQUIRED
    status = "200"
    if get_origin(kind) is tuple and get_args(kind):
        kind, status = get_args(kind)[0], "2XX"
    if kind in (Any, object, REQUIRED, type(None)) or (isinstance(kind, type) and issubclass(kind, Response)):
        return "default", REQUIRED
    known = kind is str or uses_pydantic(kind) or _is_data(kind)
    return (status, kind) if known else ("default", REQUIRED)


def _is_data(kind: Any) -> bool:
    base = get_origin(kind) or kind
    if isinstance(base, type) and issubclass(base, dict | list | msgspec.Struct):
        return True
    return hasattr(base, "__dataclass_fields__") or hasattr(base, "__required_keys__")
