"""Words of the OpenAPI document that no single operation owns: tags, path parameters, headers, refusals."""

from typing import Any, Final

from vedette.model import errors
from vedette.schemas.brokers import BROKER_NAME
from vedette.schemas.common import DIS_STREAM, EDGE_CAMERA, OBJECT_ID, PROJECT_ID, SERVICE_NAME, whole
from vedette.schemas.event_info import EVENT_ID
from vedette.schemas.message_schemas import EVENT_TYPE
from vedette.schemas.object_stores import STORE_NAME

INTRODUCTION: Final = """\
Tasks that watch video streams, on your own machines. Paths, bodies and answers under `/v2` and `/v3` are those of the
published VIAS v2 API and of its identity service; what is ours lies under `/vedette/v1`.

A caller sends a token (`X-Auth-Token`) or signs the request with an access key; the project in the path must be the
caller's. Bodies are JSON objects in UTF-8, of 1 MB at most; unknown fields are passed over, and `null` for an optional
field is its absence. What does not exist is refused with 400, as published; 404 and 405 are for paths and methods that
are none. An operation that the state forbids is a 500, as published. Each answer bears an `X-Request-Id`, which is also
in the log."""

TAGS: Final = {
    "Tasks": "One algorithm on one input, with its destinations and, if wanted, a timetable.",
    "Tasks (older dialect)": "The older sibling's task operations, for clients that speak them still.",
    "Batch tasks": "One configuration for many video sources: a task for each.",
    "Video sources": "Cameras and files under names, so that tasks need not know their addresses.",
    "Video sources (additions)": "The last picture of a source, and a look at it on demand. Ours.",
    "Video groups": "Sources that belong together.",
    "Services": "The algorithms that tasks can run, and their deployment.",
    "Rollouts": "Upgrades of tasks to another version of their service, and the way back. Ours.",
    "Edge pools": "Groups of machines near the cameras.",
    "Edge devices": "Cameras near the edge, for `edgecamera` inputs: in the shape of the edge platform's published API.",
    "Identity": "Tokens and projects, in the shape of Keystone.",
    "People": "Users, projects, roles, access keys. Ours.",
    "Orders": "What a project may have, and what was bought for services marked commercial. Ours.",
    "Freezes": "What an operator holds back: a task, or all tasks of a project. Ours.",
    "Object stores": "Where the buckets of `obs` inputs are, and the keys to read them. Ours.",
    "Brokers": "What `dis` outputs go to instead of the service's own data streams. Ours.",
    "Templates": "Algorithm configurations that were kept with a video source. Ours.",
    "Events": "What the algorithms saw, and deliveries that were given up. Ours.",
    "Webhooks": "What signs the calls of webhooks, and what they may reach. Ours.",
    "Data streams": "Durable streams of events and of whatever else is put into them: in the shape of DIS.",
    "Streams": "How the inputs of the tasks flow: rates, losses, lag, the last failure. Ours.",
    "Tasks (additions)": "What we tell of a task beyond the published fields. Ours.",
    "Operation": "For whoever runs the service. No token is asked for; of a project only how its streams flow is told.",
}
"""The tags in the order of the page, each with a sentence."""


def _text(pattern: str | None, words: str, **more: Any) -> dict[str, Any]:
    schema = {"type": "string"} | ({"pattern": whole(pattern)} if pattern else {}) | more
    return {"schema": schema, "description": words}


PATH_PARAMETERS: Final[dict[str, dict[str, Any]]] = {
    "project_id": _text(PROJECT_ID, "The caller's project."),
    "task_id": _text(OBJECT_ID, "Id of a task."),
    "service_name": _text(SERVICE_NAME, "Name of a service, such as `c-intrusiondetection-cloud`."),
    "command": _text(None, "What is to be done.", enum=["start", "stop"]),
    "video_source_id": _text(OBJECT_ID, "Id of a video source."),
    "video_group_id": _text(OBJECT_ID, "Id of a video group."),
    "batch-tasks/id": _text(OBJECT_ID, "Id of a batch task."),
    "edge-pools/id": _text(OBJECT_ID, "Id of an edge pool."),
    "service_id": _text(OBJECT_ID, "Id of a service."),
    "alg_id": _text(OBJECT_ID, "Id of an algorithm."),
    "device_id": _text(EDGE_CAMERA, "Id of an edge device."),
    "edge_pool_id": _text(OBJECT_ID, "Id of an edge pool."),
    "template_id": _text(OBJECT_ID, "Id of a template."),
    "resource_order_id": _text(OBJECT_ID, "Id of an order."),
    "stream_name": _text(DIS_STREAM, "Name of a data stream."),
    "store_name": _text(STORE_NAME, "Name of an object store."),
    "broker_name": _text(BROKER_NAME, "Name of a broker."),
    "user_id": _text("[^/]{1,255}", "Id of a user."),
    "domain_id": _text("[^/]{1,255}", "Id of a domain: its name in lower case."),
    "role_id": _text("[^/]{1,255}", "A role, such as `te_admin`."),
    "access_key": _text("[^/]{1,255}", "An access key."),
    "event_type": _text(EVENT_TYPE, "Number of a kind of event."),
    "event_id": _text(EVENT_ID, "Id of an event, the `message_id` that webhooks got."),
    "secret_id": _text("[0-9a-f]{32}", "Id of a webhook secret."),
    "subscription_id": _text("[0-9a-f]{32}", "Id of a subscription."),
    "rollout_id": _text(OBJECT_ID, "Id of a rollout."),
    "letter_id": _text("[0-9]{1,19}", "Id of a delivery that was given up."),
}

QUERY_PARAMETERS: Final = {"name": "Only the one of this name."}
"""Words on parameters that bring none along."""

REQUEST_ID: Final = {"description": "Id of the request, which is also in the log.", "schema": {"type": "string"}}
IDEMPOTENCY_KEY: Final = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": (
        "Ours. A create that is sent again with the same key and body is answered like the first and makes nothing new."
    ),
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$"},
}
SUBJECT_TOKEN: Final = {"description": "The token.", "schema": {"type": "string"}}


def _number(name: str, words: str, *, least: int = 0, most: int = 2**63 - 1, **more: Any) -> dict[str, Any]:
    schema = {"type": "integer", "minimum": least, "maximum": most, **more}
    return {"name": name, "in": "query", "required": False, "description": words, "schema": schema}


_TOKEN_IN: Final = {"name": "X-Subject-Token", "in": "header", "required": True, **SUBJECT_TOKEN}
_NO_CATALOG: Final = {
    "name": "nocatalog",
    "in": "query",
    "required": False,
    "description": "If it is there, with whatever value, the answer has no catalog.",
    "schema": {"type": "string"},
}
_OF_TASK: Final = {"name": "task_id", "in": "query", "required": False, **_text(OBJECT_ID, "Only those of this task.")}
_LIMIT: Final = _number("limit", "Entries on a page.", least=1, most=1000, default=100)
_CURSOR: Final = _number("cursor", "The `next` of the page before.")

_SEEN: Final = (
    _OF_TASK,
    {"name": "video_source_id", "in": "query", "required": False, **_text(OBJECT_ID, "Only those of this source.")},
    {
        "name": "kind",
        "in": "query",
        "required": False,
        "description": "Only events of this name, such as `intrusion`; it wins over `event_type`.",
        "schema": {"type": "string"},
    },
    _number("event_type", "Only events of this number, such as 196609."),
    {
        "name": "followers",
        "in": "query",
        "required": False,
        **_text(None, "`true`: events that repeat another too, which are left out otherwise.", enum=["true", "false"]),
    },
)
_EVENTS: Final = (
    *_SEEN,
    _number("since", "Only events of this time and later, in milliseconds since the epoch."),
    _number("until", "Only events before this time."),
    {
        "name": "review",
        "in": "query",
        "required": False,
        **_text(None, "Only those whose review stands there.", enum=["unreviewed", "approved", "rejected"]),
    },
    {"name": "main_id", "in": "query", "required": False, **_text(EVENT_ID, "Only those that repeat this event.")},
)

READ_BY_HAND: Final[dict[str, tuple[dict[str, Any], ...]]] = {
    "KeystoneCreateUserTokenByPassword": (_NO_CATALOG,),
    "KeystoneValidateToken": (_TOKEN_IN, _NO_CATALOG),
    "KeystoneCheckToken": (_TOKEN_IN,),
    "KeystoneRevokeToken": (_TOKEN_IN,),
    "ListEvents": (*_EVENTS, _LIMIT, _CURSOR),
    "ExportEvents": _EVENTS,
    "StreamEvents": (
        *_SEEN,
        {
            "name": "Last-Event-ID",
            "in": "header",
            "required": False,
            **_text("[0-9]{1,19}", "The `id` of the event that was seen last: the feed goes on behind it."),
        },
    ),
    "ListDeadLetters": (_OF_TASK, _LIMIT, _CURSOR),
}
"""Parameters that operations read from the request themselves."""
_TOKEN_OUT: Final = {"X-Subject-Token": SUBJECT_TOKEN}
_VERSION: Final = {"ETag": {"description": "The version that is shown.", "schema": {"type": "string"}}}
GIVEN: Final[dict[str, dict[str, Any]]] = {
    "KeystoneCreateUserTokenByPassword": _TOKEN_OUT,
    "KeystoneValidateToken": _TOKEN_OUT,
    "ShowTaskInfo": _VERSION,
    "ShowOpenApi": _VERSION,
    "ShowReference": _VERSION,
}
"""Headers that the answers of operations bear besides."""

SECURITY: Final = {
    "token": {
        "type": "apiKey",
        "in": "header",
        "name": "X-Auth-Token",
        "description": "A token of `POST /v3/auth/tokens`. It holds for 24 hours.",
    },
    "signature": {
        "type": "apiKey",
        "in": "header",
        "name": "Authorization",
        "description": (
            "`SDK-HMAC-SHA256 Access=…, SignedHeaders=…, Signature=…`: the request signed with an access key, beside the "
            "header `X-Sdk-Date`. Clocks may differ by 15 minutes."
        ),
    },
}

Refusals = tuple[errors.VedetteError, ...]
INVALID: Final[Refusals] = (
    errors.InvalidParameter("service_version: it does not have the form ^[a-z0-9.]{3,32}$.", param="service_version"),
)
MALFORMED: Final[Refusals] = (
    errors.Malformed("The body is no JSON object."),
    errors.TooLarge("A body may have 1048576 bytes."),
)
UNKNOWN_CALLER: Final[Refusals] = (
    errors.Unauthorized("The token is not valid."),
    errors.BadSignature("The signature does not hold."),
)
NO_RIGHT: Final[Refusals] = (errors.Forbidden("A viewer cannot change anything."),)
NO_ROUTE: Final[Refusals] = (
    errors.RouteNotFound("There is no operation with this path."),
    errors.MethodNotAllowed("Request method 'PATCH' not supported."),
)
OLD_COPY: Final[Refusals] = (errors.Outdated("The task was changed meanwhile."),)
AWAY: Final[Refusals] = (errors.Unavailable("The database is away."),)
UNFORESEEN: Final[Refusals] = (errors.VedetteError("The service met a failure that nobody foresaw."),)

TASK: Final = errors.TaskNotFound("No task of this project has that id.")
STATE: Final = errors.IllegalTransition("A task that is DELETING cannot be started.")
FROZEN: Final = errors.Frozen("A frozen task cannot be started. Frozen: an operator has frozen this task.")
TASK_NAME: Final = errors.TaskNameTaken("A task of this project has the name yard already.")
TASK_QUOTA: Final = errors.TaskQuotaReached("The project has 1000 tasks and may have 1000.")
VERSION: Final = errors.NotReferable("The service has the versions 1.0, 1.1, 3.0.", param="service_version")
WAY_BACK: Final = errors.NotReferable("The task 4f2a was not upgraded: it has no way back.", param="task_ids")
SOURCE: Final = errors.NotReferable("There is no video source with this id.", param="video_source_id")
SOURCE_ASKED: Final = errors.NotReferable("There is no video source 4f2a.", param="sources")
SUBSCRIPTION_NAME: Final = errors.NameTaken("A subscription of this project has the name 'desk'.", param="name")
NOBODY: Final = errors.NotFound("There is no user 4f2a.")
PEOPLE_READ: Final[Refusals] = (NOBODY, *NO_RIGHT)
"""What operations on users, projects, roles and keys are refused with besides."""
PEOPLE_CHANGED: Final[Refusals] = (*PEOPLE_READ, errors.NameTaken("There is a user ada already."))
IN_USE: Final = errors.IllegalTransition("It is in use.")
GROUP_NAME: Final = errors.GroupNameTaken("A video group of this project has the name yard already.")
DEVICE_NAME: Final = errors.NameTaken("An edge device of this project has the name 'gate'.", param="name")
ABSENT: Final = errors.NotFound("Nothing of this project has that id.")

PARTICULAR: Final[dict[str, Refusals]] = {
    "CreateTask": (SOURCE, TASK_NAME, TASK_QUOTA, FROZEN),
    "CreateTaskV1": (SOURCE, TASK_NAME, TASK_QUOTA, FROZEN),
    "ShowTaskInfo": (TASK,),
    "UpdateTask": (TASK, SOURCE, TASK_NAME, STATE),
    "DeleteTask": (TASK, STATE),
    "StartStopTask": (TASK, STATE, FROZEN),
    "VasShowTask": (TASK,),
    "VasUpdateTask": (TASK, SOURCE, TASK_NAME, STATE),
    "VasDeleteTask": (TASK, STATE),
    "VasStartTask": (TASK, STATE, FROZEN),
    "VasStopTask": (TASK, STATE),
    "ShowTaskFreeze": (TASK,),
    "FreezeTask": (TASK, *NO_RIGHT, STATE),
    "ThawTask": (TASK, *NO_RIGHT, FROZEN),
    "ShowProjectFreeze": (ABSENT,),
    "FreezeProject": (ABSENT, *NO_RIGHT),
    "ThawProject": (ABSENT, *NO_RIGHT),
    "ShowTaskProgress": (TASK,),
    "ShowTaskHistory": (TASK,),
    "CreateVideoSource": (
        errors.SourceNameTaken("A video source of this project has the name gate already."),
        errors.SourceQuotaReached("The project has 5000 video sources and may have 5000."),
    ),
    "ShowVideoSourceDetail": (ABSENT,),
    "UpdateVideoSource": (ABSENT, errors.SourceNameTaken("A video source of this project has the name gate already.")),
    "DeleteVideoSource": (ABSENT, IN_USE),
    "CreateVideoGroup": (SOURCE, GROUP_NAME, errors.GroupQuotaReached("The project has 200 groups and may have 200.")),
    "ShowVideoGroupDetail": (ABSENT,),
    "UpdateVideoGroup": (ABSENT, SOURCE, GROUP_NAME),
    "DeleteVideoGroup": (ABSENT,),
    "CreateBatchTask": (SOURCE, TASK_NAME, TASK_QUOTA, FROZEN),
    "UpdateBatchTask": (ABSENT,),
    "DeleteBatchTask": (ABSENT,),
    "BatchStartStopTask": (ABSENT,),
    "ShowServiceDetail": (ABSENT,),
    "ShowServiceParameters": (ABSENT,),
    "UpgradeService": (VERSION,),
    "RollbackService": (WAY_BACK,),
    "ShowRollout": (ABSENT,),
    "StopRollout": (ABSENT,),
    "DeployAlgorithm": (ABSENT,),
    "StopDeployAlgorithm": (ABSENT,),
    "ShowEdgePoolInfo": (ABSENT,),
    "DeleteEdgePool": (ABSENT, IN_USE),
    "CreateDevice": (
        errors.AlreadyExists(
            "The project has an edge device 1398f13d-f24d-4de4-8cd3-5905db1d6d9f already.", param="id"
        ),
        DEVICE_NAME,
    ),
    "ShowDevice": (ABSENT,),
    "UpdateDevice": (ABSENT, DEVICE_NAME),
    "DeleteDevice": (ABSENT, IN_USE),
    "DiscoverDevices": (errors.Unavailable("Another search is under way."),),
    "CreateObjectStore": (
        *NO_RIGHT,
        errors.AlreadyExists("There is an object store archive already."),
        errors.QuotaReached("The project has 100 object stores, and cannot have more."),
    ),
    "ShowObjectStore": (ABSENT,),
    "UpdateObjectStore": (ABSENT, *NO_RIGHT),
    "DeleteObjectStore": (ABSENT, *NO_RIGHT),
    "CheckObjectStore": (ABSENT, *NO_RIGHT),
    "CreateBroker": (
        *NO_RIGHT,
        errors.AlreadyExists("There is a broker events already."),
        errors.QuotaReached("The project has 16 brokers, and cannot have more."),
    ),
    "ShowBroker": (ABSENT,),
    "UpdateBroker": (ABSENT, *NO_RIGHT),
    "DeleteBroker": (ABSENT, *NO_RIGHT),
    "CheckBroker": (ABSENT, *NO_RIGHT),
    "CreateStream": (
        errors.NameTaken("A data stream of this project has the name gate-events already."),
        errors.QuotaReached("A project may have 50 data streams."),
    ),
    "ShowDataStream": (ABSENT,),
    "DeleteDataStream": (ABSENT,),
    "SendRecords": (ABSENT,),
    "ShowCursor": (ABSENT,),
    "ConsumeRecords": (ABSENT,),
    "ShowTemplate": (ABSENT,),
    "DeleteTemplate": (ABSENT,),
    "ShowEvent": (ABSENT,),
    "ShowEventPicture": (ABSENT,),
    "ShowEventOriginPicture": (ABSENT,),
    "DeleteEvent": (ABSENT,),
    "ReviewEvent": (ABSENT,),
    "CreateSubscription": (SOURCE_ASKED, SUBSCRIPTION_NAME, errors.QuotaReached("The project has 100 subscriptions.")),
    "ShowSubscription": (ABSENT,),
    "UpdateSubscription": (ABSENT, SOURCE_ASKED, SUBSCRIPTION_NAME),
    "DeleteSubscription": (ABSENT,),
    "RetryDeadLetter": (ABSENT,),
}
"""What single operations are refused with beyond that."""
