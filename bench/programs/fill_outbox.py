"""Fills the outbox of a stopped service: `fill_outbox.py URL DESTINATIONS EACH PICTURE`, settings from the environment.

Writes EACH events for each of DESTINATIONS webhooks below URL/d/, all due, each with a picture of PICTURE bytes (0:
none). What an earlier call wrote stays, so each call takes tasks of its own.
"""

import asyncio
import json
import sys
import uuid
from pathlib import Path

import asyncpg
from sqlalchemy import Connection, insert

from vedette.app import first_start
from vedette.app.ground import ground, now_ms
from vedette.model.output import WebhookOutput
from vedette.settings import Settings
from vedette.store import identity
from vedette.store.blobs import Blobs
from vedette.store.tables import destinations, events, outbox
from vedette.store.vault import Vault

MESSAGE = (Path(__file__).parent / "message.json").read_text(encoding="utf-8")
CHUNK = 5000


class Pictures:
    """One picture under as many names as are wanted: links, as so many commits to the disk would take long."""

    def __init__(self, folder: Path, size: int) -> None:
        self.folder = folder
        self.key = Blobs(folder).put(bytes(range(256)) * (size // 256)) if size else None

    def another(self) -> str | None:
        if self.key is None:
            return None
        key = f"{self.key.partition('/')[0]}/{uuid.uuid4().hex}"
        (self.folder / f"{key}.jpg").hardlink_to(self.folder / f"{self.key}.jpg")
        return key


def fill(conn: Connection, vault: Vault, project: str, url: str, numbers: range, pictures: Pictures) -> None:
    task, destination = uuid.uuid4().hex, str(uuid.uuid4())
    target = vault.seal(WebhookOutput(url, {"token": "a-token"}))
    place = {"project_id": project, "task_id": task}
    conn.execute(insert(destinations), [place | {"id": destination, "kind": "webhook", "target": target}])
    message, now = json.loads(MESSAGE) | {"task_id": task}, now_ms()
    for begin in range(numbers.start, numbers.stop, CHUNK):
        some = [(number, str(uuid.uuid4()).upper()) for number in range(begin, min(begin + CHUNK, numbers.stop))]
        told = place | {"run_id": task, "event_type": 196609, "connection": 0, "listed": 0}
        told |= {"timestamp_ms": now, "stored_at": now}
        conn.execute(
            insert(events),
            [
                told
                | {"id": id_, "frame_index": number, "time_us": number * 40_000, "number": number}
                | {"picture": pictures.another()}
                | {"message": json.dumps(message | {"message_id": id_}, ensure_ascii=False)}
                for number, id_ in some
            ],
        )
        due = place | {"destination_id": destination, "state": "due", "attempts": 0}
        first = now - numbers.stop  # they came one after the other, a millisecond apart
        rows = [
            {"event_id": id_, "next_attempt_at": first + number, "created_at": first + number} for number, id_ in some
        ]
        conn.execute(insert(outbox), [due | row for row in rows])


async def main(url: str, count: int, each: int, picture: int) -> None:
    settings = Settings.load()
    async with ground(settings) as base:
        await first_start.prepare(settings, base.db, base.vault, now_ms)
        project = (await base.db.read(identity.project_ids))[0]
        pictures = Pictures(settings.data_dir / "pictures", picture)
        for number in range(count):
            await base.db.write(fill, base.vault, project, f"{url}/d/{number}", range(1, each + 1), pictures)
    if settings.database_url.startswith("postgresql"):  # what its autovacuum does by itself a minute after so many rows
        connection = await asyncpg.connect(settings.database_url)
        await connection.execute("VACUUM ANALYZE")
        await connection.close()


asyncio.run(main(sys.argv[1], *map(int, sys.argv[2:])))
