"""Every failure this service can name, as one tree.

VedetteError
├─ CallerError              the request is at fault
│  ├─ InvalidParameter        a field breaks its rule
│  ├─ Malformed               the body is no JSON object
│  ├─ NotReferable            the request names something that does not exist
│  ├─ TaskNotFound
│  ├─ NotFound                nothing has that id
│  ├─ NameTaken
│  │  ├─ TaskNameTaken
│  │  ├─ SourceNameTaken
│  │  └─ GroupNameTaken
│  ├─ AlreadyExists
│  ├─ Unauthorized            no token, a bad one, or somebody else's project
│  │  └─ BadSignature
│  ├─ Forbidden               the role of the caller does not allow it
│  ├─ Outdated                If-Match names a version that is not the present one
│  ├─ QuotaReached
│  │  ├─ TaskQuotaReached
│  │  ├─ SourceQuotaReached
│  │  └─ GroupQuotaReached
│  ├─ RouteNotFound
│  ├─ MethodNotAllowed
│  ├─ TooLarge
│  └─ IllegalTransition       the state forbids it
│     └─ Frozen                 as long as the task or its project is frozen
├─ SourceError              the camera or the file is at fault
│  ├─ SourceUnreachable       transient
│  ├─ SourceLost              transient: it was there, and went away
│  ├─ SourceRefused           no retry cures it: wrong address, credentials, forbidden by the guard
│  ├─ SourceInvalid           no video, a codec nobody knows, absurd sizes
│  ├─ SourceTruncated         it ended before its own end
│  └─ SourceUnsupported       a kind of input or output that this release does not serve
├─ SinkError                the destination is at fault
│  ├─ SinkUnreachable         transient
│  ├─ SinkBusy                transient: it says so itself (503, 429, …)
│  ├─ SinkRefused             it answered, and does not want this
│  │  └─ SinkForbidden          our own guard says no
│  └─ SinkGone                it asked never to be called again
├─ ModelError               a model file is at fault
├─ AlgorithmError           an algorithm raised
├─ NotInstalled             no worker has the algorithm of the task
├─ WorkerLost               transient: a worker process died or fell silent
├─ StaleEpoch               somebody speaks who holds the stream no more
├─ Unavailable              transient: a part of the service is away
└─ Misconfigured            the operator is at fault

`transient` is the one question a retry loop asks. Codes are those of the published error table
(`VIAS.0001xxxx`); codes of our own begin with `VEDETTE.`.
"""

from typing import ClassVar


class VedetteError(Exception):
    """Base of every failure this service can name.

    Attributes:
        message: what happened, for the caller; never holds a secret.
        param: the field of the request at fault, if one is.
    """

    code: ClassVar[str] = "VIAS.00010006"
    reason: ClassVar[str] = "Internal error."
    advice: ClassVar[str] = "Look at the service's log for the request ID, or quote it to the operator."
    transient: ClassVar[bool] = False

    def __init__(self, message: str, *, param: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.param = param


class CallerError(VedetteError):
    """The request is at fault."""

    code = "VIAS.00010001"
    reason = "Invalid parameter."
    advice = "Correct the request and send it again."


class InvalidParameter(CallerError):
    """A field breaks its documented rule."""

    advice = "Check the value of the parameter."


class Malformed(CallerError):
    """The body is not a JSON object."""

    code = "VIAS.00010004"
    reason = "Invalid format."
    advice = "Send one JSON object, encoded in UTF-8."


class NotReferable(CallerError):
    """The request names something that does not exist."""

    code = "VIAS.00010002"
    reason = "The referenced object does not exist."
    advice = "Create the object first, or correct the reference."


class AlreadyExists(CallerError):
    """An object with this id is there already."""

    code = "VIAS.00010003"
    reason = "The object exists already."
    advice = "Use another id."


class Unauthorized(CallerError):
    """No token, a token that is not valid, or somebody else's project."""

    code = "VIAS.00010005"
    reason = "Authorization failed."
    advice = "Obtain a token for this project and send it as X-Auth-Token."


class BadSignature(Unauthorized):
    """The request's SDK-HMAC-SHA256 signature does not hold."""

    code = "APIGW.0301"
    reason = "Incorrect IAM authentication information."
    advice = "Check access key, secret key and the clock of the client."


class Forbidden(CallerError):
    """The caller is known, and their role does not allow this."""

    code = "VIAS.00010005"
    reason = "The role does not allow this operation."
    advice = "Ask an administrator of the project for a role that does."


class Outdated(CallerError):
    """The caller's copy of the object is not the newest."""

    code = "VEDETTE.5002"
    reason = "The object was changed meanwhile."
    advice = "Read it again, and repeat the change on what was read."


class TaskNotFound(CallerError):
    """No task of this project has that id."""

    code = "VIAS.00010007"
    reason = "The task does not exist."
    advice = "Check the task ID."


class NotFound(CallerError):
    """Nothing of this project has that id."""

    code = "VIAS.00010008"
    reason = "No object has this ID."
    advice = "Check the ID."


class NameTaken(CallerError):
    """The name is in use."""

    code = "VIAS.00010003"
    reason = "The name is in use."
    advice = "Choose another name."


class SourceNameTaken(NameTaken):
    """A video source of this project has the name."""

    code = "VIAS.00010010"


class TaskNameTaken(NameTaken):
    """A task of this project has the name."""

    code = "VIAS.00010011"


class GroupNameTaken(NameTaken):
    """A video group of this project has the name."""


class QuotaReached(CallerError):
    """The project may not have more of these."""

    reason = "The quota is reached."
    advice = "Delete what is no longer needed, or ask the operator for a higher quota."


class SourceQuotaReached(QuotaReached):
    """The project may not have more video sources."""

    code = "VIAS.0010047"


class TaskQuotaReached(QuotaReached):
    """The project may not have more tasks."""

    code = "VIAS.0010048"


class GroupQuotaReached(QuotaReached):
    """The project may not have more video groups."""


class IllegalTransition(CallerError):
    """The task cannot do this in its present state."""

    code = "VIAS.00010012"
    reason = "Operation not allowed."
    advice = "Wait until the task has settled, then try again."


class Frozen(IllegalTransition):
    """The task or its project is frozen."""

    advice = "What it says has to be settled first; ask whoever runs this installation if you cannot."


class RouteNotFound(CallerError):
    """No operation has this path."""

    code = "VIAS.00010008"
    reason = "No such operation."
    advice = "Check the path."


class MethodNotAllowed(CallerError):
    """The path exists, but not with this method."""

    code = "VIAS.00010006"
    reason = "Request method not supported."
    advice = "Check the method."


class TooLarge(CallerError):
    """The body is larger than any documented request."""

    code = "VIAS.00010004"
    reason = "The request is too large."
    advice = "Send a smaller body."


class SourceError(VedetteError):
    """The camera or the file is at fault."""

    code = "VEDETTE.1000"
    reason = "The video source failed."
    advice = "Check the source."


class SourceUnreachable(SourceError):
    """Nobody answers at the source's address, or not in time."""

    code = "VEDETTE.1001"
    advice = "Check the address and the network; the task goes on trying by itself."
    transient = True


class SourceLost(SourceError):
    """The source was there and went away."""

    code = "VEDETTE.1002"
    advice = "Wait: the task goes on trying by itself. Check the source if it does not come back."
    transient = True


class SourceRefused(SourceError):
    """The source, or our own guard, says no; asking again does not help.

    Attributes:
        login: it refuses the name or the password: who repeats them too often has the account locked.
    """

    code = "VEDETTE.1003"
    advice = "Correct the address, the login or what it allows, then start the task again."

    def __init__(self, message: str, *, param: str | None = None, login: bool = False) -> None:
        super().__init__(message, param=param)
        self.login = login


class SourceInvalid(SourceError):
    """What the source gives is no video that can be decoded."""

    code = "VEDETTE.1004"
    advice = "Give it a video that can be decoded, then start the task again."


class SourceTruncated(SourceError):
    """The file ended before the end it declares."""

    code = "VEDETTE.1005"
    advice = "See whether the file was copied whole, then start the task again."


class SourceUnsupported(SourceError):
    """This release cannot read this kind of input, or write this kind of output."""

    code = "VEDETTE.1006"
    advice = "Use another kind of input or output; the documentation names those that are served."


class SinkError(VedetteError):
    """The destination is at fault."""

    code = "VEDETTE.2000"
    reason = "The destination failed."
    advice = "Check the destination."


class SinkUnreachable(SinkError):
    """Nobody answers at the destination, or not in time.

    Attributes:
        connected: somebody was there, and then no answer came: what was sent may be the cause.
    """

    code = "VEDETTE.2001"
    transient = True

    def __init__(self, message: str, *, connected: bool = False) -> None:
        super().__init__(message)
        self.connected = connected


class SinkBusy(SinkError):
    """The destination answered that it cannot now.

    Attributes:
        retry_after_s: seconds to wait, if the destination named them.
    """

    code = "VEDETTE.2002"
    transient = True

    def __init__(self, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class SinkRefused(SinkError):
    """The destination answered that it does not want this."""

    code = "VEDETTE.2003"


class SinkForbidden(SinkRefused):
    """Our own guard forbids the address; no retry cures that."""

    code = "VEDETTE.2005"
    advice = "Use another address, or ask the operator to exempt this one with VEDETTE_GUARD_ALLOW."


class SinkGone(SinkError):
    """The destination asked never to be called again."""

    code = "VEDETTE.2004"


class ModelError(VedetteError):
    """A model file is missing, is not what its manifest says, or cannot be run."""

    code = "VEDETTE.3001"
    reason = "The model cannot be used."
    advice = "Check the model with `vedette models list`."


class AlgorithmError(VedetteError):
    """An algorithm raised while it looked at a picture."""

    code = "VEDETTE.3002"
    reason = "The algorithm failed."
    advice = "Report the failure to the algorithm's author."


class NotInstalled(VedetteError):
    """No worker has the algorithm of the task: it was removed since the task was created."""

    code = "VEDETTE.3003"
    reason = "The algorithm of the service is not installed."
    advice = "Install the algorithm's package, restart the service, then start the task; or delete the task."


class WorkerLost(VedetteError):
    """The process that ran the task died or fell silent."""

    code = "VEDETTE.4001"
    reason = "A worker was lost."
    advice = (
        "The task is started again by itself. If it FAILED: see the service's log for the cause, then start it again."
    )
    transient = True


class StaleEpoch(VedetteError):
    """A worker speaks of a stream that it holds no more."""

    code = "VEDETTE.4002"
    reason = "The stream has another holder."
    advice = "Stop the stream."


class Unavailable(VedetteError):
    """A part of the service is away for a moment.

    Attributes:
        undone: whether it is certain that nothing came of what was asked for.
    """

    undone: bool = False

    code = "VIAS.00010016"
    reason = "A dependency is unavailable."
    advice = "Try again in a moment."
    transient = True


class Misconfigured(VedetteError):
    """A setting or a file of the operator's is at fault."""

    code = "VEDETTE.5001"
    reason = "The configuration is at fault."
    advice = "Correct the setting."


def advice_on(code: str) -> str:
    """Return what to do about an error of a task, by its code; empty for a code that nobody here has."""
    todo: list[type[VedetteError]] = [VedetteError]
    while todo:
        kind = todo.pop(0)
        if kind.code == code:
            return kind.advice
        todo += kind.__subclasses__()
    return ""
