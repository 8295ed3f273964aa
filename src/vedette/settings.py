"""Every setting, declared once: name, type, default, unit, one sentence.

Each is read from the environment (`VEDETTE_` and its name in capitals) or from a TOML file under its plain name;
the environment wins. `VEDETTE_CONFIG` names the file; without it `vedette.toml` of the working folder is read if
it is there. Only `app` reads settings, and hands values down. The page docs/reference/settings.md is generated
from this file.
"""

import base64
import difflib
import json
import os
import tomllib
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Final, Literal, NamedTuple

from pydantic import AfterValidator, BeforeValidator, Field, JsonValue, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from vedette.model.data_stream import USUAL_BYTES
from vedette.model.errors import Misconfigured
from vedette.model.event import KEPT_BYTES
from vedette.model.guard import GuardMode
from vedette.model.quota import Quotas

PREFIX: Final = "VEDETTE_"
OTHERS: Final = frozenset({"VEDETTE_CONFIG", "VEDETTE_TEST_DATA", "VEDETTE_TEST_STRICT"})
"""Variables with our prefix that are no settings."""
DEFAULT_FILE: Final = Path("vedette.toml")


class Row(NamedTuple):
    """One setting, for people."""

    name: str
    group: str
    kind: str
    default: str
    unit: str
    sentence: str


def _split(separator: str) -> BeforeValidator:
    """Take a list, a JSON list, or a text with separators between its entries."""

    def split(value: object) -> object:
        if not isinstance(value, str):
            return value
        if value.lstrip().startswith("["):
            try:
                return json.loads(value)
            except json.JSONDecodeError as error:
                raise ValueError(f"is no JSON list ({error})") from None
        return [part.strip() for part in value.split(separator) if part.strip()]

    return BeforeValidator(split)


def _absolute(path: Path) -> Path:
    try:
        return path.expanduser().absolute()
    except RuntimeError:
        raise ValueError("begins with ~, but nobody knows the home folder of this user") from None


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def _no_address(entries: tuple[str, ...]) -> tuple[str, ...]:
    for entry in entries:
        if "://" in entry or " " in entry:
            raise ValueError(f"{entry!r} is neither a network, an address nor a host name")
    return entries


def _key(secret: SecretStr | None) -> SecretStr | None:
    if secret is None:
        return None
    try:
        key = base64.urlsafe_b64decode(secret.get_secret_value())
    except ValueError:
        key = b""
    if len(key) != 32:
        raise ValueError("must be 32 bytes in URL-safe base64")
    return secret


Folder = Annotated[Path, AfterValidator(_absolute)]
Folders = Annotated[tuple[Folder, ...], NoDecode, _split(os.pathsep)]
Names = Annotated[tuple[str, ...], NoDecode, _split(",")]
Exemptions = Annotated[Names, AfterValidator(_no_address)]
Key = Annotated[SecretStr | None, AfterValidator(_key)]


def _home() -> Path:
    """Return the user's data folder, as the XDG base directory specification has it."""
    named = os.environ.get("XDG_DATA_HOME", "")
    return Path(named if Path(named).is_absolute() else "~/.local/share") / "vedette"


def _cores() -> int:
    return max(1, len(os.sched_getaffinity(0)))


def _quota() -> float:
    """Return how many cores this process may use: of the machine, and of its control group (cgroup v2's `cpu.max`)."""
    try:
        most, period = Path("/sys/fs/cgroup/cpu.max").read_text(encoding="ascii").split()
        return min(_cores(), int(most) / int(period))
    except (OSError, ValueError):  # there is none, or it says `max`
        return float(_cores())


def _below(name: str) -> Any:
    """Return a factory of a path in the data folder."""
    return lambda given: given["data_dir"] / name


def _declare(group: str, kind: str, sentence: str, *, shown: str = "", unit: str = "", **how: Any) -> Any:
    """Declare a setting: `shown` is the default in words, for defaults that are worked out or empty."""
    row: dict[str, JsonValue] = {"group": group, "kind": kind, "default": shown, "unit": unit, "sentence": sentence}
    return Field(description=sentence, json_schema_extra=row, **how)


_service = partial(_declare, "The service")
_storage = partial(_declare, "Storage")
_limit = partial(_declare, "Limits")
_reach = partial(_declare, "What may be reached")
_dis = partial(_declare, "An external DIS")
_keystone = partial(_declare, "An external Keystone")
_running = partial(_declare, "Running tasks")
_first = partial(_declare, "The first start", default=None, shown="generated")


class Settings(BaseSettings):
    """All settings, checked. Defaults that depend on others are already worked out."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, extra="forbid", frozen=True, validate_default=True
    )

    host: str = _service("address", "Address to listen on; `0.0.0.0` lets other machines in.", default="127.0.0.1")
    port: int = _service("number", "Port to listen on; 0 lets the system choose one.", default=8090, ge=0, le=65535)
    public_url: str | None = _service(
        "URL",
        "Address under which clients reach the service, where that is not host and port (behind a proxy).",
        default=None,
        shown="none",
        pattern=r"^https?://[^\s/]+(/\S*)?$",
    )
    token_hours: float = _service("number", "How long a token is valid.", unit="h", default=24.0, gt=0, le=8760)
    log_level: Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(_lower)] = _service(
        "`debug`, `info`, `warning` or `error`", "Least severe kind of log line that is written.", default="info"
    )
    log_format: Annotated[Literal["json", "text", "auto"], BeforeValidator(_lower)] = _service(
        "`json`, `text` or `auto`",
        "Shape of the log lines; `auto` writes text to a terminal and JSON elsewhere.",
        default="auto",
    )

    data_dir: Folder = _storage(
        "folder",
        "Folder of everything that is kept; made if it is not there.",
        default_factory=_home,
        shown="`$XDG_DATA_HOME/vedette`, else `~/.local/share/vedette`",
    )
    database_url: str = _storage(
        "URL",
        "Database: `sqlite:///<path>` or `postgresql://<user>:<password>@<host>/<name>`.",
        default_factory=lambda given: f"sqlite:///{given['data_dir'] / 'vedette.db'}",
        shown="SQLite file `<data_dir>/vedette.db`",
        pattern=r"^(sqlite|postgresql)(\+\w+)?://",
        repr=False,
    )
    models_dir: Folder = _storage(
        "folder", "Folder of the detector models.", default_factory=_below("models"), shown="`<data_dir>/models`"
    )
    services_dir: Folder = _storage(
        "folder",
        "Folder of your own services, as manifests; one of them takes the place of a shipped one of the same name.",
        default_factory=_below("services"),
        shown="`<data_dir>/services`",
    )
    secret_key: Key = _storage(
        "secret",
        "Key that encrypts passwords and headers in the database: 32 bytes in URL-safe base64; it wins over the file.",
        default=None,
        shown="none",
    )
    secret_key_file: Folder = _storage(
        "file",
        "File of that key; it is made at the first start if neither is there.",
        default_factory=_below("secret.key"),
        shown="`<data_dir>/secret.key`",
    )
    task_quota: int = _limit("number", "Tasks a project may have that has no limit of its own.", default=100_000, ge=0)
    source_quota: int = _limit(
        "number", "Video sources a project may have that has no limit of its own.", default=5000, ge=0
    )
    group_quota: int = _limit(
        "number", "Video groups a project may have that has no limit of its own.", default=200, ge=0
    )
    event_max_age_days: float = _limit(
        "number", "Stored events older than this are removed, with their pictures.", unit="days", default=30.0, gt=0
    )
    event_max_count: int = _limit(
        "number", "Stored events that are kept in all; beyond it the oldest are removed.", default=1_000_000, ge=1
    )
    event_max_bytes: int = _limit(
        "number",
        "Messages and pictures of stored events that are kept in all; beyond it the oldest events are removed.",
        unit="bytes",
        default=KEPT_BYTES,
        ge=1_048_576,
    )
    finished_task_days: float = _limit(
        "number",
        "Tasks that SUCCEEDED or FAILED longer ago than this are removed; their events stay. 0: none is, as a client that "
        "made a task may ask for it at any time.",
        unit="days",
        default=0.0,
        ge=0,
    )
    history_max_days: float = _limit(
        "number",
        "Moves of a task's history older than this are removed; the first and the last ten are kept.",
        unit="days",
        default=90.0,
        gt=0,
    )
    history_max_count: int = _limit(
        "number",
        "Moves that are kept of one task; beyond them the oldest are removed, all but the first.",
        default=1000,
        ge=20,
    )

    delivery_queue_max: int = _limit(
        "number",
        "Deliveries that may wait for one destination; what comes beyond them becomes dead letters.",
        default=1_000_000,
        ge=1,
    )
    data_stream_max_bytes: int = _limit(
        "number",
        "Data that a data stream (output `dis`) may hold; beyond it its oldest records are removed.",
        unit="bytes",
        default=USUAL_BYTES,
        ge=1_048_576,
    )

    file_roots: Folders = _reach(
        "folders, `:` between them", "Folders from which `file://` inputs may be read.", default=(), shown="none"
    )
    guard: Annotated[GuardMode, BeforeValidator(_lower)] = _reach(
        "`lan` or `hosted`",
        "Which addresses outgoing requests may reach: `lan` refuses loopback, link-local and metadata addresses, "
        "`hosted` private networks too.",
        default=GuardMode.LAN,
    )
    guard_allow: Exemptions = _reach(
        "networks, addresses and host names, `,` between them",
        "Destinations that the guard always lets through.",
        default=(),
        shown="none",
    )

    dis_url: str | None = _dis(
        "URL",
        "Address of a DIS that the outputs `dis` go to; without it they go to the service's own data streams.",
        default=None,
        shown="none",
        pattern=r"^https?://[^\s/@]+(/[^\s?#]*)?$",
    )
    dis_project_id: str | None = _dis(
        "text", "Project in which the streams are there.", default=None, shown="none", pattern=r"^[a-zA-Z0-9-]{1,64}$"
    )
    dis_access_key: str | None = _dis(
        "text", "Access key with which they are written.", default=None, shown="none", min_length=1
    )
    dis_secret_key: SecretStr | None = _dis("secret", "Its secret key.", default=None, shown="none", min_length=1)

    keystone_url: str | None = _keystone(
        "URL",
        "Address of an OpenStack Keystone that validates tokens which are not ours, such as `https://keystone:5000/v3`.",
        default=None,
        shown="none",
        pattern=r"^https?://[^\s/]+(/\S*)?$",
    )
    keystone_user: str = _keystone(
        "text", "User as whom the service asks it about tokens.", default="vedette", min_length=1
    )
    keystone_password: SecretStr | None = _keystone(
        "secret", "Password of that user; needed with `VEDETTE_KEYSTONE_URL`.", default=None, shown="none", min_length=1
    )
    keystone_project: str = _keystone(
        "text", "Project in which that user may validate tokens.", default="service", min_length=1
    )
    keystone_domain: str = _keystone(
        "text", "Domain of that user and that project, by name.", default="Default", min_length=1
    )

    workers: int = _running(
        "number", "Worker processes on this machine.", default_factory=_cores, shown="number of CPU cores", ge=1, le=256
    )
    lonely_workers: int = _running(
        "number",
        "Worker processes that there may be besides, each for one stream that was there when two workers died.",
        default=4,
        ge=1,
        le=64,
    )
    live_cores: float = _running(
        "number",
        "Cores that live streams may use in all, as measured, before another one waits; 0: as many as they like.",
        default_factory=_quota,
        shown="what the service may use",
        ge=0,
        le=4096,
    )
    tasks_per_worker: int = _running(
        "number",
        "Tasks that may run at once for each worker process; one beyond all of them waits.",
        default=200,
        ge=1,
    )
    lease_s: float = _running(
        "number",
        "How long a worker may go on with its streams when the service does not answer it.",
        unit="s",
        default=4.0,
        ge=1,
        le=3600,
    )
    vcn_keep_alive_s: float = _running(
        "number",
        "How often a session at a VCN server is kept from ending, where no stream asks it for an address meanwhile.",
        unit="s",
        default=300.0,
        ge=5,
        le=3600,
    )
    probe_every: float = _running(
        "number",
        "About how often a video source that no task watches is looked at; 0: only when it is new, changed, or asked for.",
        unit="s",
        default=600.0,
        ge=0,
        le=604_800,
    )
    crash_budget: int = _running(
        "number",
        "How often in a row a task may lose its worker, without five seconds of running between; once more and it is FAILED.",
        default=5,
        ge=0,
    )
    analysis_fps: float | None = _running(
        "number",
        "Pictures a second that are analysed of a stream.",
        unit="1/s",
        default=None,
        shown="what the algorithms ask for",
        gt=0,
        le=240,
    )
    engine: Annotated[Literal["auto", "onnxruntime", "openvino"], BeforeValidator(_lower)] = _running(
        "`auto`, `onnxruntime` or `openvino`",
        "What runs models. `auto`: the faster of those installed, measured once for each model and machine.",
        default="auto",
    )
    precision: Annotated[Literal["fp32", "bf16"], BeforeValidator(_lower)] = _running(
        "`fp32` or `bf16`",
        "How float models are computed. `bf16` is quicker and less exact; OpenVINO alone has it, on processors that do.",
        default="fp32",
    )
    providers: Names = _running(
        "names, `,` between them",
        "ONNX Runtime execution providers, best first; those for GPUs need another build of ONNX Runtime and are "
        "untested.",
        default=("CPUExecutionProvider",),
        min_length=1,
    )

    bootstrap_project_id: str | None = _first("text", "Id of the first project.", pattern=r"^[a-zA-Z0-9-]{1,64}$")
    bootstrap_project_name: str | None = _first("text", "Name of the first project.", min_length=1, max_length=64)
    bootstrap_user: str | None = _first("text", "Name of the first user.", min_length=1, max_length=64)
    bootstrap_password: SecretStr | None = _first("secret", "Password of the first user.", min_length=1)
    bootstrap_token: SecretStr | None = _first("secret", "A token of the first user that does not end.", min_length=1)
    bootstrap_access_key: str | None = _first("text", "Access key of the first user.", min_length=1)
    bootstrap_secret_key: SecretStr | None = _first("secret", "Secret key of the first user.", min_length=1)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Say where values come from, the strongest first."""
        del dotenv_settings, file_secret_settings
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, toml_file=_file())

    @property
    def quotas(self) -> Quotas:
        """Return what a project may have that has no limits of its own."""
        return Quotas(self.task_quota, self.source_quota, self.group_quota)

    @classmethod
    def load(cls) -> "Settings":
        """Return the settings of this process.

        Raises:
            Misconfigured: a value breaks its rule, a name is unknown, or the file cannot be read.
        """
        names = [name.upper() for name in os.environ]
        for name in names:
            if name.startswith(PREFIX) and name not in OTHERS and name.removeprefix(PREFIX).lower() not in cls.names():
                raise Misconfigured(_unknown(name, [PREFIX + known.upper() for known in cls.names()]))
        try:
            return cls()
        except ValidationError as error:
            raise Misconfigured(_told(error, cls.names())) from None
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise Misconfigured(f"The settings file {_file()} cannot be read: {error}") from None

    @classmethod
    def names(cls) -> list[str]:
        """Return the names of all settings, in their order."""
        return list(cls.model_fields)

    @classmethod
    def table(cls) -> list[Row]:
        """Return every setting, for the documentation."""
        return [_row(name, field) for name, field in cls.model_fields.items()]


def _row(name: str, field: FieldInfo) -> Row:
    extra = field.json_schema_extra
    if not isinstance(extra, dict):
        raise TypeError(f"the setting {name} is not declared with _declare")
    declared = {key: str(value) for key, value in extra.items()}
    declared["default"] = declared["default"] or _plain(field.default)
    return Row(name=name, **declared)


def _plain(default: object) -> str:
    return f"`{', '.join(default)}`" if isinstance(default, tuple) else f"`{default}`"


def _file() -> Path | None:
    """Return the settings file.

    Raises:
        Misconfigured: `VEDETTE_CONFIG` names a file that is not there.
    """
    named = os.environ.get("VEDETTE_CONFIG", "")
    if named and not Path(named).is_file():
        raise Misconfigured(f"VEDETTE_CONFIG names {named}, which is not a file.")
    if named:
        return Path(named)
    return DEFAULT_FILE if DEFAULT_FILE.is_file() else None


def _unknown(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.0)
    return f"{name} is not a setting; the nearest is {near[0]}."


def _told(error: ValidationError, known: list[str]) -> str:
    """Return the first fault as one line; the value itself is left out, as it may be a secret."""
    fault = error.errors(include_input=False, include_url=False)[0]
    name = str(fault["loc"][0])
    variable = PREFIX + name.upper()
    if fault["type"] == "extra_forbidden":
        return f"{_file()}: {_unknown(name, known)}"
    place = variable if variable in (key.upper() for key in os.environ) else f"{name} in {_file()}"
    message = fault["msg"].removeprefix("Value error, ")
    return f"{place}: {message[:1].lower()}{message[1:].rstrip('.')}."
