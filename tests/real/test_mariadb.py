"""A MariaDB server that is killed and started again under load."""

import getpass
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.real.outage import survive

from spruce import config, db
from spruce.config import Settings

PROGRAMS = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/usr/local/sbin"


class Till(db.Model):
    name = db.CharField(max_length=10, unique=True)
    count = db.IntegerField(default=0)

    class Meta:
        db_table = "t_real_till"


class Server:
    """A MariaDB in a folder of its own, which can be killed and started."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        prepare = str(shutil.which("mariadb-install-db", path=PROGRAMS))
        self.where = ["--no-defaults", f"--datadir={folder / 'data'}", f"--user={getpass.getuser()}"]
        normal = ["--auth-root-authentication-method=normal", "--skip-test-db", "--skip-name-resolve"]
        subprocess.run([prepare, *self.where, *normal], check=True, capture_output=True)
        self.start()
        self.url = f"mariadb://root@localhost/shop?unix_socket={folder / 'socket'}&pool_size=4"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        program = str(shutil.which("mariadbd", path=PROGRAMS))
        quick = ["--innodb-log-file-size=16M", "--innodb-buffer-pool-size=32M", "--skip-networking"]
        places = [f"--socket={self.folder / 'socket'}", f"--pid-file={self.folder / 'pid'}"]
        with (self.folder / "log").open("a") as log:
            self.process = subprocess.Popen([program, *self.where, *quick, *places], stdout=log, stderr=log)
        sql = "--execute=CREATE DATABASE IF NOT EXISTS shop"
        ask = ["mariadb", "--no-defaults", "--user=root", f"--socket={self.folder / 'socket'}", sql]
        while subprocess.run(ask, capture_output=True).returncode:
            assert self.process.poll() is None, (self.folder / "log").read_text()

    def kill(self) -> None:
        """End it as a crash would."""
        self.process.kill()
        self.process.wait()

    def restart(self) -> None:
        """Kill it and start it again."""
        self.kill()
        self.start()


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A server of this test's own."""
    if shutil.which("mariadbd", path=PROGRAMS) is None:
        pytest.skip("there is no MariaDB here; on Debian and Ubuntu: apt-get install mariadb-server")
    folder = Path(tempfile.mkdtemp(prefix="spruce-"))
    made = Server(folder)
    try:
        yield made
    finally:
        made.kill()
        shutil.rmtree(folder)


def test_a_crash_under_load(server: Server) -> None:
    """Its programs go on with the one that comes up again."""
    before = config.current()
    config.install(Settings(DATABASES={"default": server.url}))
    db.create_all(models=[Till])
    survive(server.restart, Till.objects)
    db.configure(DATABASES={})
    config.install(before)
