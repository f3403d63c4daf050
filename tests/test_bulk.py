"""Parquet in, Parquet out: whole, once, and gone on with, whatever is taken away meanwhile."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from numpy.typing import NDArray

from tests.conftest import CORPUS, ROOT, LetterEncoder
from tests.stores.servers import wait_until
from tipsearch import bulk
from tipsearch.cli import cli
from tipsearch.errors import IndexFormatError, ProfileError
from tipsearch.index import Index
from tipsearch.retrieval.encoder import EncoderInfo, OnnxEncoder
from tipsearch.settings import Settings

PLAIN = Settings(cache=Path("unused"))


def letters(_: Settings) -> LetterEncoder:
    return LetterEncoder()


def slow_letters(_: Settings) -> SlowEncoder:
    return SlowEncoder()


class SlowEncoder(LetterEncoder):
    """Takes a tenth of a second a block, so that something can happen meanwhile."""

    def encode(
        self, texts: Sequence[str], progress: Callable[[int], None] | None = None
    ) -> NDArray[np.float32]:
        time.sleep(0.1)
        return super().encode(texts, progress)


def table(path: Path, count: int, bad: int = 0) -> Path:
    """A table of so many profiles, and of rows that are none."""
    names = [f"p{n}.txt" for n in range(count)] + [f"bad{n}.txt" for n in range(bad)]
    texts = [f"Ann Roe {n} left the shelter in {1900 + n % 100}." for n in range(count)]
    pq.write_table(pa.table({"file": names, "text": texts + [""] * bad}), path, row_group_size=100)
    return path


def embedded(out: Path) -> Counter[str]:
    """How often each row is in the files of a folder."""
    return Counter(
        file
        for path in out.glob("*.vectors.parquet")
        for file in pq.read_table(path)["file"].to_pylist()
    )


def once(count: int, bad: int = 0) -> Counter[str]:
    return Counter([f"p{n}.txt" for n in range(count)] + [f"bad{n}.txt" for n in range(bad)])


@pytest.fixture
def real_table(tmp_path: Path) -> Path:
    """The real corpus as a table."""
    files = sorted(CORPUS.iterdir())
    held = {
        "file": [path.name for path in files],
        "text": [path.read_text("utf-8") for path in files],
    }
    pq.write_table(pa.table(held), tmp_path / "profiles.parquet")
    return tmp_path / "profiles.parquet"


def test_what_is_embedded_is_what_a_build_embeds(
    real_table: Path, tmp_path: Path, encoder: OnnxEncoder, real_index: Index
) -> None:
    done = bulk.embed(real_table, tmp_path / "out", Settings(), open_encoder=lambda _: encoder)
    count = real_index.snapshot.store.count()
    assert (done.rows, done.passages, done.skipped) == (count.profiles, count.passages, 0)
    built = Index.build(
        real_table, tmp_path / "index", settings=Settings(), encoder=encoder,
        vectors=tmp_path / "out",
    )  # fmt: skip
    assert (built.changes.embedded_passages, built.changes.reused_passages) == (0, count.passages)
    assert built.profiles() == real_index.profiles()
    for query in ("shelter", "Who helped girls in Cambodia?"):
        assert built.search(query) == real_index.search(query)


def test_run_again_it_goes_on(tmp_path: Path) -> None:
    source, out = table(tmp_path / "t.parquet", 200, bad=3), tmp_path / "out"
    first = bulk.embed(source, out, PLAIN, open_encoder=letters)
    assert (first.rows, first.passages, first.skipped) == (203, 200, 3)
    assert bulk.embed(source, out, PLAIN, open_encoder=letters) == bulk.Embedded()
    with pytest.raises(IndexFormatError, match="of another encoder"):
        bulk.embed(source, out, PLAIN, open_encoder=lambda _: LetterEncoder("1" * 64))
    with pytest.raises(IndexFormatError, match="cut otherwise"):
        bulk.embed(source, out, replace(PLAIN, passage_tokens=9), open_encoder=letters)
    table(source, 300, bad=3)
    sorted(out.iterdir())[0].unlink()
    more = bulk.embed(source, out, PLAIN, open_encoder=letters)
    assert 100 < more.rows <= 164
    assert embedded(out) == once(300, 3)
    changed = pa.table({"file": ["p7.txt", None, "p8.txt"], "text": ["Ann Roe left.", "x", None]})
    pq.write_table(changed, source)
    assert bulk.embed(source, out, PLAIN, open_encoder=letters) == bulk.Embedded(3, 1, 2)
    assert bulk.embed(source, out, PLAIN, open_encoder=letters) == bulk.Embedded()


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"name": ["a.txt"], "text": ["b"]}, "has the columns name, text; two of text are read"),
        ({"file": ["a.txt"], "text": [3]}, "two of text are read: file and text"),
        (None, "is no Parquet table"),
    ],
)
def test_tables_that_are_none(
    tmp_path: Path, columns: dict[str, list[object]] | None, message: str
) -> None:
    source = tmp_path / "t.parquet"
    source.write_bytes(b"PAR1 no")
    if columns:
        pq.write_table(pa.table(columns), source)
    with pytest.raises(ProfileError, match=message) as caught:
        bulk.embed(source, tmp_path / "out", PLAIN, open_encoder=letters)
    assert caught.value.exit_code == 3
    with pytest.raises(ProfileError, match=message):
        Index.build(source, tmp_path / "index", settings=PLAIN, encoder=LetterEncoder())


def test_vectors_that_cannot_be_used(tmp_path: Path) -> None:
    source, out = table(tmp_path / "t.parquet", 3), tmp_path / "out"
    with pytest.raises(IndexFormatError, match="no vectors in"):
        bulk.VectorTable(out, LetterEncoder().info)
    bulk.embed(source, out, PLAIN, open_encoder=letters)
    with pytest.raises(IndexFormatError, match=r"are of letters \(fp32\), the settings ask for x"):
        bulk.VectorTable(out, EncoderInfo("x", "", "int8", 3, 9))
    next(out.iterdir()).write_bytes(b"rotten")
    with pytest.raises(IndexFormatError, match="is no file of vectors"):
        bulk.VectorTable(out, LetterEncoder().info)


def test_killed_at_any_moment(tmp_path: Path) -> None:
    source, out = table(tmp_path / "t.parquet", 2_000), tmp_path / "out"
    code = (
        "import sys; from pathlib import Path; from tests import test_bulk as t\n"
        "t.bulk.embed(Path(sys.argv[1]), Path(sys.argv[2]), t.PLAIN, open_encoder=t.slow_letters)"
    )
    for _ in range(3):
        with subprocess.Popen([sys.executable, "-c", code, str(source), str(out)], cwd=ROOT) as run:
            before = len(embedded(out))
            wait_until(lambda n=before: len(embedded(out)) > n)  # type: ignore[misc]
            os.kill(run.pid, signal.SIGKILL)
    assert 0 < len(embedded(out)) < 2_000
    bulk.embed(source, out, PLAIN, open_encoder=letters)
    assert embedded(out) == once(2_000)


def test_a_node_that_is_taken_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    import ray
    from ray.cluster_utils import Cluster

    source, out = table(tmp_path / "t.parquet", 4_000, bad=5), tmp_path / "out"
    cluster = Cluster(
        initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False}
    )
    node = cluster.add_node(num_cpus=1)
    ray.init(address=cluster.address, logging_level="ERROR", log_to_driver=False)
    try:
        with ThreadPoolExecutor(1) as pool:
            run = pool.submit(bulk.embed, source, out, PLAIN, ray=True, open_encoder=slow_letters)
            wait_until(lambda: run.done() or len(embedded(out)) > 1_000, 120)
            assert not run.done() or run.result()
            cluster.remove_node(node, allow_graceful=False)
            run.result(120)
    finally:
        ray.shutdown()
        cluster.shutdown()
    assert embedded(out) == once(4_000, 5)
    keys = bulk.VectorTable(out, LetterEncoder().info)
    index = Index.build(source, tmp_path / "index", settings=PLAIN, encoder=LetterEncoder(),
                        vectors=out)  # fmt: skip
    assert index.changes.embedded_passages == 0
    assert isinstance(keys, bulk.VectorTable)


def test_the_shell(real_table: Path, tmp_path: Path) -> None:
    def shell(*arguments: str) -> str:
        done = CliRunner().invoke(cli, arguments)
        assert done.exit_code == 0, done.output
        return done.stdout

    where: Callable[[str], str] = lambda name: str(tmp_path / name)  # noqa: E731
    assert "32 new rows" in shell("embed", str(real_table), where("out"))
    assert "0 new rows" in shell("embed", str(real_table), where("out"))
    shell("build", "--corpus", str(real_table), "--vectors", where("out"), "--index", where("i"))
    assert "2004" in shell("ask", "When did Legros leave AFESIP?", "--index", where("i"))
