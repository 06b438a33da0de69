"""One SQLite database and several processes: nothing is sold twice, nothing is lost, nobody is left waiting."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import os, signal, sys
from spruce import db, green

class Product(db.Model):
    name = db.CharField()
    stock = db.IntegerField()

class Order(db.Model):
    product = db.ForeignKey(Product, on_delete=db.CASCADE)
    buyer = db.CharField(unique=True)

def buy(buyer):
    with db.atomic():
        product = Product.objects.get(pk=1)
        green.sleep(0)
        if not Product.objects.filter(pk=1, stock__gte=1).update(stock=db.F("stock") - 1):
            return False
        Order.objects.create(product=product, buyer=buyer)
        return True

def buyers(number):
    threads = [green.spawn(buy, f"{os.getpid()}-{each}") for each in range(number)]
    return sum(thread.wait() for thread in threads)

db.configure(DATABASES=f"sqlite:///{sys.argv[1]}?timeout=60")
"""


def start(path: Path, code: str) -> subprocess.Popen[str]:
    """Start a process that runs PROGRAM and then `code`."""
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", PROGRAM + code, str(path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def answer(process: subprocess.Popen[str]) -> str:
    """What a process printed, once it has ended well."""
    out, errors = process.communicate(timeout=100)
    assert (process.returncode, errors) == (0, "")
    return out.strip()


def run(path: Path, code: str) -> str:
    return answer(start(path, code))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A database file with ten pieces of one product."""
    path = tmp_path / "shop.db"
    run(path, "db.create_all(); Product.objects.create(name='bear', stock=10)")
    return path


def test_ten_pieces_are_sold_to_ten_of_many_buyers(path: Path) -> None:
    """Buyers in several processes, each of them many green threads, all at once."""
    shops = [start(path, "print(green.run(buyers, 25))") for _ in range(4)]
    assert sum(int(answer(shop)) for shop in shops) == 10
    assert run(path, "print(Product.objects.get().stock, Order.objects.count())") == "0 10"


def test_processes_may_make_the_tables_at_once(tmp_path: Path) -> None:
    """As the workers of a server do when it starts."""
    workers = [start(tmp_path / "new.db", "db.create_all(); print(Product.objects.count())") for _ in range(5)]
    assert [answer(worker) for worker in workers] == ["0"] * 5


def fork_and(code: str) -> str:
    """A program that forks, runs `code` in the child, and goes on when that has ended."""
    return f"""
child = os.fork()
if child == 0:
    {code}
    os._exit(0)
os.waitpid(child, 0)
"""


def test_a_forked_child_has_connections_of_its_own(path: Path) -> None:
    """The parent's go on working, in and after the child's life."""
    connections = 'db.stats()["default"]["connections"]'
    code = (
        "Product.objects.update(stock=5)"
        + fork_and(f"print('child', Product.objects.get().stock, {connections}, buyers(7), flush=True)")
        + f"print('parent', Product.objects.get().stock, buyers(2), {connections})"
    )
    assert run(path, code).splitlines() == ["child 5 1 5", "parent 0 0 2"]


def test_a_transaction_does_not_cross_a_fork(path: Path) -> None:
    """The child is told so, and the parent's is not touched."""
    code = """
try:
    with db.atomic():
        Product.objects.update(stock=5)
        child = os.fork()
        if child:
            os.waitpid(child, 0)
            print("parent", Product.objects.get().stock, flush=True)
except Exception as error:
    print("child", error, flush=True)
    os._exit(0)
print("after", Product.objects.get().stock)
"""
    assert run(path, code).splitlines() == [
        "child this transaction was begun before os.fork() and belongs to the parent process. "
        "Fork outside of `with db.atomic()`.",
        "parent 5",
        "after 5",
    ]


def test_a_writer_that_is_killed_leaves_no_lock(path: Path) -> None:
    """What it had not committed is gone."""
    held = start(
        path,
        """
with db.atomic():
    Product.objects.update(stock=77)
    print("held", flush=True)
    signal.pause()
""",
    )
    assert held.stdout is not None
    assert held.stdout.readline() == "held\n"
    held.send_signal(signal.SIGKILL)
    held.communicate(timeout=30)
    assert run(path, "Product.objects.update(name='new'); print(Product.objects.get().stock)") == "10"
