"""A Kafka cluster on loopback: librdkafka's own for tests, which `confluent-kafka` brings along.

It speaks Kafka's protocol and holds records in memory; its C interface (`rd_kafka_mock_*` of rdkafka_mock.h) lets it
fail on demand. It knows neither TLS nor log-ins, and writes a repeated record twice: see `Sequences`.
"""

import ctypes
from pathlib import Path
from typing import Any, Final, Self

import confluent_kafka

PRODUCE: Final = 0
"""API key."""
MESSAGE_TOO_LARGE: Final = 10
NOT_ENOUGH_REPLICAS: Final = 19
TOPIC_NOT_ALLOWED: Final = 29
UNKNOWN_TOPIC: Final = 3
OUT_OF_ORDER: Final = 45


def _library() -> ctypes.CDLL:
    folder = Path(confluent_kafka.__file__).resolve().parent.parent / "confluent_kafka.libs"
    library = ctypes.CDLL(str(next(folder.glob("librdkafka-*"))))
    pointer, text, number = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int
    for name, result, arguments in (
        ("rd_kafka_conf_new", pointer, []),
        ("rd_kafka_conf_set", number, [pointer, text, text, text, ctypes.c_size_t]),
        ("rd_kafka_new", pointer, [number, pointer, text, ctypes.c_size_t]),
        ("rd_kafka_destroy", None, [pointer]),
        ("rd_kafka_mock_cluster_new", pointer, [pointer, number]),
        ("rd_kafka_mock_cluster_destroy", None, [pointer]),
        ("rd_kafka_mock_cluster_bootstraps", text, [pointer]),
        ("rd_kafka_mock_topic_create", number, [pointer, text, number, number]),
        ("rd_kafka_mock_topic_set_error", None, [pointer, text, number]),
        ("rd_kafka_mock_push_request_errors_array", None, [pointer, ctypes.c_int16, ctypes.c_size_t, pointer]),
        ("rd_kafka_mock_clear_request_errors", None, [pointer, ctypes.c_int16]),
        ("rd_kafka_mock_broker_set_down", number, [pointer, ctypes.c_int32]),
        ("rd_kafka_mock_broker_set_up", number, [pointer, ctypes.c_int32]),
        ("rd_kafka_mock_broker_set_host_port", number, [pointer, ctypes.c_int32, text, number]),
        ("rd_kafka_mock_set_apiversion", number, [pointer, ctypes.c_int16, ctypes.c_int16, ctypes.c_int16]),
    ):
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


class Kafka:
    """A cluster.

    Attributes:
        servers: `host:port` of each broker; their ids are 1, 2, …
    """

    def __init__(self, brokers: int = 1) -> None:
        self._library, said = _library(), ctypes.create_string_buffer(512)
        settings = self._library.rd_kafka_conf_new()
        self._library.rd_kafka_conf_set(settings, b"log_level", b"0", said, 512)
        self._handle = self._library.rd_kafka_new(0, settings, said, 512)
        assert self._handle, said.value
        self._cluster = self._library.rd_kafka_mock_cluster_new(self._handle, brokers)
        self.servers = tuple(self._library.rd_kafka_mock_cluster_bootstraps(self._cluster).decode().split(","))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._library.rd_kafka_mock_cluster_destroy(self._cluster)
        self._library.rd_kafka_destroy(self._handle)

    def topic(self, name: str, partitions: int = 1) -> str:
        """Make a topic."""
        self._call("topic_create", name.encode(), partitions, 1)
        return name

    def ail(self, topic: str, error: int) -> None:
        """Have questions for a topic answered with an error; 0: no more."""
        self._library.rd_kafka_mock_topic_set_error(self._cluster, topic.encode(), error)

    def fail(self, *codes: int, api: int = PRODUCE) -> None:
        """Have the next requests answered with errors, one after the other, and those after them as usual."""
        given = (ctypes.c_int * max(1, len(codes)))(*codes)
        self._library.rd_kafka_mock_clear_request_errors(self._cluster, api)
        self._library.rd_kafka_mock_push_request_errors_array(self._cluster, api, len(codes), given)

    def down(self, broker: int = 1) -> None:
        """End a broker: its connections are cut, nobody listens there."""
        self._call("broker_set_down", broker)

    def up(self, broker: int = 1) -> None:
        """Have it back, with its records."""
        self._call("broker_set_up", broker)

    def calls_itself(self, host: str, port: int, broker: int = 1) -> None:
        """Have a broker tell clients another address."""
        self._call("broker_set_host_port", broker, host.encode(), port)

    def knows(self, api: int, lowest: int, highest: int) -> None:
        """Have it tell which versions of a request it knows; -1: none."""
        self._call("set_apiversion", api, lowest, highest)

    def read(self, topic: str, count: int, seconds: float = 10) -> list[Any]:
        """Return the first records of a topic (all its partitions), read by confluent's own consumer."""
        settings = {"bootstrap.servers": ",".join(self.servers), "group.id": "reader", "auto.offset.reset": "earliest"}
        reader = confluent_kafka.Consumer(settings | {"log_level": 0})
        try:
            told = reader.list_topics(topic, 5).topics[topic].partitions
            reader.assign([confluent_kafka.TopicPartition(topic, number, 0) for number in told])
            found: list[Any] = []
            while len(found) < count and (record := reader.poll(seconds)) is not None:
                assert record.error() is None, record.error()
                found.append(record)
            more = reader.poll(0.3)
            return found if more is None else [*found, more]
        finally:
            reader.close()

    def _call(self, name: str, *arguments: Any) -> None:
        failed = getattr(self._library, f"rd_kafka_mock_{name}")(self._cluster, *arguments)
        assert failed == 0, (name, failed)
