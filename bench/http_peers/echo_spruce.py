"""Spruce: a WebSocket that sends back what comes, beside the routed view."""

from spruce_app import app

from spruce.web import WebSocket


@app.websocket("/echo")
def echo(ws: WebSocket) -> None:
    for message in ws:
        ws.send(message)
