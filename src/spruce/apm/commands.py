"""Commands of an app as transactions: what `spruce NAME` does, from its begin to its end."""

from collections.abc import Iterator
from contextlib import contextmanager

from spruce import config
from spruce.apm import startup

__all__ = ["recorded_command"]


@contextmanager
def recorded_command(settings: config.Settings, name: str) -> Iterator[None]:
    """Record the block as a command of this name, if the settings ask for that; at the end, what waits is sent."""
    if not startup.is_wanted(settings):
        yield
        return
    client = startup.start(settings)
    transaction = client.begin_transaction("cli")
    outcome = "failure"
    try:
        yield
        outcome = "success"
    except SystemExit as end:
        outcome = "failure" if end.code else "success"
        raise
    except BaseException as error:
        if getattr(error, "exit_code", None) == 0:
            outcome = "success"
        else:
            client.capture_exception(error, handled=False)
        raise
    finally:
        if transaction is not None and transaction.outcome is None:
            transaction.outcome = outcome
        client.end_transaction(name, outcome)
        client.close()
