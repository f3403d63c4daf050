"""The application over the real corpus, and over one with a hostile profile."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from tests.conftest import CORPUS, write_corpus
from tests.web import hostile
from tipsearch.answering.assistant import Assistant
from tipsearch.index import Index
from tipsearch.retrieval.encoder import OnnxEncoder
from tipsearch.settings import Settings
from tipsearch.web.server import create_app

ADDRESS = "http://127.0.0.1:7860"


@pytest.fixture(scope="session")
def hostile_index(encoder: OnnxEncoder, tmp_path_factory: pytest.TempPathFactory) -> Index:
    """The real corpus and one profile that tries to be more than text."""
    folder = tmp_path_factory.mktemp("hostile")
    files = {path.name: path.read_text("utf-8") for path in CORPUS.iterdir() if path.is_file()}
    corpus = write_corpus(folder / "corpus", {**files, hostile.FILE: hostile.PROFILE})
    return Index.build(corpus, folder / "index", settings=Settings(), encoder=encoder)


@pytest.fixture(scope="session")
def assistant(hostile_index: Index) -> Assistant:
    return Assistant.open(hostile_index.where, settings=Settings())


@pytest.fixture(scope="session")
def app(assistant: Assistant) -> FastAPI:
    """Built with everything in the environment that would open Gradio up.

    Where no event loop runs, Gradio makes some and leaves them open.
    """

    async def made() -> FastAPI:
        return create_app(assistant)

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_SHARE", "True")
        patch.setenv("GRADIO_MCP_SERVER", "True")
        patch.setenv("GRADIO_SSR_MODE", "True")
        patch.setenv("GRADIO_RUN_HISTORY", "True")
        patch.setenv("GRADIO_ALLOWED_PATHS", "/")
        with ThreadPoolExecutor(
            1
        ) as beside:  # the browser tests keep a loop running in this thread
            return beside.submit(asyncio.run, made()).result()


@pytest.fixture(scope="session")
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app, base_url=ADDRESS, raise_server_exceptions=False) as opened:
        yield opened
