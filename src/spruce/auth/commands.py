"""Commands of accounts: `spruce createsuperuser`, `spruce changepassword`, `spruce createtoken`."""

import os
import sys
from datetime import timedelta
from typing import Any

import click

from spruce.auth.apitokens import create_token
from spruce.auth.auditing import record
from spruce.auth.passwords import validate_password
from spruce.auth.usermodel import get_user_model
from spruce.errors import ConfigError, ValidationError

__all__ = ["changepassword", "createsuperuser", "createtoken"]

_VARIABLE = "SPRUCE_SUPERUSER_PASSWORD"


@click.command()
@click.option("--username", help="The name, or the address where users log in by it; asked for unless given.")
@click.option("--email", default="", help="The address of a user who has a name as well.")
@click.option(
    "--set", "given", multiple=True, metavar="FIELD=VALUE", help="Another field of the model's REQUIRED_FIELDS."
)
@click.option("--noinput", is_flag=True, help=f"Ask nothing; the password is in {_VARIABLE}.")
def createsuperuser(username: str | None, email: str, given: tuple[str, ...], noinput: bool) -> None:
    """Make a user who may do everything."""
    model = get_user_model()
    if noinput and (not username or not os.environ.get(_VARIABLE)):
        raise ConfigError(f"--noinput needs --username and the variable {_VARIABLE}")
    name = username or click.prompt(model.USERNAME_FIELD.capitalize())
    values = {model.USERNAME_FIELD: model.normalize_username(name)}
    _check_name(model, values)
    known = dict(each.partition("=")[::2] for each in given)
    if email and model.get_email_field_name() in model.REQUIRED_FIELDS:
        known[model.get_email_field_name()] = email
    values |= _required(model, known, noinput)
    password = os.environ[_VARIABLE] if noinput else _asked(model(**values))
    if noinput:
        _validate(password, model(**values))
    user = model._default.create_superuser(**values, password=password)
    record("superuser_created", None, user)
    click.echo(f"made the superuser {user.get_username()}")


@click.command()
@click.argument("username")
def changepassword(username: str) -> None:
    """Give the user USERNAME another password; all of the user's sessions end."""
    user = _user_called(username)
    user.set_password(_asked(user))
    user.save()
    record("password_changed", None, user)
    click.echo(f"changed the password of {user.get_username()}")


@click.command()
@click.argument("username")
@click.option("--name", required=True, help="What the token is for, so that people know it again.")
@click.option("--scope", "scopes", multiple=True, help="What it may be used for; may be given several times.")
@click.option("--days", type=int, help="After how many days it ends; otherwise never.")
def createtoken(username: str, name: str, scopes: tuple[str, ...], days: int | None) -> None:
    """Make a token of the user USERNAME for a program, and show it, this once."""
    user = _user_called(username)
    made = create_token(user, name, scopes, timedelta(days=days) if days is not None else None)
    click.echo(made.text)


def _required(model: Any, given: dict[str, str], noinput: bool) -> dict[str, Any]:
    """The values of REQUIRED_FIELDS, made to fit; those that aren't given are asked for until they are fine."""
    unknown = sorted(given.keys() - {*model.REQUIRED_FIELDS})
    if unknown:
        wanted = ", ".join(model.REQUIRED_FIELDS) or "none"
        raise ConfigError(
            f"{unknown[0]!r} is none of the REQUIRED_FIELDS of {model.__name__}", hint=f"There are: {wanted}."
        )
    return {name: _value(model, name, given.get(name), noinput) for name in model.REQUIRED_FIELDS}


def _value(model: Any, name: str, text: str | None, noinput: bool) -> Any:
    field = model._meta.field(name)
    if text is None and noinput and not field.blank:
        raise ConfigError(f"--noinput needs --set {name}=…")
    label = str(field.verbose_name).capitalize()
    while True:
        typed = (
            text if text is not None else "" if noinput else click.prompt(label, default="" if field.blank else None)
        )
        try:
            return _fitting(model, field, typed)
        except ValidationError as error:
            if text is not None or not sys.stdin.isatty():
                raise ConfigError(f"{name}: {' '.join(error.messages)}") from error
            click.echo(" ".join(error.messages), err=True)


def _fitting(model: Any, field: Any, typed: str) -> Any:
    """What was typed as the field's value; the object that a foreign key's is the key of. Raises: ValidationError."""
    trial = model(**{field.attname: typed or ("" if field.python is str else None)})
    trial.full_clean(
        exclude={one.name for one in model._meta.fields} - {field.name},
        validate_unique=False,
        validate_constraints=False,
    )
    return getattr(trial, field.name)


def _user_called(username: str) -> Any:
    model = get_user_model()
    try:
        return model._default.get_by_natural_key(username)
    except model.DoesNotExist:
        raise ConfigError(f"there is no user {username!r}") from None


def _check_name(model: Any, values: dict[str, Any]) -> None:
    others = {field.name for field in model._meta.fields} - values.keys()
    try:
        model(**values).full_clean(exclude=others, validate_constraints=False)
    except ValidationError as error:
        raise ConfigError(str(error)) from error


def _validate(password: str, user: Any) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise ConfigError(" ".join(error.messages)) from error


def _asked(user: Any) -> str:
    """A password that was typed twice, and is good enough or is taken all the same."""
    while True:
        password = click.prompt("Password", hide_input=True, confirmation_prompt="Password again")
        try:
            validate_password(password, user)
        except ValidationError as error:
            click.echo("\n".join(error.messages), err=True)
            if not sys.stdin.isatty() or not click.confirm("Take it all the same?", default=False):
                if not sys.stdin.isatty():
                    raise ConfigError("the password is not good enough") from error
                continue
        return str(password)
