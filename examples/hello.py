"""The smallest Spruce app: `python hello.py`, or `spruce run hello.py`."""

from spruce import App

app = App(__name__)


@app.get("/hello/<name>")
def hello(name: str, times: int = 1) -> dict[str, list[str]]:
    return {"hello": [name] * times}


if __name__ == "__main__":
    app.run()
