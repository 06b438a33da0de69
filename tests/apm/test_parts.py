"""Pages and cached values as spans."""

from tests.apm.conftest import Records

from spruce import App, apm, cache, render_template_string
from spruce.apm import Client
from spruce.events import cache_waited


def test_pages_and_cached_values(client: Client, records: Records) -> None:
    """Each named by what it is; like operations of a cache are put together."""
    apm.instrument()
    app = App(__name__, static_folder=None)

    @app.get("/")
    def view() -> str:
        cache.set("a", 1)
        cache.get("a")
        cache.get("b")
        return render_template_string("{{ 1 }}")

    app.test_client().get("/")
    told = [(span.name, span.type, span.subtype, span.action, span.exit) for span in records.last.spans]
    assert told == [
        ("set default", "cache", "default", "set", True),
        ("get default", "cache", "default", "get", True),
        ("<string>", "template", "jinja2", "render", False),
    ]
    assert records.last.spans[1].composite is not None


def test_a_wait_for_who_makes_a_value(client: Client, records: Records) -> None:
    """Is a span too."""
    apm.instrument()
    client.begin_transaction("job")
    cache_waited.emit(cache="default", key="k", seconds=0.25)
    client.end_transaction()
    (span,) = records.last.spans
    assert (span.name, span.duration, span.exit) == ("wait default", 0.25, False)


def test_outside_of_a_transaction_nothing_is_noted(client: Client, records: Records) -> None:
    """There is nothing that it would be a part of."""
    apm.instrument()
    cache_waited.emit(cache="default", key="k", seconds=0.25)
    assert records == []
