"""Encryption at rest, and the key's file."""

import stat
import threading
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from conformance.ground import document
from vedette.model.errors import Misconfigured
from vedette.model.task import TaskDocument
from vedette.store.vault import Vault


def test_a_document_is_opened_as_it_was_sealed() -> None:
    """Every field, also the nested ones."""
    vault = Vault(Fernet.generate_key().decode())
    sealed = vault.seal(document())
    assert b"receiver.example" not in sealed
    assert vault.unseal(sealed, TaskDocument) == document()


def test_the_first_start_makes_a_key_that_its_owner_alone_can_read(tmp_path: Path) -> None:
    """And the second start finds it."""
    file = tmp_path / "secret.key"
    sealed = Vault.from_file(file).encrypt("hunter2")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert Vault.from_file(file).decrypt(sealed) == "hunter2"


def test_an_older_key_still_opens_what_it_sealed() -> None:
    """Keys are changed without sealing everything anew."""
    old, new = (Fernet.generate_key().decode() for _ in range(2))
    sealed = Vault(old).encrypt("x")
    both = Vault(new, old)
    assert both.decrypt(sealed) == "x"
    assert Vault(new).decrypt(both.encrypt("y")) == "y"


def test_what_older_versions_sealed_is_opened_still() -> None:
    """They sealed with Fernet."""
    key = Fernet.generate_key().decode()
    assert Vault(key).decrypt(Fernet(key).encrypt(b"hunter2")) == "hunter2"


def test_what_was_changed_on_disk_is_not_opened() -> None:
    """A tag guards every byte."""
    vault = Vault(Fernet.generate_key().decode())
    sealed = vault.encrypt("hunter2")
    for place in range(len(sealed)):
        changed = sealed[:place] + bytes([sealed[place] ^ 1]) + sealed[place + 1 :]
        with pytest.raises(Misconfigured):
            vault.decrypt(changed)


def test_another_key_opens_nothing() -> None:
    """The operator is told what is wrong, and not the text."""
    sealed = Vault(Fernet.generate_key().decode()).encrypt("x")
    with pytest.raises(Misconfigured):
        Vault(Fernet.generate_key().decode()).decrypt(sealed)


@pytest.mark.parametrize("key", ["", "short", "=" * 44])
def test_a_key_that_is_none_is_the_operators_fault(key: str) -> None:
    """One clear line at the start."""
    with pytest.raises(Misconfigured, match="VEDETTE_SECRET_KEY"):
        Vault(key)


def test_two_who_start_at_once_have_one_key(tmp_path: Path) -> None:
    """The service and an operator's command on a fresh data folder."""
    file, vaults, begin = tmp_path / "secret.key", list[Vault | Misconfigured](), threading.Barrier(8)

    def start() -> None:
        begin.wait()
        try:
            vaults.append(Vault.from_file(file))
        except Misconfigured as error:
            vaults.append(error)

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    keys = [vault for vault in vaults if isinstance(vault, Vault)]
    assert len(keys) == 8
    sealed = keys[0].encrypt("x")
    assert [vault.decrypt(sealed) for vault in keys] == ["x"] * 8
    assert list(tmp_path.iterdir()) == [file]
