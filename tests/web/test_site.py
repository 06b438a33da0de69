"""The site: what an app consists of, apart from how it answers."""

import pytest

from spruce.config import Settings
from spruce.errors import RoutingError
from spruce.http import Request
from spruce.web import App, Blueprint
from spruce.web.site import Site


def bare() -> Site:
    """Return a site that nobody has made an app of."""
    return Site(
        __name__,
        template_folder=None,
        static_folder=None,
        static_url_path=None,
        instance_path="own",
        root_path=None,
        settings=Settings(DEBUG=True),
    )


def test_its_settings_are_at_hand() -> None:
    """Those that code asks for often have names of their own."""
    site = bare()
    assert (site.debug, site.testing, site.name, site.logger.name) == (True, False, __name__, __name__)
    assert site.instance_path.endswith("own")
    site.debug, site.testing, site.secret_key = False, True, "key"
    assert (site.config["DEBUG"], site.config["TESTING"], site.config["SECRET_KEY"]) == (False, True, "key")
    assert site.secret_key == "key"


def test_answering_is_the_apps_business() -> None:
    """The site only says that it will be there."""
    site = bare()
    with pytest.raises(NotImplementedError):
        site.handle(Request("GET", "/"))
    with pytest.raises(NotImplementedError):
        site.handle_in(None)
    with pytest.raises(NotImplementedError):
        site.prepare()
    with pytest.raises(NotImplementedError):
        site.register_blueprint(None)
    with pytest.raises(NotImplementedError):
        _ = site.jinja_env


def test_hooks_hold_from_the_inside_out() -> None:
    """Those of the innermost blueprint come first, the app's last."""
    app, outer, inner = App(__name__), Blueprint("outer", __name__), Blueprint("inner", __name__)
    outer.register_blueprint(inner)
    app.register_blueprint(outer)
    assert app.scopes_of("outer.inner") == [inner.hooks, outer.hooks, app.hooks]
    assert app.scopes_of("unknown") == app.scopes_of(None) == [app.hooks]
    assert not app.has_hooks("before")
    inner.before_request(lambda: None)
    assert app.has_hooks("before")


def test_a_prefix_has_a_slash_before_and_none_behind() -> None:
    """What is mounted otherwise is told."""
    with pytest.raises(RoutingError) as caught:
        bare().mount("legacy/", App(__name__))
    assert str(caught.value) == (
        "nothing can be mounted at 'legacy/'. A prefix is '/name': a slash before, none behind."
    )
