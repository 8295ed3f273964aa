"""Reads whole buckets with clients of others: boto3, the vendor's own for OBS, obstore for Azure, plain HTTP for GCS."""

import warnings
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import quote, urlsplit

import boto3
import obstore
import urllib3
from botocore.config import Config
from obstore.store import AzureStore

from vedette.model.objects import ObjectStore, StoreKind

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # the vendor's client has escapes in its strings that Python does not know
    from obs import ObsClient

Objects = dict[str, bytes]
Read = Callable[[ObjectStore, str], Objects]


def boto(store: ObjectStore) -> Any:
    """Return boto3's client of a store."""
    return boto3.client(
        "s3",
        endpoint_url=store.endpoint,
        region_name=store.region or "us-east-1",
        aws_access_key_id=store.access_key,
        aws_secret_access_key=store.secret_key,
        config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 1}),
    )


def with_boto3(store: ObjectStore, bucket: str) -> Objects:
    client = boto(store)
    try:
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        names = [entry["Key"] for page in pages for entry in page.get("Contents", [])]
        return {name: client.get_object(Bucket=bucket, Key=name)["Body"].read() for name in names}
    finally:
        client.close()


def with_esdk(store: ObjectStore, bucket: str) -> Objects:
    """Read with `esdk-obs-python`; without these options it signs as of old, or asks for a host of the bucket's name."""
    client = ObsClient(
        access_key_id=store.access_key,
        secret_access_key=store.secret_key,
        server=store.endpoint,
        region=store.region or "us-east-1",
        signature="v4",
        path_style=True,
        is_signature_negotiation=False,
        max_retry_count=1,
    )
    try:
        listed = client.listObjects(bucket, max_keys=1000)
        assert listed.status == 200, (listed.errorCode, listed.errorMessage)
        found = {}
        for entry in listed.body.contents:
            read = client.getObject(bucket, entry.key, loadStreamInMemory=True)
            assert read.status == 200, (read.errorCode, read.errorMessage)
            found[entry.key] = bytes(read.body.buffer)
        return found
    finally:
        client.close()


def with_obstore(store: ObjectStore, bucket: str) -> Objects:
    account = AzureStore(
        bucket,
        account_name=store.access_key,
        account_key=store.secret_key,
        endpoint=store.endpoint,
        client_options={"allow_http": True},
    )
    names = [entry["path"] for page in obstore.list(account) for entry in page]
    return {name: bytes(obstore.get(account, name).bytes()) for name in names}


def of_gcs(store: ObjectStore, bucket: str) -> Objects:
    with urllib3.PoolManager(retries=False, headers={"Connection": "close"}) as pool:
        listed = pool.request("GET", f"{store.endpoint}/storage/v1/b/{bucket}/o").json()
        names = [entry["name"] for entry in listed.get("items", [])]
        base = urlsplit(store.endpoint)
        return {
            name: pool.request(
                "GET", f"{base.scheme}://{base.netloc}/storage/v1/b/{bucket}/o/{quote(name, safe='')}?alt=media"
            ).data
            for name in names
        }


READERS: Final[dict[StoreKind, Read]] = {
    StoreKind.S3: with_boto3,
    StoreKind.AZURE: with_obstore,
    StoreKind.GCS: of_gcs,
}


def everything(store: ObjectStore, bucket: str) -> Objects:
    """Return the objects of a bucket by name."""
    return READERS[store.kind](store, bucket)
