"""How the clients of databases are called."""

import pytest
from sqlalchemy import make_url

from spruce.db.clients import client_of
from spruce.errors import ConfigError


@pytest.mark.parametrize(
    ("url", "program", "arguments", "environment"),
    [
        ("sqlite:////var/shop.db?timeout=3", "sqlite3", "/var/shop.db", {}),
        (
            "postgresql://shop:s%40crét@db.example:5433/shop?sslmode=require&pool_size=3",
            "psql",
            "-h db.example -p 5433 -U shop -d shop",
            {"PGSSLMODE": "require", "PGPASSWORD": "s@crét"},
        ),
        ("postgresql:///shop?host=/run/db", "psql", "-h /run/db -d shop", {}),
        ("postgresql+psycopg://a@b/c", "psql", "-h b -U a -d c", {}),
        (
            "mysql://shop:secret@db.example:3307/shop?charset=utf8mb4",
            "mariadb",
            "--host=db.example --port=3307 --user=shop shop",
            {"MYSQL_PWD": "secret"},
        ),
        ("mariadb://a@/shop?unix_socket=/run/m.sock", "mariadb", "--user=a --socket=/run/m.sock shop", {}),
    ],
)
def test_clients(url: str, program: str, arguments: str, environment: dict[str, str]) -> None:
    """A password is never among the arguments, which everybody on the machine can read."""
    client = client_of(make_url(url))
    assert (client.programs[0], " ".join(client.arguments), client.environment) == (program, arguments, environment)


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:"])
def test_a_database_in_memory_cannot_be_opened_by_others(url: str) -> None:
    """It is told what can be done instead."""
    with pytest.raises(ConfigError) as error:
        client_of(make_url(url))
    assert str(error.value) == "a database in memory is seen by its own process only. Use `spruce shell`."
