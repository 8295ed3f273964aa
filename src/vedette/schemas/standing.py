"""How the service stands."""

from vedette.schemas.common import Wire


class Standing(Wire):
    """How the service stands."""

    status: str
    """`ok` or `ready`."""
