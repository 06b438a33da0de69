"""The documentation of an app's API, at `/openapi.json` for programs and at `/docs` for people.

The page brings all that it needs and loads nothing from elsewhere; its policy lets the browser talk to this app only.
"""

from os import urandom
from pathlib import Path
from typing import Any

from spruce.http import Request, Response
from spruce.web.jsonprovider import to_json
from spruce.web.results import JSON
from spruce.web.site import Site

__all__ = ["add_documentation"]

_PAGE = Path(__file__).with_name("apidocs.html")
_POLICY = (
    "default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
_DOCUMENT, _DOCS = "_openapi", "_api_docs"


def add_documentation(app: Site) -> None:
    """Add the routes of OPENAPI_URL and DOCS_URL, unless the app answers these paths itself, or they are there."""
    document, page = app.config["OPENAPI_URL"], app.config["DOCS_URL"]
    if document and not app.url_map.methods(document):
        app.add_url_rule(document, _DOCUMENT, _document_view(app), openapi=False)
    if page and document and not app.url_map.methods(page):
        app.add_url_rule(page, _DOCS, _page_view(app), openapi=False)


def _document_view(app: Site) -> Any:
    def openapi(request: Request) -> Response:
        from spruce.web.openapi import describe  # only who reads the documentation needs it

        return Response(to_json(describe(app, request.root_path)), content_type=JSON)

    return openapi


def _page_view(app: Site) -> Any:
    def api_docs(request: Request) -> Response:
        from jinja2 import Environment  # the same

        from spruce.web.openapi import describe  # the same

        nonce = urandom(16).hex()
        templates = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
        templates.globals["type_of"] = type_of
        page = templates.from_string(_PAGE.read_text("utf-8")).render(
            nonce=nonce,
            api=describe(app, request.root_path),
            root=request.root_path,
            document=request.root_path + app.config["OPENAPI_URL"],
        )
        headers = {
            "Content-Security-Policy": _POLICY.format(nonce=nonce),
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
        }
        return Response(page, 200, headers)

    return api_docs


_BOUNDS = {
    "minimum": "≥ {}",
    "exclusiveMinimum": "> {}",
    "maximum": "≤ {}",
    "exclusiveMaximum": "< {}",
    "multipleOf": "a multiple of {}",
    "minLength": "at least {} long",
    "maxLength": "at most {} long",
    "minItems": "at least {}",
    "maxItems": "at most {}",
    "pattern": "like {}",
    "default": "{} unless given",
}


def type_of(schema: dict[str, Any]) -> str:
    """Return a schema in a few words: `integer, ≥ 1`, `list of Order`."""
    words = [_name_of(schema)]
    words += [text.format(to_json(schema[key]).decode()) for key, text in _BOUNDS.items() if key in schema]
    return ", ".join(words)


def _name_of(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "enum" in schema:
        return "one of " + ", ".join(map(str, schema["enum"]))
    if "anyOf" in schema:
        return " or ".join(type_of(one) for one in schema["anyOf"])
    if schema.get("type") == "array":
        return f"list of {type_of(schema.get('items', {}))}"
    if schema.get("type") == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"object of {type_of(schema['additionalProperties'])}"
    if "format" in schema:
        return str(schema["format"])
    kind = schema.get("type", "anything")
    return " or ".join(kind) if isinstance(kind, list) else str(kind)
