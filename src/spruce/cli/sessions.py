"""`spruce clearsessions`: remove the sessions that have expired; for a timer, once a day for instance."""

import click

from spruce.cli.target import find
from spruce.errors import AppNotFound, ConfigError
from spruce.middleware.sessions import SessionMiddleware
from spruce.web import App

__all__ = ["clear_sessions"]


@click.command("clearsessions")
@click.argument("target", required=False)
def clear_sessions(target: str | None) -> None:
    """Remove the sessions that have expired from where they are kept.

    TARGET names the app; see `spruce run --help`. Sessions in cookies need it not: browsers forget them.
    """
    found = find(target)
    if not isinstance(found.app, App):
        raise AppNotFound(f"{found}, has no sessions of Spruce", hint="Its own framework may have a command.")
    found.app.prepare()
    keeper = found.app.session_interface
    if not isinstance(keeper, SessionMiddleware):
        raise ConfigError("the app keeps no sessions", hint="SessionMiddleware is not among its middleware.")
    with found.app.app_context():
        count = keeper.store.clear_expired()
    click.echo(f"removed {count} expired session{'' if count == 1 else 's'}")
