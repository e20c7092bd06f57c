"""What mail servers and SES answer, sorted into: try later, find out first, never again."""

import re
import smtplib

from anymail.exceptions import AnymailAPIError, AnymailError

from distribution.channels.base import ChannelRefused, ChannelUnavailable

ENHANCED = re.compile(r"\b5\.(\d{1,3})\.\d{1,3}\b")
DEAD_ADDRESS = frozenset({550, 551, 553})
SES_BUSY = {
    "TooManyRequestsException",
    "LimitExceededException",
    "ThrottlingException",
    "Throttling",
    "SendingPausedException",
    "AccountSuspendedException",
}
SES_NOT_REACHED = {
    "EndpointConnectionError",
    "ConnectTimeoutError",
    "ProxyConnectionError",
    "NoCredentialsError",
    "CredentialRetrievalError",
}


def from_smtp(error: smtplib.SMTPException, *, to: str) -> ChannelUnavailable | ChannelRefused:
    """Sort a failure after the connection was made.

    A lost connection or a timeout counts as unknown whatever the server was doing: smtplib does not tell whether the
    body had gone out, and a mail sent twice is worse than one sent 15 minutes late.
    """
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, words = next(iter(error.recipients.values()))
        return _from_code(code, words, to=to, reason="recipient_refused")
    if isinstance(error, smtplib.SMTPResponseException):
        reason = "sender_refused" if isinstance(error, smtplib.SMTPSenderRefused) else "message_refused"
        return _from_code(error.smtp_code, error.smtp_error, to=to, reason=reason)
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return ChannelRefused("not_supported", "the mail server cannot take this address", is_address_dead=False)
    return ChannelUnavailable(None, outcome_unknown=True, detail=type(error).__name__)


def from_anymail(error: AnymailError, *, to: str) -> ChannelUnavailable | ChannelRefused:
    """Sort a failure of SES: throttled, not reached, perhaps sent, or refused."""
    if not isinstance(error, AnymailAPIError):
        return ChannelRefused("message_refused", type(error).__name__, is_address_dead=False)
    answer = error.response
    if not isinstance(answer, dict):
        cause = type(error.__cause__).__name__
        return ChannelUnavailable(None, outcome_unknown=cause not in SES_NOT_REACHED, detail=cause)
    code = str(answer.get("Error", {}).get("Code", ""))
    if code in SES_BUSY:
        return ChannelUnavailable(None, outcome_unknown=False, detail=code)
    if int(answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 500)) >= 500:
        return ChannelUnavailable(None, outcome_unknown=True, detail=code)
    words = str(answer.get("Error", {}).get("Message", ""))
    return ChannelRefused("message_refused", _without_address(f"{code}: {words}", to), is_address_dead=False)


def _from_code(code: int, words: bytes | str, *, to: str, reason: str) -> ChannelUnavailable | ChannelRefused:
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    detail = _without_address(f"{code} {text}", to)
    if code < 500:
        return ChannelUnavailable(None, outcome_unknown=False, detail=detail)
    enhanced = ENHANCED.search(text)
    is_dead = enhanced.group(1) == "1" if enhanced else code in DEAD_ADDRESS and reason == "recipient_refused"
    return ChannelRefused(reason, detail, is_address_dead=is_dead)


def _without_address(words: str, to: str) -> str:
    """Cut the recipient out of a server's words, since details are shown in lists and logs."""
    return re.sub(re.escape(to), "<recipient>", words, flags=re.IGNORECASE)[:200]
