"""The model store on a real folder, pulled from a real server on loopback."""

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from vedette.algorithms.manifests import catalogue
from vedette.algorithms.models import ModelStore
from vedette.model.errors import ModelError
from vedette.model.guard import GuardPolicy

HERE = GuardPolicy.parse("lan", ["127.0.0.0/8"])
CONTENT = b"not a model, but a file with a checksum" * 1000


def manifest(folder: Path, name: str = "tiny", content: bytes = CONTENT, origin: str = "") -> Path:
    path = folder / "given.toml"
    path.write_text(
        f'name = "{name}"\nsha256 = "{hashlib.sha256(content).hexdigest()}"\nsize = {len(content)}\n'
        f'licence = "MIT"\norigin = "{origin}"\nroles = ["objects"]\n'
        '[input]\nwidth = 64\nheight = 64\n[output]\nlayout = "yolox"\nthreshold = 0.4\nlabels = ["person"]\n'
    )
    return path


class Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/moved":
            self._head(302, Location="/model")
        elif self.path == "/round":
            self._head(302, Location="/round")
        elif self.path == "/away":
            self._head(302, Location="file:///etc/passwd")
        elif self.path == "/short":
            self._head(200, **{"Content-Length": str(len(CONTENT) + 10)})
            self.wfile.write(CONTENT)
        elif self.path == "/model":
            self._head(200, **{"Content-Length": str(len(CONTENT))})
            self.wfile.write(CONTENT)
        elif self.path == "/endless":
            self._head(200)
            self.wfile.write(CONTENT * 3)
        else:
            self._head(404, **{"Content-Length": "0"})

    def _head(self, status: int, **headers: str) -> None:
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key, value)
        self.end_headers()

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def origin() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "models"


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_a_store_without_a_folder_is_empty(folder: Path) -> None:
    store = ModelStore(folder)
    assert store.list() == ()
    assert store.find("objects") is None


def test_a_model_with_its_manifest_is_taken_in(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "file.bin"
    file.write_bytes(CONTENT)
    store = ModelStore(folder)
    assert store.add(file, manifest(tmp_path)).name == "tiny"
    found = store.find("objects")
    assert found is not None
    assert store.verify(found).read_bytes() == CONTENT
    assert store.find("faces") is None
    assert left(folder) == ["tiny.onnx", "tiny.toml"]


def test_a_file_of_the_catalogue_needs_no_manifest(folder: Path, data: Path) -> None:
    """It is known by its checksum."""
    store = ModelStore(folder)
    assert store.add(data / "models" / "fastestdet.onnx").name == "fastestdet"
    assert store.add(data / "models" / "yolox_nano.onnx").name == "yolox-nano"
    assert [model.manifest.name for model in store.list()] == ["yolox-nano", "fastestdet"], "the better one first"
    assert {"fastestdet", "yolox-nano"} <= {entry.manifest.name for entry in catalogue()}


def test_a_file_nobody_knows_or_another_than_described_is_refused(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "file.bin"
    file.write_bytes(b"other")
    with pytest.raises(ModelError, match="does not know"):
        ModelStore(folder).add(file)
    with pytest.raises(ModelError, match="checksum"):
        ModelStore(folder).add(file, manifest(tmp_path))
    with pytest.raises(ModelError, match="cannot be taken in"):
        ModelStore(folder).add(tmp_path / "gone")
    assert left(folder) == []


@pytest.mark.parametrize("path", ["/model", "/moved"])
def test_a_model_is_pulled(folder: Path, tmp_path: Path, origin: str, path: str) -> None:
    store = ModelStore(folder)
    assert store.pull(origin + path, HERE, manifest(tmp_path)).name == "tiny"
    assert left(folder) == ["tiny.onnx", "tiny.toml"]


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/gone", "404"),
        ("/round", "redirects"),
        ("/away", "http or https"),
        ("/endless", "larger than"),
        ("/short", "cannot be pulled"),
    ],
)
def test_a_pull_that_fails_says_why_and_leaves_nothing(
    folder: Path, tmp_path: Path, origin: str, path: str, reason: str
) -> None:
    with pytest.raises(ModelError, match=reason):
        ModelStore(folder).pull(origin + path, HERE, manifest(tmp_path))
    assert left(folder) == []


def test_a_wrong_checksum_leaves_what_was_there(folder: Path, tmp_path: Path, origin: str) -> None:
    """The old file serves on until the new one is known to be right."""
    store = ModelStore(folder)
    store.pull(f"{origin}/model", HERE, manifest(tmp_path))
    before = (folder / "tiny.toml").read_text()
    with pytest.raises(ModelError, match="checksum"):
        store.pull(f"{origin}/model", HERE, manifest(tmp_path, content=CONTENT[::-1]))
    assert left(folder) == ["tiny.onnx", "tiny.toml"]
    assert (folder / "tiny.toml").read_text() == before
    assert (folder / "tiny.onnx").read_bytes() == CONTENT


def test_the_guard_judges_the_address(folder: Path, tmp_path: Path, origin: str) -> None:
    """A service must not be talked into reading its own neighbours."""
    with pytest.raises(ModelError, match="guard") as caught:
        ModelStore(folder).pull(f"{origin}/model?key=secret", GuardPolicy(), manifest(tmp_path))
    assert "secret" not in caught.value.message
    with pytest.raises(ModelError, match="guard"):
        ModelStore(folder).pull(origin.replace("127.0.0.1", "localhost"), GuardPolicy(), manifest(tmp_path))


def test_a_dead_address_and_an_unknown_name_are_named(folder: Path, tmp_path: Path, origin: str) -> None:
    with pytest.raises(ModelError, match="cannot be pulled"):
        ModelStore(folder).pull("http://127.0.0.1:1/model", HERE, manifest(tmp_path))
    with pytest.raises(ModelError, match="yolox-nano"):
        ModelStore(folder).pull("yolox-giant", HERE)


def test_damage_in_the_folder_is_told(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "file.bin"
    file.write_bytes(CONTENT)
    store = ModelStore(folder)
    store.add(file, manifest(tmp_path))
    (folder / "tiny.onnx").write_bytes(CONTENT[::-1])
    (turned,) = store.list()
    with pytest.raises(ModelError, match="checksum"):
        store.verify(turned)
    (folder / "tiny.onnx").write_bytes(b"")
    (short,) = store.list()
    assert "size" in short.problem
    (folder / "tiny.onnx").unlink()
    (gone,) = store.list()
    with pytest.raises(ModelError, match="missing"):
        store.verify(gone)
    (folder / "tiny.toml").write_text("nonsense")
    with pytest.raises(ModelError, match=r"tiny\.toml"):
        store.find("objects")
