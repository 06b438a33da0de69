"""What web expects of sessions, filled in by the middleware."""

import pytest

from spruce import App, session
from spruce.errors import ContextError
from spruce.middleware.sessions import Session as RealSession
from spruce.middleware.sessions import SessionMiddleware
from spruce.web.sessions import Session, SessionInterface


def test_the_middlewares_session_is_one() -> None:
    names = [name for name in vars(Session) if not name.startswith("_")] + list(Session.__annotations__)
    assert [name for name in names if not hasattr(RealSession, name)] == []
    names = [name for name in vars(SessionInterface) if not name.startswith("_")]
    assert [name for name in names if not hasattr(SessionMiddleware, name)] == []


def test_the_proxy_is_the_session_of_the_request() -> None:
    app = App(__name__, SECRET_KEY="k" * 40)
    with app.test_request_context("/"):
        session["a"] = 1
        assert (session["a"], "a" in session, len(session), list(session)) == (1, True, 1, ["a"])
        del session["a"]
        assert not session
        assert isinstance(session, RealSession)


def test_outside_of_a_request_there_is_none() -> None:
    with pytest.raises(ContextError, match=r"^request is only there while a request is handled, and none is\."):
        _ = session["a"]
    with App(__name__).app_context(), pytest.raises(ContextError):
        session["a"] = 1
