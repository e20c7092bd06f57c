"""Files of secrets on their way in: sealed while they stream, so that neither disk nor file store sees a plain byte."""

import hashlib
from collections.abc import Iterator
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler
from django.http import HttpRequest

from core import held_files

LARGEST = 300 * 1024 * 1024


class SealedFile(UploadedFile):  # type: ignore[type-arg] # generic in its stubs only
    """An uploaded file that lies sealed under its ticket; without a ticket it was too large and is gone."""

    def __init__(self, *, ticket: str, sha256: str, line_count: int, **named: Any) -> None:
        super().__init__(**named)
        self.ticket = ticket
        self.sha256 = sha256
        self.line_count = line_count
        self.is_kept = False

    @property
    def is_too_large(self) -> bool:
        """Tell whether the file was larger than the handler takes."""
        return not self.ticket

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
        """Open the file piece by piece."""
        return held_files.chunks_of(self.ticket) if self.ticket else iter(())

    def seek(self, *_place: int) -> int:
        """Do nothing: each reading begins at the front."""
        return 0

    def read(self, *_size: int) -> bytes:
        """Open the file as a whole."""
        return b"".join(self.chunks())

    def close(self) -> None:
        """Do nothing: no handle is open, and who took the ticket decides when the file goes."""

    def keep(self) -> str:
        """Hand the ticket over: who asks for it lets the file go."""
        self.is_kept = True
        return self.ticket


class SealingUploadHandler(FileUploadHandler):
    """Takes every file of a form; set it as the request's only handler before the form is read."""

    largest_bytes = LARGEST

    def __init__(self, request: HttpRequest | None = None) -> None:
        super().__init__(request)
        self.holding: held_files.Holding | None = None

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Begin with a file of the form."""
        super().new_file(*args, **kwargs)
        self.holding = held_files.Holding()
        self.digest, self.size, self.line_count = hashlib.sha256(), 0, 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Seal a piece; what is beyond the limit is read to the end of the form and forgotten."""
        self.size += len(raw_data)
        if self.size > self.largest_bytes:
            self._give_up()
        if self.holding is not None:
            self.digest.update(raw_data)
            self.line_count += raw_data.count(b"\n")
            self.holding.add(raw_data)

    def file_complete(self, file_size: int) -> SealedFile:
        """Hand over what is sealed."""
        ticket = self.holding.finish() if self.holding is not None else ""
        self.holding = None
        return SealedFile(
            ticket=ticket,
            sha256=self.digest.hexdigest(),
            line_count=self.line_count,
            name=self.file_name,
            content_type=self.content_type,
            size=file_size,
            charset=self.charset,
            content_type_extra=self.content_type_extra,
        )

    def upload_interrupted(self) -> None:
        """Delete what came in before the connection broke."""
        self._give_up()

    def _give_up(self) -> None:
        if self.holding is not None:
            self.holding.give_up()
            self.holding = None


def let_go_of_files(request: Any) -> None:
    """Delete the sealed files of a request whose tickets nobody has taken."""
    for file in request.FILES.values():
        if isinstance(file, SealedFile) and not file.is_kept:
            held_files.let_go(file.ticket)
