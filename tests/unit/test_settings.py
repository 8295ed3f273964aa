from pathlib import Path

import pytest

from vedette.model.errors import Misconfigured
from vedette.model.guard import GuardMode
from vedette.settings import PREFIX, Settings


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing of the machine's own settings is seen."""
    import os  # noqa: PLC0415  # only here, to look at what the machine has set

    for name in list(os.environ):
        if name.upper().startswith(PREFIX):
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "xdg"))
    monkeypatch.chdir(tmp_path)


def test_without_any_setting_the_service_can_start(tmp_path: Path) -> None:
    """A newcomer sets nothing; only this machine can reach the service then."""
    settings = Settings.load()
    assert (settings.host, settings.port) == ("127.0.0.1", 8090)
    assert settings.data_dir == tmp_path / "xdg/vedette"
    assert settings.models_dir == settings.data_dir / "models"
    assert settings.database_url == f"sqlite:///{settings.data_dir}/vedette.db"
    assert settings.file_roots == ()
    assert settings.guard is GuardMode.LAN
    assert settings.workers >= 1


def test_what_depends_on_the_data_folder_follows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Moving everything takes one variable."""
    monkeypatch.setenv("VEDETTE_DATA_DIR", "/srv/vedette")
    settings = Settings.load()
    assert settings.models_dir == Path("/srv/vedette/models")
    assert settings.database_url == "sqlite:////srv/vedette/vedette.db"
    assert settings.secret_key_file == Path("/srv/vedette/secret.key")


@pytest.mark.parametrize("text", ["/a:/b", '["/a", "/b"]', "/a::/b:"])
def test_folders_are_named_like_path_or_as_json(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """Both are what people type into a unit file."""
    monkeypatch.setenv("VEDETTE_FILE_ROOTS", text)
    assert Settings.load().file_roots == (Path("/a"), Path("/b"))


def test_exemptions_of_the_guard_stand_between_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    """IPv6 networks hold colons, so a colon cannot part them."""
    monkeypatch.setenv("VEDETTE_GUARD_ALLOW", "127.0.0.0/8, fd00::/8,nvr.local")
    assert Settings.load().guard_allow == ("127.0.0.0/8", "fd00::/8", "nvr.local")


def test_the_environment_wins_over_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The file is the machine's, the environment is this start's."""
    (tmp_path / "vedette.toml").write_text('port = 1\nworkers = 3\nfile_roots = ["/a"]\n')
    monkeypatch.setenv("VEDETTE_PORT", "2")
    settings = Settings.load()
    assert (settings.port, settings.workers, settings.file_roots) == (2, 3, (Path("/a"),))


def test_an_empty_variable_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compose files hand on empty variables for what nobody has set."""
    monkeypatch.setenv("VEDETTE_BOOTSTRAP_TOKEN", "")
    monkeypatch.setenv("VEDETTE_WORKERS", "")
    assert Settings.load().bootstrap_token is None


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("VEDETTE_PROT", "1", "VEDETTE_PROT is not a setting; the nearest is VEDETTE_PORT."),
        ("VEDETTE_PORT", "x", "VEDETTE_PORT: input should be a valid integer, unable to parse string as an integer."),
        ("VEDETTE_WORKERS", "0", "VEDETTE_WORKERS: input should be greater than or equal to 1."),
        ("VEDETTE_GUARD", "none", "VEDETTE_GUARD: input should be 'lan' or 'hosted'."),
        ("VEDETTE_GUARD_ALLOW", "http://a", "VEDETTE_GUARD_ALLOW: 'http://a' is neither a network, an address nor a"),
        ("VEDETTE_FILE_ROOTS", '["/a"', "VEDETTE_FILE_ROOTS: is no JSON list"),
        ("VEDETTE_DATABASE_URL", "mysql://u:pw@h/d", "VEDETTE_DATABASE_URL: string should match pattern"),
        ("VEDETTE_SECRET_KEY", "short", "VEDETTE_SECRET_KEY: must be 32 bytes in URL-safe base64."),
        ("VEDETTE_CONFIG", "gone.toml", "VEDETTE_CONFIG names gone.toml, which is not a file."),
    ],
)
def test_a_bad_value_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch, name: str, value: str, line: str) -> None:
    """The operator reads which variable, and what is wrong with it."""
    monkeypatch.setenv(name, value)
    with pytest.raises(Misconfigured) as caught:
        Settings.load()
    assert caught.value.message.startswith(line)
    assert "\n" not in caught.value.message


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("prot = 1", "vedette.toml: prot is not a setting; the nearest is port."),
        ("port = 'x'", "port in vedette.toml: input should be a valid integer"),
        ("port = ", "The settings file vedette.toml cannot be read: "),
    ],
)
def test_a_fault_in_the_file_names_the_file(tmp_path: Path, text: str, line: str) -> None:
    """Else one looks for it in the environment."""
    (tmp_path / "vedette.toml").write_text(text)
    with pytest.raises(Misconfigured) as caught:
        Settings.load()
    assert caught.value.message.startswith(line)


def test_no_secret_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings are printed into logs sooner or later; a refused secret is told without its value."""
    for name in ("BOOTSTRAP_PASSWORD", "BOOTSTRAP_TOKEN", "BOOTSTRAP_SECRET_KEY"):
        monkeypatch.setenv(PREFIX + name, "hush-hush-hush-hush")
    monkeypatch.setenv("VEDETTE_SECRET_KEY", "hushhushhushhushhushhushhushhushhushhushhus=")
    monkeypatch.setenv("VEDETTE_DATABASE_URL", "postgresql://u:hush-hush@h/d")
    assert "hush" not in repr(Settings.load())
    monkeypatch.setenv("VEDETTE_SECRET_KEY", "hush")
    with pytest.raises(Misconfigured) as caught:
        Settings.load()
    assert "hush" not in caught.value.message


def test_variables_of_the_tests_are_no_typos(monkeypatch: pytest.MonkeyPatch) -> None:
    """The suite starts the service with its own variables set."""
    monkeypatch.setenv("VEDETTE_TEST_DATA", "/data")
    monkeypatch.setenv("VEDETTE_TEST_STRICT", "1")
    assert Settings.load().port == 8090


def test_every_setting_has_its_row() -> None:
    """Name, kind, default and sentence; the page is made of them."""
    rows = Settings.table()
    assert [row.name for row in rows] == Settings.names()
    for row in rows:
        assert row.group
        assert row.kind
        assert row.default
        assert row.sentence.endswith(".")
