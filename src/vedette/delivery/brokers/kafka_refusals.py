"""What Kafka's errors mean for a delivery: whether it is tried again, and what the operator reads."""

import os
import ssl
from typing import Final

from aiokafka import errors

from vedette.model.errors import SinkBusy, SinkError, SinkRefused, SinkUnreachable

_REFUSED: Final = (
    (
        (
            errors.AuthenticationFailedError,
            errors.SaslAuthenticationFailed,
            errors.IllegalSaslStateError,
            errors.UnsupportedSaslMechanismError,
        ),
        "{where} does not let this user in ({kind}). Check username, password and tls of the broker.",
    ),
    (
        (errors.TopicAuthorizationFailedError, errors.ClusterAuthorizationFailedError),
        "{where} does not let this user write to the topic {topic}.",
    ),
    (
        (errors.MessageSizeTooLargeError, errors.RecordListTooLargeError, errors.RecordTooLargeError),
        "The event is larger than {where} takes (max.message.bytes of the topic {topic}).",
    ),
    (
        (errors.InvalidTopicError, errors.PolicyViolationError, errors.UnsupportedForMessageFormatError),
        "{where} does not take records for the topic {topic} ({kind}).",
    ),
)
"""What another try does not cure."""
_BROKEN: Final = (errors.KafkaConnectionError, errors.NodeNotReadyError, errors.RequestTimedOutError)


def told(error: Exception, where: str, topic: str) -> SinkError:
    """Return what an error of the client means.

    Args:
        where: the brokers, for the message.
    """
    if isinstance(error, SinkError):
        return error
    kind = type(error).__name__
    for kinds, text in _REFUSED:
        if isinstance(error, kinds):
            return SinkRefused(text.format(where=where, topic=topic, kind=kind))
    if isinstance(error, ssl.SSLError):
        return SinkUnreachable(
            f"The TLS connection to {where} failed ({getattr(error, 'verify_message', '') or error.reason or kind})."
        )
    if isinstance(error, OSError):
        return SinkUnreachable(f"Nobody answers at {where} ({os.strerror(error.errno) if error.errno else kind}).")
    if isinstance(error, _BROKEN):
        return SinkUnreachable(f"The connection to {where} broke ({kind}).", connected=True)
    return SinkBusy(f"{where} did not take the record ({kind}).")
