"""A real server in a process of its own: how it starts, and how it ends."""

from __future__ import annotations

import errno
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tipsearch.errors import ServerError
from tipsearch.index import Index
from tipsearch.web.server import listen

SLOW = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in a shell's background jobs
from tipsearch.answering.assistant import Assistant
from tipsearch.web import server

class Slow(Assistant):
    def ask(self, question, k=None, filters=None, threshold=None, kind=None):
        if question == "slow":
            time.sleep(2)
        return super().ask(question, k, filters, threshold)

with server.listen("127.0.0.1", 0) as listening:
    server.serve(Slow.open(sys.argv[1]), listening)
"""


@contextmanager
def serving(index: str | Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    command = [sys.executable, "-c", SLOW, str(index)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        try:
            line = process.stdout.readline()
            assert "http://127.0.0.1:" in line, process.communicate()
            yield process, line.split()[3]
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_once_answers_under_way_are_given(
    hostile_index: Index, number: signal.Signals
) -> None:
    with serving(hostile_index.where) as (process, address):
        with urllib.request.urlopen(f"{address}/readyz") as ready:  # noqa: S310
            assert ready.status == 200
        answers: list[int] = []
        under_way = threading.Event()

        def ask() -> None:
            under_way.set()
            with urllib.request.urlopen(f"{address}/api/ask?q=slow") as response:  # noqa: S310
                answers.append(response.status)

        asking = threading.Thread(target=ask)
        asking.start()
        under_way.wait()
        threading.Event().wait(0.5)
        process.send_signal(number)
        asking.join(10)
        _, errors = process.communicate(timeout=10)
        assert answers == [200]
        assert process.returncode == -number
        if number == signal.SIGTERM:
            assert errors == ""


def test_its_own_temporary_folder_is_private_and_removed(
    hostile_index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with serving(hostile_index.where) as (process, _):
        (work,) = tmp_path.glob("tipsearch-*")
        assert work.stat().st_mode & 0o777 == 0o700
        process.send_signal(signal.SIGTERM)
        process.wait(10)
    assert not list(tmp_path.glob("tipsearch-*"))


def test_a_port_in_use_is_said_and_no_other_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ServerError, match=f"port {port} is in use"):
            listen("127.0.0.1", port)


@pytest.mark.parametrize("host", ["203.0.113.9", "nowhere.invalid", "", "a b", "x" * 300])
def test_a_host_that_is_not_ours_is_said(host: str) -> None:
    with pytest.raises(ServerError):
        listen(host, 0)


@pytest.mark.parametrize("port", [-1, 65_536, 10**9])
def test_a_port_that_does_not_exist_is_said(port: int) -> None:
    with pytest.raises(ServerError, match="does not exist"):
        listen("127.0.0.1", port)


def test_a_port_that_needs_rights_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(listening: socket.socket, address: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(socket.socket, "bind", refuse)
    with pytest.raises(ServerError, match="port 80 needs more rights"):
        listen("127.0.0.1", 80)


def test_an_address_says_who_can_reach_it() -> None:
    with listen("127.0.0.1", 0) as local:
        assert not local.is_public
        assert local.address == f"http://127.0.0.1:{local.socket.getsockname()[1]}"
    with listen("0.0.0.0", 0) as everyone:  # noqa: S104
        assert everyone.is_public
        assert everyone.is_any_address
        assert everyone.address.startswith("http://127.0.0.1:")
