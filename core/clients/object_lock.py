"""Objects in an S3 bucket with Object Lock: written once, and by nobody changed or deleted before their day.

The SDK is imported inside the functions: it costs 30 MB in processes that may never write here.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

TIMES = {"connect_timeout": 3, "read_timeout": 10, "retries": {"total_max_attempts": 2}}


class BucketUnavailable(Exception):
    """The bucket did not take or give an object; its own words stay in `__cause__`."""


@dataclass
class LockedBucket:
    """One prefix of a bucket that was made with Object Lock."""

    bucket: str
    prefix: str
    region: str
    client: Any = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self.client is None:
            import boto3
            from botocore.config import Config

            self.client = boto3.client("s3", region_name=self.region, config=Config(**TIMES))

    def put(self, name: str, data: bytes, *, retain_until: datetime) -> None:
        """Write an object under a name that was never used, locked even against its owner."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            self.client.put_object(
                Bucket=self.bucket,
                Key=f"{self.prefix}{name}",
                Body=data,
                ContentType="application/x-ndjson",
                ChecksumAlgorithm="SHA256",
                ObjectLockMode="COMPLIANCE",
                ObjectLockRetainUntilDate=retain_until,
            )
        except (BotoCoreError, ClientError) as error:
            raise BucketUnavailable from error

    def read(self, *, behind: str = "") -> Iterator[bytes]:
        """Give every object whose name comes behind a text, in the order of their names."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            pages = self.client.get_paginator("list_objects_v2").paginate(
                Bucket=self.bucket, Prefix=self.prefix, StartAfter=f"{self.prefix}{behind}"
            )
            for page in pages:
                for listed in page.get("Contents", ()):
                    yield self.client.get_object(Bucket=self.bucket, Key=listed["Key"])["Body"].read()
        except (BotoCoreError, ClientError) as error:
            raise BucketUnavailable from error
