"""The floor of the delivery group: the same client library posts the same bodies, and nothing else.

    bare_post.py URL DESTINATIONS EACH PICTURE ready|made

One session; to each destination one call after the other, as the order of events wants it. Bodies are ready before the
clock starts; or each is made for its call from a message and a file, as whoever sends pictures of events has to. Prints
calls a second, and CPU in ms a call.
"""

import asyncio
import base64
import json
import sys
import tempfile
import time
from pathlib import Path

import aiohttp

MESSAGE = (Path(__file__).parent / "message.json").read_text(encoding="utf-8")


def body_of(file: Path | None) -> bytes:
    message = json.loads(MESSAGE)
    if file is not None:
        message["image_base64"] = base64.b64encode(file.read_bytes()).decode()
    return json.dumps(message, separators=(",", ":")).encode()


async def main(url: str, destinations: int, each: int, file: Path | None, *, made: bool) -> None:
    ready = body_of(file)
    headers = {"Content-Type": "application/json", "token": "a-token"}

    async def one(session: aiohttp.ClientSession, number: int) -> None:
        for _ in range(each):
            body = body_of(file) if made else ready
            async with session.post(f"{url}/d/{number}", data=body, headers=headers) as answer:
                await answer.read()
                assert answer.status == 200

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        wall, cpu = time.perf_counter(), time.process_time()
        await asyncio.gather(*(one(session, number) for number in range(destinations)))
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    count = destinations * each
    print(json.dumps({"rate": count / wall, "cpu": 1000 * cpu / count}))


if __name__ == "__main__":
    where, count, calls, size, how = sys.argv[1:]
    with tempfile.NamedTemporaryFile(suffix=".jpg") as picture:
        picture.write(bytes(range(256)) * (int(size) // 256))
        picture.flush()
        given = Path(picture.name) if int(size) else None
        asyncio.run(main(where, int(count), int(calls), given, made=how == "made"))
