"""What forms have against forged ones: the hidden field with a token, where the app's mode wants one."""

from markupsafe import Markup

from spruce.middleware import csrf
from spruce.web import has_request_context

__all__ = ["csrf_field"]


def csrf_field() -> Markup:
    """Return the hidden field with a CSRF token; "" in the mode `origin`, and where no request is answered."""
    return Markup(csrf.csrf_field()) if has_request_context() else Markup()  # noqa: S704 - a token has no markup
