"""Django's file store on S3, with an end to waiting: somebody stands in a shop meanwhile."""

from typing import Any

from botocore.config import Config
from storages.backends.s3 import S3Storage

from core.clients.object_lock import TIMES


class BoundedS3Storage(S3Storage):  # type: ignore[misc]
    """S3 that answers within seconds or fails; the SDK alone would wait for minutes."""

    client_config: Any

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.client_config = self.client_config.merge(Config(**TIMES))
