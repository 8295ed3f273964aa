"""The floor of the API group: a bare FastAPI route that writes one row, on SQLite or PostgreSQL, as durable as ours.

SQLite: one connection behind a lock in the framework's own threads, WAL, synchronous=FULL, one commit a request.
PostgreSQL: a pool of asyncpg, one statement a request.
"""

import os
import sqlite3
import threading
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel

URL = os.environ["DATABASE_URL"]


class Item(BaseModel):
    name: str
    service_version: str
    input: dict[str, Any]
    output: dict[str, Any]


async def healthz() -> dict[str, str]:
    return {"status": "ok"}


def on_sqlite() -> FastAPI:
    app = FastAPI()
    connection = sqlite3.connect(URL.removeprefix("sqlite:///"), check_same_thread=False, isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute("CREATE TABLE IF NOT EXISTS items (id TEXT PRIMARY KEY, name TEXT, document TEXT)")
    lock = threading.Lock()

    def create(item: Item) -> dict[str, str]:
        identity = uuid.uuid4().hex
        with lock:
            connection.execute("INSERT INTO items VALUES (?, ?, ?)", (identity, item.name, item.model_dump_json()))
        return {"id": identity}

    app.post("/items")(create)
    app.get("/healthz")(healthz)
    return app


def on_postgresql() -> FastAPI:
    pool: Any = None

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        nonlocal pool
        pool = await asyncpg.create_pool(URL, min_size=8, max_size=8)
        await pool.execute("CREATE TABLE IF NOT EXISTS items (id TEXT PRIMARY KEY, name TEXT, document TEXT)")
        yield
        await pool.close()

    async def create(item: Item) -> dict[str, str]:
        identity = uuid.uuid4().hex
        await pool.execute("INSERT INTO items VALUES ($1, $2, $3)", identity, item.name, item.model_dump_json())
        return {"id": identity}

    app = FastAPI(lifespan=lifespan)
    app.post("/items")(create)
    app.get("/healthz")(healthz)
    return app


if __name__ == "__main__":
    made = on_sqlite() if URL.startswith("sqlite") else on_postgresql()
    uvicorn.run(made, host="127.0.0.1", port=int(os.environ["PORT"]), log_level="error", http="httptools")
