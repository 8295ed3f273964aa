"""Object stores: where the buckets of a project are, and what it takes to read them."""

from dataclasses import dataclass, field
from enum import StrEnum


class StoreKind(StrEnum):
    """The kinds of store."""

    S3 = "s3"
    """Everything that speaks S3's protocol: OBS, MinIO, Ceph, Garage, AWS."""
    AZURE = "azure"
    GCS = "gcs"
    FOLDER = "folder"
    """A folder of this machine, whose sub-folders are the buckets; it must lie below one that is open for files."""


@dataclass(frozen=True, slots=True)
class ObjectStore:
    """A store of a project.

    Attributes:
        endpoint: http or https address; empty for the provider's own.
        access_key: access key id (S3), account (Azure) or e-mail of the service account (GCS); empty: read anonymously.
        secret_key: secret access key (S3), account key (Azure) or private key in PEM (GCS).
        path_style: the bucket stands in the path of the address, not in its host's name.
        tls_verify: whether the certificate of the endpoint is verified.
        folder: absolute path, for folders.
        buckets: those that are in it; empty: all that no other store of the project names.
    """

    name: str
    kind: StoreKind
    endpoint: str = ""
    region: str = ""
    access_key: str = ""
    secret_key: str = field(default="", repr=False)
    path_style: bool = True
    tls_verify: bool = True
    folder: str = ""
    buckets: tuple[str, ...] = ()
    created_at: int = 0
    updated_at: int = 0

    @property
    def address(self) -> str:
        """Where its buckets are: the endpoint, or the provider's own; empty for folders."""
        if self.endpoint or self.kind is StoreKind.FOLDER:
            return self.endpoint
        if self.kind is StoreKind.AZURE:
            return f"https://{self.access_key}.blob.core.windows.net"
        if self.kind is StoreKind.GCS:
            return "https://storage.googleapis.com"
        return f"https://s3.{self.region or 'us-east-1'}.amazonaws.com"
