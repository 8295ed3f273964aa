"""One login for each account, whoever asks and however often; and none that is not needed."""

import asyncio
import threading
from collections.abc import Collection
from dataclasses import dataclass, field
from itertools import count

import pytest
from structlog.testing import capture_logs

from vedette.control.vcn_accounts import AT_ONCE
from vedette.control.vcn_sessions import END_S, VcnSessions
from vedette.media.vcn import Session
from vedette.model.errors import SourceError, SourceRefused, SourceUnreachable
from vedette.model.ids import StreamId, WorkerId
from vedette.model.source import VcnLookup, VcnServer
from vedette.model.stream import AddressAnswer, AddressQuestion

SERVER = VcnServer("10.0.0.9", 18531, "operator", "pa55-word")
OTHER = VcnServer("10.0.0.9", 18531, "operator", "another")


@dataclass
class FakeNode:
    """A node of one account.

    Attributes:
        refuses: what a login, or an address, is answered with.
        calls: names of the calls, in order.
    """

    shown: str = "10.0.0.9:18531"
    refuses: SourceError | None = None
    no_camera: SourceError | None = None
    warning: str = ""
    silent: bool = False
    calls: list[str] = field(default_factory=list)
    known: set[str] = field(default_factory=set)
    at_once: int = 0
    most: int = 0
    wait: threading.Event | None = None
    numbers: "count[int]" = field(default_factory=count)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def login(self) -> Session:
        self.calls.append("login")
        if self.refuses:
            raise self.refuses
        cookie = f"session-{next(self.numbers)}"
        self.known = {cookie}
        return Session(cookie, self.warning)

    def rtsp_url(self, session: Session, camera: str, stream_type: int) -> str:
        with self._lock:
            self.at_once += 1
            self.most = max(self.most, self.at_once)
        if self.wait is not None:
            assert self.wait.wait(10)
        with self._lock:
            self.at_once -= 1
            self.calls.append("url")
        if self.silent:
            raise SourceUnreachable("timed out")
        if session.cookie not in self.known:
            raise SourceRefused("401")
        if self.no_camera:
            raise self.no_camera
        return f"rtsp://10.0.0.9/{camera}/{stream_type}?{next(self.numbers)}"

    def keep_alive(self, session: Session) -> bool:
        self.calls.append("keep_alive")
        if self.silent:
            raise SourceUnreachable("timed out")
        return session.cookie in self.known

    def logout(self, session: Session) -> None:
        self.calls.append("logout")
        self.known.discard(session.cookie)

    def count(self, call: str) -> int:
        return self.calls.count(call)


class Scene:
    """The sessions, with nodes and a clock that the test holds."""

    def __init__(self) -> None:
        self.nodes: dict[VcnServer, FakeNode] = {SERVER: FakeNode(), OTHER: FakeNode()}
        self.now = 1000.0
        self.wanted: set[str] = {"a", "b"}
        self.sessions = VcnSessions(
            lambda server: self.nodes[server],
            wanted=self._wanted,
            keep_alive_s=300.0,
            monotonic=lambda: self.now,
        )

    @property
    def node(self) -> FakeNode:
        return self.nodes[SERVER]

    async def _wanted(self, among: Collection[StreamId]) -> set[StreamId]:
        return {stream for stream in among if stream in self.wanted}

    async def ask(self, stream: str = "a", server: VcnServer = SERVER) -> AddressAnswer:
        asked = VcnLookup(server, f"camera-{stream}", 1)
        return await self.sessions.address(AddressQuestion(WorkerId("w"), StreamId(stream), 1, asked))


@pytest.fixture
def scene() -> Scene:
    return Scene()


async def test_all_streams_of_an_account_share_one_login(scene: Scene) -> None:
    answers = await asyncio.gather(*(scene.ask(str(number)) for number in range(60)))
    assert all(answer.failure is None for answer in answers)
    assert len({answer.url for answer in answers}) == 60, "an address is good for one connection"
    assert scene.node.count("login") == 1
    await scene.ask("a", OTHER)
    assert scene.nodes[OTHER].count("login") == 1, "another password is another account"


async def test_a_node_that_hangs_takes_few_threads(scene: Scene) -> None:
    scene.node.wait = threading.Event()
    asking = asyncio.gather(*(scene.ask(str(number)) for number in range(20)))
    assert (await scene.ask("a", OTHER)).url
    scene.node.wait.set()
    await asking
    assert scene.node.most <= AT_ONCE


async def test_a_session_that_has_ended_is_begun_anew_once(scene: Scene) -> None:
    """However many find out at the same time."""
    await scene.ask()
    scene.node.known.clear()
    scene.now += 100
    answers = await asyncio.gather(*(scene.ask(str(number)) for number in range(10)))
    assert all(answer.url for answer in answers)
    assert scene.node.count("login") == 2


async def test_a_camera_that_is_not_there_costs_no_login(scene: Scene) -> None:
    """The session is asked after before it is given up: another login would end it for all others."""
    await scene.ask()
    scene.node.no_camera = SourceUnreachable("code 7")
    for _ in range(5):
        scene.now += 100
        answer = await scene.ask("b")
        assert answer.failure is not None
        assert answer.failure.message == "code 7"
        assert answer.transient
    assert scene.node.count("login") == 1


async def test_a_wrong_password_is_tried_seldom(scene: Scene) -> None:
    """60 streams that ask every two seconds for ten minutes would lock any account."""
    scene.node.refuses = SourceRefused("the code 119")
    first = await scene.ask()
    assert first.failure is not None
    assert not first.transient
    for _ in range(300):
        scene.now += 2
        for stream in "ab":
            answer = await scene.ask(stream)
            assert answer.failure is not None
            assert answer.failure.message.startswith("the code 119")
            assert answer.failure.code == first.failure.code
    assert 3 < scene.node.count("login") <= 9
    scene.node.refuses = None
    scene.now += 601
    assert (await scene.ask()).url, "the password was set right at the node"


async def test_a_task_created_anew_does_not_try_a_wrong_password_anew(scene: Scene) -> None:
    scene.node.refuses = SourceRefused("the code 119")
    scene.wanted.clear()
    await scene.ask()
    for _ in range(3):
        await scene.sessions.run_once()
        await scene.ask("c")
    assert scene.node.count("login") == 1
    assert (await scene.ask("a", OTHER)).url, "the right password is another account"


async def test_looks_at_a_source_do_not_wear_an_account_out(scene: Scene) -> None:
    """Each is over long before the next one comes."""
    scene.node.refuses = SourceRefused("the code 119")
    for number in range(60):
        await scene.ask(f"look {number}")
        for _ in range(30):
            scene.now += 2
            await scene.sessions.run_once()
    assert scene.node.count("login") < 20


async def test_a_node_that_is_away_is_asked_again_soon(scene: Scene) -> None:
    scene.node.refuses = SourceUnreachable("nobody answers")
    assert (await scene.ask()).transient
    assert (await scene.ask()).transient
    assert scene.node.count("login") == 1
    scene.node.refuses = None
    scene.now += 1.1
    assert (await scene.ask()).url


async def test_a_node_that_takes_questions_and_says_nothing_holds_nobody_up(scene: Scene) -> None:
    """Each question would take its whole time, one behind the other; and a session is not given up for it."""
    await scene.ask()
    scene.node.silent = True
    answers = await asyncio.gather(*(scene.ask(str(number)) for number in range(60)))
    assert all(answer.transient for answer in answers)
    assert scene.node.count("url") <= 1 + AT_ONCE
    scene.node.silent = False
    scene.now += 1.1
    assert (await scene.ask()).url
    assert scene.node.count("login") == 1


async def test_two_that_end_each_others_session_slow_down(scene: Scene) -> None:
    """Somebody else logs in as the same user again and again: the node is not asked as fast as it can answer."""
    for _ in range(200):
        await scene.ask()
        scene.node.known.clear()
        scene.now += 1
    assert scene.node.count("login") < 20


async def test_a_session_is_kept_alive_and_no_oftener_than_needed(scene: Scene) -> None:
    await scene.ask()
    for _ in range(100):
        scene.now += 10
        await scene.sessions.run_once()
    assert scene.node.count("keep_alive") in (3, 4)
    scene.now += 290
    await scene.ask()
    before = scene.node.count("keep_alive")
    scene.now += 290
    await scene.sessions.run_once()
    assert scene.node.count("keep_alive") == before, "an address was asked for meanwhile"


async def test_a_session_found_dead_is_begun_anew(scene: Scene) -> None:
    await scene.ask()
    scene.node.known.clear()
    scene.now += 301
    await scene.sessions.run_once()
    assert scene.node.count("login") == 2


async def test_the_last_stream_that_goes_logs_out(scene: Scene) -> None:
    await scene.ask("a")
    await scene.ask("b")
    scene.now += 60
    scene.wanted = {"b"}
    await scene.sessions.run_once()
    assert scene.node.count("logout") == 0
    scene.wanted = set()
    await scene.sessions.run_once()
    assert scene.node.count("logout") == 1
    await scene.sessions.run_once()
    assert scene.node.count("logout") == 1
    assert (await scene.ask("a")).url
    assert scene.node.count("login") == 2


async def test_a_look_at_a_source_does_not_lose_its_session_under_its_eyes(scene: Scene) -> None:
    """No task wants what is only looked at."""
    await scene.ask("a look")
    scene.now += 3
    await scene.sessions.run_once()
    assert scene.node.count("logout") == 0
    scene.now += 30
    await scene.sessions.run_once()
    assert scene.node.count("logout") == 1


async def test_the_end_of_the_service_logs_out_of_everything(scene: Scene) -> None:
    await scene.ask("a")
    await scene.ask("a", OTHER)
    await scene.sessions.close()
    assert [node.count("logout") for node in scene.nodes.values()] == [1, 1]


async def test_a_warning_goes_with_every_address(scene: Scene) -> None:
    scene.node.warning = "the password has expired"
    for stream in "ab":
        assert "the password has expired" in (await scene.ask(stream)).note


async def test_many_nodes_that_hang_hold_up_no_other_and_not_the_end(scene: Scene) -> None:
    """The operator stops the service: he does not wait for the time-outs of forty nodes, which are behind each other."""
    over = threading.Event()

    class Hanging(FakeNode):
        def login(self) -> Session:
            assert over.wait(30)
            raise SourceUnreachable("timed out")

    servers = [VcnServer("10.0.0.8", port, "operator", "pa55-word") for port in range(1, 41)]
    scene.nodes |= dict.fromkeys(servers, Hanging())
    hanging = [asyncio.create_task(scene.ask(f"h{server.port}", server)) for server in servers]
    await asyncio.sleep(0)
    async with asyncio.timeout(5):
        assert (await scene.ask()).url
    async with asyncio.timeout(END_S + 2):
        await scene.sessions.close()
    assert scene.node.count("logout") == 1
    over.set()
    assert all(answer.transient for answer in await asyncio.gather(*hanging))


async def test_a_node_that_stays_away_is_logged_once(scene: Scene) -> None:
    """It is asked every second: a line each time would bury all others."""
    scene.node.refuses = SourceUnreachable("nobody answers")
    with capture_logs() as lines:
        for _ in range(10):
            await scene.ask()
            scene.now += 1.1
        scene.node.refuses = SourceUnreachable("500")
        await scene.ask()
    assert [line["reason"] for line in lines] == ["nobody answers", "500"]
