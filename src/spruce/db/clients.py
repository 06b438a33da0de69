"""The clients that databases have for people, and how they are called for a URL."""

from typing import NamedTuple

from sqlalchemy.engine import URL

from spruce.errors import ConfigError

__all__ = ["Client", "client_of"]

_OF_PSQL = {
    "sslmode": "PGSSLMODE",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcrl": "PGSSLCRL",
    "passfile": "PGPASSFILE",
    "service": "PGSERVICE",
    "options": "PGOPTIONS",
    "target_session_attrs": "PGTARGETSESSIONATTRS",
}
"""What psql takes from its environment of that in a URL."""


class Client(NamedTuple):
    """How a client is called: its program, its arguments, and what it is told by its environment, as a password is."""

    programs: tuple[str, ...]
    arguments: list[str]
    environment: dict[str, str]


def client_of(url: URL) -> Client:
    """The client for a database. Raises ConfigError where there is nothing that one could open."""
    kinds = {"sqlite": _sqlite3, "postgresql": _psql, "mysql": _mysql, "mariadb": _mysql}
    return kinds[url.get_backend_name()](url)


def _sqlite3(url: URL) -> Client:
    if url.database in (None, "", ":memory:"):
        raise ConfigError("a database in memory is seen by its own process only", hint="Use `spruce shell`.")
    return Client(("sqlite3",), [url.database], {})


def _psql(url: URL) -> Client:
    given = {"-h": _of(url, "host") or url.host, "-p": url.port, "-U": url.username, "-d": url.database}
    arguments = [text for option, value in given.items() if value for text in (option, str(value))]
    environment = {name: _of(url, option) for option, name in _OF_PSQL.items()}
    environment["PGPASSWORD"] = url.password or ""
    return Client(("psql",), arguments, {name: value for name, value in environment.items() if value})


def _mysql(url: URL) -> Client:
    given = {
        "host": url.host,
        "port": url.port,
        "user": url.username,
        "socket": _of(url, "unix_socket"),
        "ssl-ca": _of(url, "ssl_ca"),
    }
    arguments = [f"--{option}={value}" for option, value in given.items() if value]
    environment = {"MYSQL_PWD": url.password} if url.password else {}
    return Client(("mariadb", "mysql"), [*arguments, url.database or ""], environment)


def _of(url: URL, option: str) -> str:
    value = url.query.get(option, "")
    return value if isinstance(value, str) else value[0]
