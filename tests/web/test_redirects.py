"""Routes that redirect."""

import pytest

from spruce.errors import RoutingError
from spruce.web import App, Blueprint


def test_a_rule_may_redirect_to_another() -> None:
    """With its values, converted and quoted anew, and the query."""
    app = App(__name__)
    app.add_url_rule("/old/<int:number>/<name>", redirect_to="/new/<name>/<number>")
    app.add_url_rule("/2023/<path:rest>", redirect_to=lambda rest: f"/archive/{rest.upper()}")
    blueprint = Blueprint("blog", __name__, url_prefix="/blog")
    blueprint.add_url_rule("/v1.0", redirect_to="/blog/latest")
    app.register_blueprint(blueprint)
    client = app.test_client()
    answer = client.get("/old/3/a%20b?x=1")
    assert (answer.status_code, answer.location) == (308, "/new/a%20b/3?x=1")
    assert client.get("/2023/a/b").location == "/archive/A/B"
    assert client.get("/blog/v1.0").location == "/blog/latest"
    assert client.get("/old/x/y").status_code == 404


def test_a_target_needs_what_its_rule_holds() -> None:
    """The error tells the nearest name."""
    with pytest.raises(RoutingError) as caught:
        App(__name__).add_url_rule("/old/<number>", redirect_to="/new/<numbr>")
    assert str(caught.value) == (
        "redirect_to='/new/<numbr>' has 'numbr', which its rule '/old/<number>' does not hold; did you mean 'number'?"
    )
