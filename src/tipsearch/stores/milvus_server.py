"""A Milvus cluster, or a file of milvus-lite: one connection, and what is asked by it."""

from __future__ import annotations

import json
import logging
import os
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from tipsearch.errors import BackendError, IndexBusyError, IndexFormatError
from tipsearch.retrieval import lexical
from tipsearch.settings import Settings
from tipsearch.stores.generation import NewerFormatError
from tipsearch.stores.store import StoreInfo, shown

try:
    from grpc import RpcError
    from pymilvus import DataType, Function, FunctionType, MilvusClient, MilvusException
except ImportError as error:
    raise BackendError(
        "Milvus needs the package pymilvus", "pip install 'tipsearch[milvus]'"
    ) from error

FORMAT = 1
"""The layout of the collections; a newer one is refused."""

NO_VECTOR = [0.0, 1.0]
"""What a row without a vector holds instead: a collection must have one."""

_ROWS = 500  # asked for, or sent, at once
TEXT_BYTES = 65_535
"""What a VARCHAR holds."""

logging.getLogger("pymilvus").setLevel(logging.CRITICAL)  # what it logs is raised here


@dataclass(frozen=True, slots=True)
class State:
    """The one row that says what holds.

    Attributes
    ----------
    generation, revision : int
        Which collections are read, and how much of them.
    info : mapping
        `StoreInfo`.
    profiles, passages : int
        How many hold.
    next_profile, next_passage : int
        Numbers nobody has yet.
    gone : tuple of int
        Numbers of profiles whose rows are there still but no longer hold.
    """

    format: int
    generation: int
    revision: int
    info: Mapping[str, Any]
    profiles: int
    passages: int
    next_profile: int
    next_passage: int
    gone: tuple[int, ...]


class Server:
    """A cluster, or a file of milvus-lite: one connection, and what is asked by it."""

    def __init__(self, where: str, timeout_s: int | None = None) -> None:
        """Take an address and connect.

        Raises
        ------
        BackendError
            If nobody answers there.
        """
        parts = urlsplit(where)
        told = dict(parse_qsl(parts.query))
        self.shown = shown(where)
        self.timeout_s = timeout_s or Settings.from_environment().store_timeout_s
        self._name = told.get("name", "tipsearch")
        if not (self._name.isascii() and self._name.isidentifier()):
            raise BackendError(
                f"name {self._name!r} cannot be used", "use letters, digits and underscores"
            )
        self._lock = f"{self._name}_lock"
        self._token = ""
        if parts.hostname:
            scheme = "https" if told.get("tls") == "true" else "http"
            target = {
                "uri": f"{scheme}://{parts.hostname}:{parts.port or 19530}",
                "user": unquote(parts.username or ""),
                "password": unquote(parts.password or ""),
                "db_name": parts.path.strip("/") or "default",
            }
        else:
            target = {"uri": parts.path}
        with self._named_errors():
            self._client = MilvusClient(**target, timeout=self.timeout_s)

    @contextmanager
    def _named_errors(self) -> Iterator[None]:
        try:
            yield
        except (MilvusException, RpcError) as error:
            line = (str(getattr(error, "message", error)) or type(error).__name__).splitlines()[0]
            raise BackendError(f"Milvus at {self.shown} failed: {line[:200]}") from error
        except (OSError, ValueError) as error:  # pymilvus' words for an address that is none
            raise BackendError(f"Milvus at {self.shown} cannot be used: {error}") from error

    def _collection(self, kind: str, generation: int) -> str:
        return f"{self._name}_{kind}_{generation}"

    def _has(self, name: str) -> bool:
        return bool(self._client.has_collection(name, timeout=self.timeout_s))

    # The state

    def make_state(self) -> None:
        """Make the collection of the one row, if it is not there."""
        name = f"{self._name}_state"
        with self._named_errors():
            if self._has(name):  # of a build that died before it was loaded, maybe
                self._client.load_collection(name, timeout=self.timeout_s)
            else:
                schema = self._client.create_schema()
                schema.add_field("one", DataType.INT64, is_primary=True)
                schema.add_field("state", DataType.VARCHAR, max_length=TEXT_BYTES)
                self._create(name, schema)

    def state(self, missing: State | None = None) -> State:
        """Return what holds, or ``missing`` where nothing does yet.

        Raises
        ------
        IndexFormatError
            If there is nothing.
        NewerFormatError
            If a newer tipsearch made it.
        """
        name = f"{self._name}_state"
        with self._named_errors():
            rows = (
                self._client.query(
                    name, filter="one == 1", output_fields=["state"],
                    consistency_level="Strong", timeout=self.timeout_s,
                )
                if self._has(name)
                else []
            )  # fmt: skip
        if not rows:
            if missing is not None:
                return missing
            raise IndexFormatError(f"no index at {self.shown}", "run 'tipsearch build'")
        told = json.loads(rows[0]["state"])
        if told["format"] > FORMAT:
            raise NewerFormatError(
                f"the index at {self.shown} was made by a newer tipsearch", "upgrade tipsearch"
            )
        return State(**{**told, "gone": tuple(told["gone"])})

    def set_state(self, state: State) -> None:
        """Make a revision what is read: the one moment at which it is there.

        Raises
        ------
        IndexBusyError
            If the lock was taken away meanwhile.
        """
        with self._named_errors():
            if self._holder()[0] != self._token:
                raise IndexBusyError(f"the lock of {self.shown} was dropped", "write again")
        row = {"one": 1, "state": json.dumps(asdict(state)), "none": NO_VECTOR}
        with self._named_errors():
            self._client.upsert(f"{self._name}_state", [row], timeout=self.timeout_s)

    # Collections

    def _create(self, name: str, schema: Any, indexes: Any = None) -> None:  # noqa: ANN401
        """Create a collection; one without a vector gets a small one, as each must have one."""
        if indexes is None:
            schema.add_field("none", DataType.FLOAT_VECTOR, dim=len(NO_VECTOR))
            indexes = self._client.prepare_index_params()
            indexes.add_index("none", index_type="FLAT", metric_type="L2")
        self._client.create_collection(
            name, schema=schema, index_params=indexes, timeout=self.timeout_s
        )

    def make(self, generation: int, dimension: int) -> None:
        """Make the collections of a generation, with their indexes."""
        with self._named_errors():
            profiles = self._client.create_schema()
            profiles.add_field("row", DataType.VARCHAR, max_length=64, is_primary=True)
            for name in ("profile", "since", "part"):
                profiles.add_field(name, DataType.INT64)
            profiles.add_field("payload", DataType.VARCHAR, max_length=TEXT_BYTES)
            self._create(self._collection("profiles", generation), profiles)
            passages = self._client.create_schema()
            passages.add_field("number", DataType.INT64, is_primary=True)
            for name in ("profile", "since", "start", "stop", "paragraph"):
                passages.add_field(name, DataType.INT64)
            for name, size in (("id", 512), ("title", 1024), ("key", 64), ("text", TEXT_BYTES)):
                passages.add_field(name, DataType.VARCHAR, max_length=size)
            passages.add_field(
                "words", DataType.VARCHAR, max_length=TEXT_BYTES, enable_analyzer=True,
                enable_match=True, analyzer_params={"tokenizer": "standard"},
            )  # fmt: skip
            passages.add_field(
                "labels", DataType.ARRAY, element_type=DataType.VARCHAR, max_capacity=4096,
                max_length=32,
            )  # fmt: skip
            passages.add_field("vector", DataType.FLOAT_VECTOR, dim=dimension)
            passages.add_field("sparse", DataType.SPARSE_FLOAT_VECTOR)
            passages.add_function(
                Function("bm25", FunctionType.BM25, ["words"], output_field_names=["sparse"])
            )
            indexes = self._client.prepare_index_params()
            indexes.add_index("vector", index_type=self._dense_index(), metric_type="COSINE")
            indexes.add_index(
                "sparse", index_type="SPARSE_INVERTED_INDEX", metric_type="BM25",
                params={"bm25_k1": lexical.K1, "bm25_b": lexical.B},
            )  # fmt: skip
            self._create(self._collection("passages", generation), passages, indexes)

    def _dense_index(self) -> str:
        """Leave the choice to a cluster; milvus-lite loses recall with anything but FLAT."""
        return "FLAT" if self.shown.startswith("milvus:///") else "AUTOINDEX"

    def drop(self, generation: int) -> None:
        """Drop the collections of a generation, if they are there."""
        with self._named_errors():
            for kind in ("passages", "profiles"):
                name = self._collection(kind, generation)
                if self._has(name):
                    self._client.drop_collection(name, timeout=self.timeout_s)

    def insert(self, kind: str, generation: int, rows: list[dict[str, Any]]) -> None:
        """Add rows; one that is there already is replaced."""
        for first in range(0, len(rows), _ROWS):
            some = rows[first : first + _ROWS]
            with self._named_errors():
                self._client.upsert(
                    self._collection(kind, generation), some, timeout=self.timeout_s
                )

    def delete(self, kind: str, generation: int, condition: str) -> None:
        """Delete the rows that meet a condition."""
        with self._named_errors():
            self._client.delete(
                self._collection(kind, generation), filter=condition, timeout=self.timeout_s
            )

    def count(self, kind: str, generation: int, condition: str, level: str = "Strong") -> int:
        """Return how many rows meet a condition."""
        with self._named_errors():
            rows = self._client.query(
                self._collection(kind, generation), filter=condition,
                output_fields=["count(*)"], consistency_level=level, timeout=self.timeout_s,
            )  # fmt: skip
        return int(rows[0]["count(*)"])

    def query(
        self, kind: str, generation: int, condition: str, columns: Sequence[str], level: str
    ) -> list[dict[str, Any]]:
        """Return the rows that meet a condition, however many they are."""
        rows: list[dict[str, Any]] = []
        with self._named_errors():
            batches = self._client.query_iterator(
                self._collection(kind, generation), filter=condition, batch_size=_ROWS,
                output_fields=list(columns), consistency_level=level, timeout=self.timeout_s,
            )  # fmt: skip
            while some := batches.next():
                rows += some
            batches.close()
        return rows

    def search(
        self, generation: int, column: str, wanted: object, k: int, condition: str,
        how: Mapping[str, Any], level: str,
    ) -> list[tuple[int, float]]:  # fmt: skip
        """Return numbers and scores of the nearest rows that meet a condition."""
        with self._named_errors():
            (hits,) = self._client.search(
                self._collection("passages", generation), data=[wanted], anns_field=column,
                limit=k, filter=condition, search_params=dict(how), output_fields=["number"],
                consistency_level=level, timeout=self.timeout_s,
            )  # fmt: skip
        return [(int(hit["number"]), float(hit["distance"])) for hit in hits]

    # The lock

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the only right to write under this name.

        Raises
        ------
        IndexBusyError
            If somebody else holds it.
        BackendError
            If Milvus refuses the collection that is the lock.
        """
        token = f"by_{os.urandom(8).hex()}"
        about = f"{os.getpid()} on {socket.gethostname()}"
        schema = self._client.create_schema(description=about)
        schema.add_field(token, DataType.INT64, is_primary=True)
        schema.add_field("none", DataType.FLOAT_VECTOR, dim=len(NO_VECTOR))
        with self._named_errors():
            try:  # never loaded: it needs no index
                self._client.create_collection(self._lock, schema=schema, timeout=self.timeout_s)
            except MilvusException as error:
                if not self._has(self._lock):
                    raise BackendError(f"Milvus at {self.shown} failed: {error}") from error
                raise IndexBusyError(
                    f"{self.shown} is being written by another process ({self._holder()[1]})",
                    f"wait for it to end; if it is dead, drop the collection {self._lock}",
                ) from error
        self._token = token
        try:
            yield
        finally:
            self._token = ""
            with suppress(MilvusException, RpcError):  # what is written is written all the same
                if self._holder()[0] == token:
                    self._client.drop_collection(self._lock, timeout=self.timeout_s)

    def _holder(self) -> tuple[str, str]:
        """Return the token of whoever holds the lock, and who that is."""
        if not self._has(self._lock):
            return "", ""
        about = self._client.describe_collection(self._lock, timeout=self.timeout_s)
        return about["fields"][0]["name"], about["description"]

    def close(self) -> None:
        """Give the connection back."""
        self._client.close()


def nothing(info: StoreInfo) -> State:
    """Return the state of a name that holds no index yet."""
    return State(FORMAT, 0, 0, asdict(info), 0, 0, 0, 0, ())
