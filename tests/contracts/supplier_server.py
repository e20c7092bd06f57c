"""An Amazon that remembers: deposits, requests and the cards they made; it behaves by the pages of its documentation.

There is no specification that a machine could read, so the rules of the pages stand here: signatures (checked with
nothing of the client's library), ids that begin with the partner's and have 40 signs at most, whole yen, the same
card for the same id, nothing made without funds, and cancelling for 15 minutes.
"""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.contracts.contract import Answer, Call
from tests.contracts.server import FakeVendor

AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/]+)/(?P<day>\d{8})/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request, "
    r"SignedHeaders=(?P<headers>[a-z0-9;-]+), Signature=(?P<signature>[0-9a-f]{64})"
)
MUST_BE_SIGNED = {"accept", "content-type", "host", "x-amz-date", "x-amz-target"}
SKEW = timedelta(minutes=5)
CANCELLABLE_FOR = timedelta(minutes=15)
MAX_JPY = 500_000


@dataclass
class Card:
    """A card that was made; its code is money from this moment."""

    asked_amount: int
    amount: int
    currency: str
    gc_id: str
    claim_code: str
    made_at: datetime
    is_cancelled: bool = False
    asked: int = 0


class SupplierServer(FakeVendor):
    """The Incentives API of one partner."""

    contract_paths = "there is none"
    partner_id = "Mzhki"
    access_key_id = "AKIDEXAMPLE"
    secret_access_key = "wJalrXUtnFEMI"
    region = "us-west-2"

    def __init__(self, *, funds: int = 1_000_000) -> None:
        super().__init__()
        self.deposited = self.funds = funds
        self.cards: dict[str, Card] = {}
        self.throttled_calls = 0
        self.unavailable_calls = 0
        self.wrong_amounts: list[int] = []  # what the next cards are worth, whatever was asked
        self.currency = "JPY"
        self.has_contract = True
        self.now = datetime.now(UTC)
        self.route("POST", "/CreateGiftCard", lambda call: self._signed(call, self._create))
        self.route("POST", "/CancelGiftCard", lambda call: self._signed(call, self._cancel))
        self.route("POST", "/GetAvailableFunds", lambda call: self._signed(call, self._funds))

    @property
    def spent(self) -> int:
        """What the cards that stand took from the deposit."""
        return sum(card.amount for card in self.cards.values() if not card.is_cancelled)

    def top_up(self, amount: int) -> None:
        """Pay into the deposit."""
        self.deposited += amount
        self.funds += amount

    def _signed(self, call: Call, handle: Any) -> Answer:
        if problem := self._problem_with_signature(call):
            return _failure(403, "F200", "SignatureMismatch", problem)
        if self.throttled_calls:
            self.throttled_calls -= 1
            return Answer(400, {"__type": "ThrottlingException", "message": "Rate exceeded"})
        if self.unavailable_calls:
            self.unavailable_calls -= 1
            return _failure(500, "F400", "SystemTemporarilyUnavailable", "System is down", status="RESEND")
        body = call.json
        if body.get("partnerId") != self.partner_id:
            return _failure(400, "F200", "InvalidPartnerIdInput", "Partner Id is wrong")
        if not self.has_contract:
            return _failure(400, "F300", "ActiveContractNotFound", "There is no active contract")
        answer: Answer = handle(body)
        return answer

    def _create(self, body: dict[str, Any]) -> Answer:
        request_id, value = body.get("creationRequestId", ""), body.get("value", {})
        amount, currency = value.get("amount"), value.get("currencyCode")
        if refusal := self._wrong_request(request_id, amount, currency):
            return refusal
        card = self.cards.get(request_id)
        if card is None:
            made = self._made(amount)
            if isinstance(made, Answer):
                return made
            card = self.cards[request_id] = made
        elif card.asked_amount != amount:
            return _failure(400, "F200", "DuplicateRequestIdWithOtherValue", "The id was used with another value")
        card.asked += 1
        return Answer(200, _described(request_id, card))

    def _wrong_request(self, request_id: str, amount: Any, currency: Any) -> Answer | None:
        is_proper = re.fullmatch(rf"{self.partner_id}[A-Za-z0-9]{{1,{40 - len(self.partner_id)}}}", request_id)
        if not is_proper:
            self.violations.append(f"call: request id {request_id!r}")
            return _failure(400, "F200", "InvalidRequestIdInput", "Request Id is not well formed")
        if currency != "JPY":
            return _failure(400, "F200", "CurrencyCodeMismatch", "Currency is not the partner's")
        if not isinstance(amount, int) or isinstance(amount, bool):
            self.violations.append(f"call: amount {amount!r}")
            return _failure(400, "F200", "FractionalAmountNotAllowed", "Amount must be whole")
        if not 1 <= amount <= MAX_JPY:
            return _failure(400, "F200", "MaxAmountExceeded", "Amount is out of range")
        return None

    def _made(self, amount: int) -> Card | Answer:
        worth = self.wrong_amounts.pop(0) if self.wrong_amounts else amount
        if worth > self.funds:
            return _failure(400, "F300", "InsufficientFunds", "Insufficient funds")
        self.funds -= worth
        code = "-".join((_letters(4), _letters(6), _letters(4)))
        return Card(amount, worth, self.currency, f"A{_letters(13)}", code, self.now)

    def _cancel(self, body: dict[str, Any]) -> Answer:
        card = self.cards.get(body.get("creationRequestId", ""))
        if card is None or card.is_cancelled:
            return _failure(400, "F200", "CardNotFound", "There is no such card")
        if self.now - card.made_at > CANCELLABLE_FOR:
            return _failure(400, "F200", "CancelRequestArrivedAfterTimeLimit", "Too late to cancel")
        card.is_cancelled = True
        self.funds += card.amount
        return Answer(200, {"creationRequestId": body["creationRequestId"], "gcId": card.gc_id, "status": "SUCCESS"})

    def _funds(self, _: dict[str, Any]) -> Answer:
        funds = {"amount": float(self.funds), "currencyCode": "JPY"}
        stamp = self.now.strftime("%Y%m%dT%H%M%SZ")
        return Answer(200, {"availableFunds": funds, "status": "SUCCESS", "timestamp": stamp})

    def _problem_with_signature(self, call: Call) -> str:
        given = AUTHORIZATION.fullmatch(call.headers.get("Authorization", ""))
        if given is None:
            return "no signature of version 4"
        stamp = call.headers.get("X-Amz-Date", "")
        at = datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        names = given["headers"].split(";")
        facts = (given["key"], given["region"], given["service"], given["day"])
        if facts != (self.access_key_id, self.region, "AGCODService", stamp[:8]):
            return "the credential is another's, or of another place"
        if abs(datetime.now(UTC) - at) > SKEW or not set(names) >= MUST_BE_SIGNED:
            return "too old, or not enough of the call is signed"
        operation = call.path.removeprefix("/")
        if call.headers.get("X-Amz-Target") != f"com.amazonaws.agcod.AGCODService.{operation}":
            return "the target is not the address"
        wanted = self._signature(call, names, stamp)
        return "" if hmac.compare_digest(wanted, given["signature"]) else "the signature does not match"

    def _signature(self, call: Call, names: list[str], stamp: str) -> str:
        headers = "".join(f"{name}:{call.headers.get(name, '').strip()}\n" for name in names)
        body_hash = hashlib.sha256(call.body).hexdigest()
        canonical = "\n".join((call.method, call.path, "", headers, ";".join(names), body_hash))
        scope = f"{stamp[:8]}/{self.region}/AGCODService/aws4_request"
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        key = f"AWS4{self.secret_access_key}".encode()
        for part in scope.split("/"):
            key = hmac.digest(key, part.encode(), "sha256")
        return hmac.digest(key, f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{digest}".encode(), "sha256").hex()


def _described(request_id: str, card: Card) -> dict[str, Any]:
    value = {"amount": float(card.amount), "currencyCode": card.currency}
    status = "RefundedToPurchaser" if card.is_cancelled else "Fulfilled"
    return {
        "cardInfo": {"cardNumber": None, "cardStatus": status, "expirationDate": None, "value": value},
        "creationRequestId": request_id,
        "gcClaimCode": card.claim_code,
        "gcExpirationDate": "Thu Nov 28 14:59:59 UTC 2036",
        "gcId": card.gc_id,
        "status": "SUCCESS",
    }


def _failure(http: int, code: str, kind: str, message: str, *, status: str = "FAILURE") -> Answer:
    body = {"agcodResponse": {"cardInfo": None, "status": status}, "errorCode": code, "errorType": kind}
    return Answer(http, {**body, "message": message})


def _letters(count: int) -> str:
    return "".join(secrets.choice("ABCDEFGHJKLMNPQRSTUVWXYZ23456789") for _ in range(count))
