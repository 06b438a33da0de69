"""What apps and blueprints have in common."""

from functools import partial
from pathlib import Path

import pytest

from spruce.errors import RoutingError
from spruce.web import App
from spruce.web.scaffold import Scaffold, folder_of


def test_a_module_has_a_folder() -> None:
    """Loaded or not; a name without a file is where the program runs."""
    assert folder_of(__name__) == Path(__file__).parent
    assert folder_of("json.tool").name == "json"
    assert folder_of("no.such.module") == Path.cwd()
    assert folder_of("sys") == Path.cwd()


def test_methods_belong_to_route() -> None:
    """The decorator of one method takes no others."""
    with pytest.raises(RoutingError, match=r"^get\(\) takes no methods\. Use route\(rule, methods=\[\.\.\.\]\)\.$"):
        App(__name__).get("/", methods=["POST"])


def test_a_view_needs_a_name() -> None:
    """Or an endpoint."""
    app = App(__name__)
    view = partial(print, "x")
    with pytest.raises(RoutingError) as caught:
        app.add_url_rule("/", view_func=view)
    assert str(caught.value) == f"the view of '/' has no name: {view!r}. Give an endpoint."
    with pytest.raises(RoutingError, match=r"^the rule '/' has neither an endpoint nor a view$"):
        app.add_url_rule("/")


def test_a_scaffold_alone_adds_no_rules() -> None:
    """Apps and blueprints do."""
    made = Scaffold(__name__, template_folder=None, static_folder=None, static_url_path=None, root_path=None)
    assert (made.template_folder, made.static_folder) == (None, None)
    with pytest.raises(NotImplementedError):
        made.get("/")(lambda: "")
