"""`spruce check`: find what is wrong with an app before its first request does."""

import click

from spruce.cli.target import find
from spruce.errors import AppNotFound
from spruce.middleware.checks import check_deployment
from spruce.web import App
from spruce.web.checks import check as check_app

__all__ = ["check"]


@click.command()
@click.argument("target", required=False)
@click.option("--deploy", is_flag=True, help="Check the settings for production too; then warnings count as errors.")
def check(target: str | None, deploy: bool) -> None:
    """Check an app without serving it.

    Its settings, views, middleware and templates. TARGET names it; see `spruce run --help`. The command fails when
    something is wrong, so it may stand in a script.
    """
    found = find(target)
    if not isinstance(found.app, App):
        raise AppNotFound(f"{found}, is nothing that Spruce can check", hint="Its own framework may.")
    findings = [*check_app(found.app, deploy), *(check_deployment(found.app) if deploy else ())]
    for finding in findings:
        click.echo(str(finding))
    if any(deploy or finding.level == "error" for finding in findings):
        raise SystemExit(1)
    click.echo(f"{found.name} is fine" if not findings else f"{found.name} works")
