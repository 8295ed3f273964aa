"""What deliveries are sent to: a bare HTTP server in a process of its own, cheap enough not to be what is measured.

POST takes a delivery: it is counted, and of what is posted below /live the time since it was found is kept, which stands
in the body. GET /hold lets calls wait for their answers until GET /go; GET /wait?N answers when N have been taken since;
GET /tell answers with what was taken since /go, as JSON. What is not below /live is counted as drained. Prints its port.
"""

import asyncio
import json
import time
from typing import Any

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
FOUND, ID, NUMBER = b'"found_at":', b"X-Vedette-Event-Id: ", b"X-Vedette-Sequence: "


class Book:
    """What was taken."""

    def __init__(self) -> None:
        self.held: list[asyncio.Transport] | None = None
        self.waiting: tuple[int, asyncio.Transport] | None = None
        self.clear()

    def clear(self) -> None:
        self.began = self.last = time.perf_counter()
        self.drained_at = self.began
        self.taken = self.drained = self.repeated = self.late = 0
        self.ages: list[float] = []
        self.seen: set[bytes] = set()
        self.numbers: dict[bytes, int] = {}

    def take(self, path: bytes, head: bytes, body: bytearray) -> None:
        self.taken += 1
        self.last = time.perf_counter()
        if path.startswith(b"/live"):
            begin = body.index(FOUND) + len(FOUND)
            self.ages.append(time.time() - float(body[begin : begin + 24].partition(b"}")[0]))
        else:
            self.drained += 1
            self.drained_at = self.last
        event_id, number = _value(head, ID), _value(head, NUMBER)
        if event_id:
            self.repeated += event_id in self.seen
            self.seen.add(event_id)
        if number:
            self.late += int(number) < self.numbers.get(path, 0)
            self.numbers[path] = int(number)
        if self.waiting and self.taken >= self.waiting[0]:
            self.waiting[1].write(OK)
            self.waiting = None

    def tell(self) -> dict[str, Any]:
        return {
            "taken": self.taken,
            "seconds": self.last - self.began,
            "repeated": self.repeated,
            "late": self.late,
            "drained": self.drained,
            "drained_s": self.drained_at - self.began,
            "ages": self.ages,
            "held": len(self.held or ()),
        }


def _value(head: bytes, name: bytes) -> bytes:
    begin = head.find(name)
    return head[begin + len(name) : head.index(b"\r", begin)] if begin >= 0 else b""


class Connection(asyncio.Protocol):
    """Reads requests as they come, and answers each at once."""

    def __init__(self, book: Book) -> None:
        self.book, self.data = book, bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.data += data
        while (end := self.data.find(b"\r\n\r\n")) >= 0:
            head = bytes(self.data[: end + 2])
            begin = head.lower().find(b"content-length:")
            length = int(head[begin + 15 : head.index(b"\r", begin)]) if begin >= 0 else 0
            if len(self.data) < end + 4 + length:
                return
            body = self.data[end + 4 : end + 4 + length]
            del self.data[: end + 4 + length]
            self.answer(head, body)

    def answer(self, head: bytes, body: bytearray) -> None:
        book, (method, path, _) = self.book, head.split(b" ", 2)
        if method == b"POST":
            book.take(path, head, body)
            if book.held is None or path.startswith(b"/live"):
                self.transport.write(OK)
            else:
                book.held.append(self.transport)
        elif path == b"/hold":
            book.held = []
            self.transport.write(OK)
        elif path == b"/go":
            held, book.held = book.held or [], None
            book.clear()
            book.taken = book.drained = len(held)
            self.transport.write(OK)
            for transport in held:
                transport.write(OK)
        elif path.startswith(b"/wait?"):
            book.waiting = (int(path[6:]), self.transport)
            if book.taken >= book.waiting[0]:
                self.transport.write(OK)
                book.waiting = None
        else:
            text = json.dumps(book.tell()).encode()
            self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(text) + text)


async def main() -> None:
    book = Book()
    server = await asyncio.get_running_loop().create_server(lambda: Connection(book), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
