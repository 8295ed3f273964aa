"""The manual's receiver, on `wsgiref`: one request at a time, and it reads as many bytes as it is told."""

import base64
import json
from typing import Any

JPEG = b"\xff\xd8" + bytes(range(256)) * 400 + b"\xff\xd9"


async def test_a_plain_receiver_gets_every_event_whole_and_in_order(post: Any, plain: Any) -> None:
    """Through the outbox: bodies of 130 KB with a length, none in chunks, each once, with the user's headers."""
    told = await post.enqueue(
        f"http://127.0.0.1:{plain.port}/alarm", 30, picture=JPEG, **{"X-Auth-Token": "of the user"}
    )
    await post.settle()
    messages = [json.loads(body) for body in plain.bodies]
    assert [message["message_id"] for message in messages] == told
    assert all(base64.b64decode(message["image_base64"], validate=True) == JPEG for message in messages)
    assert [environ["HTTP_X_VEDETTE_EVENT_ID"] for environ in plain.environs] == told
    for environ, body in zip(plain.environs, plain.bodies, strict=True):
        assert environ["REQUEST_METHOD"] == "POST"
        assert environ["CONTENT_TYPE"] == "application/json"
        assert environ["CONTENT_LENGTH"] == str(len(body))
        assert "HTTP_TRANSFER_ENCODING" not in environ
        assert environ["HTTP_X_AUTH_TOKEN"] == "of the user"
    assert set(await post.states()) == {"done"}
