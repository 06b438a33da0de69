"""Spruce: a JSON view with a typed query parameter and three middleware, beside those that every app has."""

from time import perf_counter

from spruce import App, Request, Response


def served_by(handler):
    def middleware(request: Request) -> Response:
        response = handler(request)
        response.headers.set("X-Served-By", "bench")
        return response

    return middleware


def timed(handler):
    def middleware(request: Request) -> Response:
        start = perf_counter()
        response = handler(request)
        response.headers.set("X-Seconds", f"{perf_counter() - start:.6f}")
        return response

    return middleware


def knocking(handler):
    def middleware(request: Request) -> Response:
        if request.header(b"x-blocked"):
            return Response("no", status=403)
        return handler(request)

    return middleware


app = App(__name__, MIDDLEWARE=[served_by, timed, knocking])


@app.get("/items/<category>")
def items(category: str, page: int = 1) -> dict[str, object]:
    return {"category": category, "page": page}
