"""`spruce createsuperuser`, `changepassword` and `createtoken`, as they are typed."""

from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner, Result
from tests.auth.people import PASSWORD

from spruce import App, db
from spruce.auth import AbstractEmailUser, AbstractUser, User
from spruce.auth.apitokens import token_of
from spruce.auth.commands import changepassword, createsuperuser, createtoken
from spruce.auth.models import AuditEvent
from spruce.errors import ConfigError


class Manager(AbstractEmailUser):
    class Meta:
        db_table = "t_auth_manager"


def run(app: App, command: Any, *arguments: str, answers: str = "", **variables: str) -> Result:
    with app.app_context():
        return CliRunner().invoke(command, arguments, input=answers, env=variables, catch_exceptions=True)


def test_a_superuser_is_made_of_what_is_asked(app: App) -> None:
    answers = f"root\nroot@example.com\n{PASSWORD}\n{PASSWORD}\n"
    result = run(app, createsuperuser, answers=answers)
    assert result.exit_code == 0, result.output
    assert "made the superuser root" in result.output
    assert PASSWORD not in result.output
    with app.app_context():
        user = User.objects.get()
        assert (user.username, user.email, user.is_superuser) == ("root", "root@example.com", True)
        assert user.check_password(PASSWORD)
        assert [one.kind for one in AuditEvent.objects.all()] == ["superuser_created"]


def test_nothing_is_asked_with_noinput(app: App) -> None:
    result = run(app, createsuperuser, "--noinput", "--username", "root", SPRUCE_SUPERUSER_PASSWORD=PASSWORD)
    assert result.exit_code == 0, result.output
    refused = run(app, createsuperuser, "--noinput", "--username", "other", SPRUCE_SUPERUSER_PASSWORD="1234")
    assert str(refused.exception).startswith("This password is too short.")
    missing = run(app, createsuperuser, "--noinput", "--username", "other")
    assert str(missing.exception) == "--noinput needs --username and the variable SPRUCE_SUPERUSER_PASSWORD"


def test_a_name_that_is_taken_is_told_before_a_password_is_asked_for(app: App, anna: Any) -> None:
    result = run(app, createsuperuser, "--username", "anna", "--email", "a@example.com")
    assert isinstance(result.exception, ConfigError)
    assert "username" in str(result.exception)
    assert "Password" not in result.output


def test_users_may_log_in_by_mail(make_app: Callable[..., App]) -> None:
    app = make_app(AUTH_USER_MODEL=Manager)
    result = run(app, createsuperuser, answers=f"Root@Example.Com\n{PASSWORD}\n{PASSWORD}\n")
    assert "made the superuser root@example.com" in result.output


def test_a_weak_password_is_not_taken_from_a_script(app: App) -> None:
    result = run(app, createsuperuser, "--username", "root", "--email", "a@example.com", answers="1234\n1234\n")
    assert "This password is too common." in result.output
    assert str(result.exception) == "the password is not good enough"


def test_a_password_is_changed_and_sessions_end(app: App, anna: Any) -> None:
    with app.app_context():
        before = User.objects.get().get_session_auth_hash()
    new = "another battery staple"
    result = run(app, changepassword, "anna", answers=f"{new}\n{new}\n")
    assert "changed the password of anna" in result.output
    with app.app_context():
        user = User.objects.get()
        assert user.check_password(new)
        assert user.get_session_auth_hash() != before
    assert str(run(app, changepassword, "nobody").exception) == "there is no user 'nobody'"


def test_a_token_is_shown_once(app: App, anna: Any) -> None:
    result = run(app, createtoken, "anna", "--name", "robot", "--scope", "a:b", "--scope", "c", "--days", "7")
    with app.app_context():
        found = token_of(result.output.strip())
        assert found is not None
        assert found[0].scope_list == ["a:b", "c"]
        assert found[0].expires is not None
        assert found[1] == anna


def test_commands_are_those_of_the_app(app: App) -> None:
    with app.app_context():
        module = app.installed["auth"].submodule("commands")
        assert module is not None
    assert {"createsuperuser", "changepassword", "createtoken"} <= set(module.__all__)


@pytest.mark.parametrize("command", [createsuperuser, changepassword, createtoken])
def test_each_says_what_it_does(command: Any) -> None:
    assert CliRunner().invoke(command, ["--help"]).exit_code == 0


class Guild(db.Model):
    name = db.CharField(max_length=20)

    class Meta:
        db_table = "t_auth_guild"


class Baker(AbstractUser):
    born = db.DateField()
    guild = db.ForeignKey(Guild, on_delete=db.CASCADE)
    REQUIRED_FIELDS = ("email", "born", "guild")

    class Meta:
        db_table = "t_auth_guild_member"


@pytest.fixture
def guilds(make_app: Callable[..., App]) -> App:
    """An app whose users have more that is required, with one guild."""
    app = make_app(AUTH_USER_MODEL=Baker)
    with app.app_context():
        Guild.objects.create(name="bakers")
    return app


def made(app: App) -> tuple[Any, ...]:
    with app.app_context():
        user = Baker.objects.get()
        return user.email, user.born.isoformat(), user.guild.name


def test_whatever_the_model_requires_is_asked_for(guilds: App) -> None:
    answers = f"root\nroot@example.com\n2000-02-29\n1\n{PASSWORD}\n{PASSWORD}\n"
    result = run(guilds, createsuperuser, answers=answers)
    assert result.exit_code == 0, result.output
    assert made(guilds) == ("root@example.com", "2000-02-29", "bakers")


def test_or_is_given(guilds: App) -> None:
    """Each as `--set field=value`."""
    given = ("--username", "root", "--set", "born=2000-02-29", "--set", "guild=1")
    result = run(guilds, createsuperuser, "--noinput", *given, SPRUCE_SUPERUSER_PASSWORD=PASSWORD)
    assert result.exit_code == 0, result.output
    assert made(guilds) == ("", "2000-02-29", "bakers")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (("born=x", "guild=1"), "born: Baker.born cannot hold 'x': it is no date"),
        (("born=2000-01-01",), "--noinput needs --set guild=…"),
        (
            ("borne=2000-01-01",),
            "'borne' is none of the REQUIRED_FIELDS of Baker. There are: email, born, guild.",
        ),
    ],
)
def test_what_is_wrong_with_it_is_told(guilds: App, given: tuple[str, ...], told: str) -> None:
    """And nobody is made."""
    options = [part for each in given for part in ("--set", each)]
    result = run(guilds, createsuperuser, "--noinput", "--username", "r", *options, SPRUCE_SUPERUSER_PASSWORD=PASSWORD)
    assert str(result.exception) == told
    with guilds.app_context():
        assert Baker.objects.count() == 0
