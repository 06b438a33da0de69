"""A program that is served with limits of its own, for the tests of what is promised: `python promised.py "{}"`."""

import os
import sys
from dataclasses import dataclass

from spruce import App, green
from spruce.server import Limits, serve
from spruce.web import request

app = App("promised", static_folder=None)


@app.get("/")
def hello():
    return "hello"


@app.post("/json")
def posted():
    return {"is": type(request.json).__name__}


@dataclass
class Order:
    count: int
    note: str = ""


@app.post("/order")
def order(order: Order):
    return {"count": order.count}


@app.post("/form")
def form():
    return {"fields": len(request.form), "files": len(request.files)}


@app.post("/body")
def body():
    return {"length": len(request.data)}


@app.get("/large")
def large():
    return (b"x" * 8192 for _ in range(12_800))


@app.get("/slow")
def slow():
    while not os.path.exists("go"):
        green.sleep(0.01)
    return "done"


@app.get("/memory")
def memory():
    with open("/proc/self/status") as status:
        fields = dict(line.split(":", 1) for line in status)
    return {"now": int(fields["VmRSS"].split()[0]), "most": int(fields["VmHWM"].split()[0])}


if __name__ == "__main__":
    serve(app.handle, binds=["127.0.0.1:0"], limits=Limits(**eval(sys.argv[1])))
