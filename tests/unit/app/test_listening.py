"""The socket of the service."""

import asyncio
import socket

from vedette.app.http import listening


async def test_a_small_answer_is_not_held_back() -> None:
    """Head and body are written apart: with Nagle's algorithm the body waits 40 ms for the caller's word."""
    accepted: asyncio.Future[asyncio.StreamWriter] = asyncio.get_running_loop().create_future()
    with listening("127.0.0.1", 0) as listener:
        server = await asyncio.start_server(lambda _, writer: accepted.set_result(writer), sock=listener)
        async with server:
            _, mine = await asyncio.open_connection(*listener.getsockname()[:2])
            theirs = await accepted
            option = theirs.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
            for writer in (mine, theirs):
                writer.close()
                await writer.wait_closed()
    assert option
