"""Bodies as they may come in: JSON without surprises, and forms with files."""

import codecs
import json
import math
import re
from collections.abc import Mapping
from typing import IO, Any, Never

from django.conf import settings
from rest_framework.parsers import BaseParser, MultiPartParser

from api.errors import BodyTooLarge, JsonNotAccepted, JsonTooDeep, MediaTypeNotSupported
from core.sealed_uploads import LARGEST, SealingUploadHandler

BROKEN = re.compile("[\0\ud800-\udfff]")  # NUL, and half of a pair
MAX_DEPTH = 20
SMALL_FILE_BYTES = 8 * 1_048_576
FORM_BYTES = settings.PHOTO_MAX_BYTES * settings.PHOTOS_PER_RECEIPT + 1_048_576  # photographs and the fields beside


class StrictJSONParser(BaseParser):
    """JSON in UTF-8: at most 1 MB and 20 levels, no name twice, no NaN, no NUL, no half of a surrogate pair."""

    media_type = "application/json"

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        request = (parser_context or {})["request"]
        _check_encoding(request.content_type, request.META)
        body = stream.read(settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
        if len(body) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            raise BodyTooLarge
        return strict_json(body)


class FormParser(MultiPartParser):
    """multipart/form-data with files; what the web server lets through is bounded once more by its stated length."""

    max_bytes = FORM_BYTES

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        request = (parser_context or {})["request"]
        _check_encoding("", request.META)
        if int(request.META.get("CONTENT_LENGTH") or 0) > self.max_bytes:
            raise BodyTooLarge
        return super().parse(stream, media_type, parser_context)


class CodeFileParser(FormParser):
    """A form with a file of codes, sealed while it streams; a file beyond the limit is refused where it is read."""

    max_bytes = LARGEST + 1_048_576  # the fields beside

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        request = (parser_context or {})["request"]
        request.upload_handlers[:] = [SealingUploadHandler()]
        return super().parse(stream, media_type, parser_context)


class SmallCodeFileParser(CodeFileParser):
    """As above, for files that are read as a whole while their sender waits."""

    max_bytes = SMALL_FILE_BYTES


def strict_json(body: bytes) -> Any:
    """Read a JSON text.

    Raises:
        JsonNotAccepted: not JSON in UTF-8, or something that readers understand differently.
        JsonTooDeep: nested deeper than any documented body.
    """
    if body.startswith(codecs.BOM_UTF8):
        raise JsonNotAccepted
    try:
        value = json.loads(body.decode("utf-8"), object_pairs_hook=_object, parse_constant=_refuse_constant)
    except RecursionError as error:
        raise JsonTooDeep from error
    except ValueError as error:
        raise JsonNotAccepted from error
    _check_values(value)
    return value


def _check_encoding(content_type: str, headers: Mapping[str, Any]) -> None:
    parameters = [part.strip().lower() for part in content_type.split(";")[1:]]
    charsets = [part.partition("=")[2].strip('" ') for part in parameters if part.startswith("charset")]
    if any(charset not in ("utf-8", "utf8") for charset in charsets):
        raise MediaTypeNotSupported
    if headers.get("HTTP_CONTENT_ENCODING", "identity").strip().lower() not in ("", "identity"):
        raise MediaTypeNotSupported


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise JsonNotAccepted
    return found


def _refuse_constant(_name: str) -> Never:
    raise JsonNotAccepted


def _check_values(value: Any) -> None:
    waiting = [(value, 1)]
    while waiting:
        item, depth = waiting.pop()
        if isinstance(item, dict | list):
            if depth > MAX_DEPTH:
                raise JsonTooDeep
            inner = [*item, *item.values()] if isinstance(item, dict) else item
            waiting.extend((part, depth + 1) for part in inner)
        elif (isinstance(item, str) and BROKEN.search(item)) or (isinstance(item, float) and math.isinf(item)):
            raise JsonNotAccepted
