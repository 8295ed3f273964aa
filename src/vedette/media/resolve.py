"""From a URL to what may be opened: scheme, name look-up, the guard's judgement, and the address that was judged.

Whoever connects uses an address of `Pinned.addresses` and never looks the name up again: a second answer could
differ from the one that was judged (DNS rebinding).
"""

import socket
import stat
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from vedette.model.errors import SourceRefused, SourceUnreachable, SourceUnsupported
from vedette.model.guard import GuardPolicy
from vedette.model.source import Address, Liveness
from vedette.model.urls import split

PORTS = {"http": 80, "https": 443, "rtsp": 554, "rtmp": 1935, "ftp": 21}
"""The schemes that are opened over the network, with the ports that are meant when a URL names none."""


@dataclass(frozen=True, slots=True)
class Pinned:
    """What is to be opened.

    Attributes:
        shown: scheme, host and port, or the path: for people; holds no credentials.
        host: the name in the URL; empty for files.
        addresses: the judged addresses of the host, in the resolver's order; empty for files.
        userinfo: `user:password` as it stands in the URL, or empty.
        target: path and query as they stand in the URL.
        path: the file, for file URLs.
    """

    scheme: str
    liveness: Liveness
    tls_verify: bool
    shown: str
    host: str = ""
    port: int = 0
    addresses: tuple[str, ...] = ()
    userinfo: str = field(default="", repr=False)
    target: str = field(default="", repr=False)
    path: Path | None = None

    def url(self, address: str) -> str:
        """Return the URL with its host replaced by one of the judged addresses; holds the credentials."""
        host = f"[{address}]" if ":" in address else address
        login = f"{self.userinfo}@" if self.userinfo else ""
        return f"{self.scheme}://{login}{host}:{self.port}{self.target}"

    @property
    def tcurl(self) -> str:
        """Return the `tcUrl` of an RTMP connection under the host's own name: servers choose the virtual host by it.

        The application is the first part of the path, or the first two where three or more are given: the
        division that FFmpeg's rtmp protocol makes.
        """
        parts = self.target.partition("?")[0].lstrip("/").split("/")
        return f"{self.scheme}://{_netloc(self.host, self.port)}/{'/'.join(parts[: max(1, min(2, len(parts) - 1))])}"


def pin(address: Address, policy: GuardPolicy, file_roots: tuple[Path, ...]) -> Pinned:
    """Return what is to be opened for an address.

    Blocks while the name is looked up.

    Raises:
        SourceUnsupported: the scheme is none that is read.
        SourceRefused: the URL is malformed, the guard forbids the address, or a file lies outside `file_roots`.
        SourceUnreachable: the name cannot be resolved.
    """
    try:
        parts = split(address.url)
        port = parts.port
    except ValueError:
        raise SourceRefused("the address is not a URL") from None
    scheme = parts.scheme.lower()
    if scheme == "file":
        return _pin_file(address, parts, file_roots)
    if scheme not in PORTS:
        raise SourceUnsupported(f"addresses with the scheme {scheme[:20]!r} are not read")
    host = parts.hostname or ""
    if not host or any(ord(sign) <= 32 for sign in address.url):
        raise SourceRefused("the address is not a URL with a host")
    if port == 0:
        raise SourceRefused("the address has the port 0, where nobody can listen")
    port = port or PORTS[scheme]
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Pinned(
        scheme=scheme,
        liveness=address.liveness,
        tls_verify=address.tls_verify,
        shown=f"{scheme}://{_netloc(host, port)}",
        host=host,
        port=port,
        addresses=_look_up(host, port, policy),
        userinfo=parts.netloc.rpartition("@")[0],
        target=target,
    )


def shown(url: str) -> str:
    """Return scheme, host and port of a URL as they stand in it: for people; holds no credentials."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _netloc(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _look_up(host: str, port: int, policy: GuardPolicy) -> tuple[str, ...]:
    """Resolve a name and judge every answer: one forbidden answer among good ones condemns them all."""
    try:
        answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:  # UnicodeError: a label that IDNA cannot write
        reason = error.strerror if isinstance(error, OSError) else "not a host name"
        raise SourceUnreachable(f"the host {host!r} cannot be resolved: {reason}") from None
    addresses = tuple(dict.fromkeys(str(answer[4][0]) for answer in answers))
    for one in addresses:
        if not policy.permits(host, one):
            named = f"{one} is an address that" if host == one else f"the host {host!r} stands for {one}, which"
            raise SourceRefused(
                f"{named} this service may not reach (guard {policy.mode.value!r}; the operator can exempt it with "
                f"VEDETTE_GUARD_ALLOW={one})"
            )
    return addresses


def _pin_file(address: Address, parts: SplitResult, file_roots: tuple[Path, ...]) -> Pinned:
    """Find a file below one of the roots, after `..` and every symbolic link are resolved."""
    if parts.netloc not in ("", "localhost"):
        raise SourceRefused("a file address names no host")
    text = unquote(parts.path)
    if not text.startswith("/") or "\0" in text or parts.query:
        raise SourceRefused("a file address holds an absolute path and nothing else")
    if not file_roots:
        raise SourceRefused("no folder is open for file addresses (the operator opens some with VEDETTE_FILE_ROOTS)")
    try:
        path = Path(text).resolve()
    except (OSError, RuntimeError):  # RuntimeError: links in a circle
        raise SourceRefused("the path of the file cannot be resolved") from None
    if not any(path.is_relative_to(root.resolve()) for root in file_roots):
        # said before looking whether it exists: who may not read a folder shall not learn what is in it
        raise SourceRefused("the file lies outside the folders that are open for file addresses (VEDETTE_FILE_ROOTS)")
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise SourceRefused(f"the file {path.name!r} cannot be read: {error.strerror}") from None
    if not stat.S_ISREG(mode):
        raise SourceRefused(f"{path.name!r} is not a regular file")
    return Pinned("file", address.liveness, address.tls_verify, shown=f"file {path.name!r}", path=path)
