"""An app with jobs, for the tests that kill their workers: `spruce worker jobs_program.py`."""

import os
import time

from spruce import App, db, green, schedule, task
from spruce.tasks import leases

leases.LEASE_SECONDS = float(os.environ.get("LEASE", "8"))
app = App("jobs_program", static_folder=None, DATABASES={"default": os.environ["DATABASE"]})
PAUSE = float(os.environ.get("PAUSE", "0.05"))


class Entry(db.Model):
    job = db.CharField(max_length=32)
    kind = db.CharField(max_length=10)

    class Meta:
        db_table = "faults_entry"


def tell(what: str, number: int) -> None:
    """Write a line that a killed process cannot take back."""
    out = os.open(os.environ["TOLD"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(out, f"{what} {number} {os.getpid()} {time.time()}\n".encode())
    os.close(out)


@task
def plain(number: int) -> int:
    tell("began", number)
    green.sleep(PAUSE)
    return number


@task(atomic=True)
def booked(number: int) -> int:
    """Write into the ledger; what is written is there once, if and only if the job is done."""
    tell("began", number)
    Entry.objects.create(job=str(number), kind="booked")
    if db.databases.current()["default"].dialect.name == "postgresql":
        green.sleep(PAUSE)  # on SQLite others could not write meanwhile
    return number


if os.environ.get("TICKS"):

    @schedule(every=0.5, missed="all", overlap=True)
    @task(takes_context=True)
    def ticked(context: object) -> float:
        return context.scheduled_for.timestamp()  # type: ignore[attr-defined] # a TaskContext
