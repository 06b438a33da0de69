"""Tasks for the tests in this folder, which workers find by their names."""

import threading

from spruce import db, green
from spruce.tasks import TaskContext, task

done: list[object] = []


class Entry(db.Model):
    text = db.CharField(max_length=50)

    class Meta:
        db_table = "tests_tasks_entry"


@task
def add(a: int, b: int = 1) -> int:
    done.append((a, b))
    return a + b


@task
async def later(value: str) -> str:
    return value.upper()


@task(retries=2, backoff=[0.0])
def failing(word: str) -> None:
    done.append(word)
    raise ValueError(word)


@task(timeout=0.01)
def endless() -> None:
    while True:
        green.sleep(0.001)


@task(takes_context=True)
def told(context: TaskContext, part: float) -> int:
    context.set_progress(part, "so far")
    while not context.task_result.kwargs:
        green.sleep(0.001)
    return context.attempt


@task(atomic=True)
def write(text: str, fails: bool = False) -> None:
    Entry.objects.create(text=text)
    if fails:
        raise ValueError(text)


@task(concurrency=2)
def limited(number: int) -> None:
    done.append(f"+{number}")
    green.sleep(0.001)
    done.append(f"-{number}")


@task
def plain() -> None: ...


@task(unique=True)
def once(word: str) -> str:
    return word


@task(unique=lambda number: str(number % 2))
def once_each(number: int) -> int:
    return number


@task(queue="mail", priority=5)
def mail(to: str) -> str:
    done.append(to)
    return to


@task(thread=True)
def in_thread() -> bool:
    return threading.current_thread() is not threading.main_thread()


@task
def unfit() -> object:
    return object()


@task
def written() -> str:
    return db.last_write()


@task
def leaves() -> None:
    raise SystemExit(3)


@task(atomic=True)
def raises() -> None:
    (error,) = done
    raise error  # type: ignore[misc] # the test has put an exception there
