"""Encryption at rest: what is secret is sealed before it is written, and opened when it is used.

What is sealed is a mark, a nonce of 12 random bytes, and AES-256-GCM's ciphertext with its tag (NIST SP 800-38D); its
key is derived from the service's by HKDF (RFC 5869). Databases of before hold Fernet's tokens, which are opened as well.
"""

import base64
import hashlib
import hmac
import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Final, TypeVar

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from vedette.model.errors import Misconfigured

T = TypeVar("T")
MARK: Final = b"\x01"
"""Begins what is sealed; a token of Fernet begins with a letter."""
NONCE: Final = 12


class Vault:
    """Seals and opens with the service's key."""

    def __init__(self, *keys: str) -> None:
        try:
            self._fernet = MultiFernet([Fernet(key) for key in keys])
            self._ciphers = [AESGCM(_derived(key)) for key in keys]
            self._mark = hashlib.sha256(b"vedette fingerprint" + keys[0].encode()).digest()
        except ValueError:
            raise Misconfigured("VEDETTE_SECRET_KEY must be 32 bytes in URL-safe base64.") from None

    @classmethod
    def from_file(cls, path: Path) -> "Vault":
        """Return a vault with the key in this file, which is made (readable by its owner alone) if it is not there."""
        if not path.exists():
            unfinished = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
            descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(Fernet.generate_key().decode())
                file.flush()
                os.fsync(file.fileno())
            with suppress(FileExistsError):  # somebody else was quicker; a key is there whole, or not at all
                os.link(unfinished, path)
            unfinished.unlink()
        return cls(path.read_text().strip())

    def fingerprint(self, content: bytes) -> str:
        """Return what tells contents apart without telling them: HMAC-SHA256 under a key of ours, hex."""
        return hmac.new(self._mark, content, hashlib.sha256).hexdigest()

    def encrypt(self, text: str) -> bytes:
        """Seal a text."""
        return self._close(text.encode())

    def decrypt(self, sealed: bytes) -> str:
        """Open what `encrypt` sealed.

        Raises:
            Misconfigured: it was sealed with another key.
        """
        return self._open(sealed).decode()

    def seal(self, value: object) -> bytes:
        """Seal a value of the model as JSON."""
        return self._close(msgspec.json.encode(value))

    def unseal(self, sealed: bytes, kind: type[T]) -> T:
        """Open what `seal` sealed.

        Raises:
            Misconfigured: it was sealed with another key.
        """
        return msgspec.json.decode(self._open(sealed), type=kind)

    def _close(self, plain: bytes) -> bytes:
        nonce = os.urandom(NONCE)
        return MARK + nonce + self._ciphers[0].encrypt(nonce, plain, None)

    def _open(self, sealed: bytes) -> bytes:
        if sealed[:1] == MARK:
            for cipher in self._ciphers:
                with suppress(InvalidTag):
                    return cipher.decrypt(sealed[1 : 1 + NONCE], sealed[1 + NONCE :], None)
        else:
            with suppress(InvalidToken):
                return self._fernet.decrypt(sealed)
        raise Misconfigured("The data was encrypted with another key than the one in use.")


def _derived(key: str) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=b"vedette sealed values").derive(base64.urlsafe_b64decode(key))
