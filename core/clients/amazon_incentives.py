"""Amazon Incentives API (AGCOD): gift cards made, shown again and cancelled under an id that we choose.

What this file rests on is Amazon's documentation (developer.amazon.com/docs/incentives-api) and not a contract that
a machine could check; the fake of the tests (`tests/contracts/supplier_server.py`) behaves by the same pages:

- every call is a POST signed with Signature Version 4 for the service `AGCODService`; Japan is served from the Far
  East address in the region us-west-2 (pages "Service guide", "Security guide");
- `creationRequestId` begins with the partner's id and has at most 40 letters and digits. A repeat with the same id
  gives the same card and takes no money again; a new id makes a new card. So after a lost answer the id stays
  (page "Digital gift cards");
- `status` is SUCCESS, FAILURE or RESEND; a failure names an `errorCode`: F200 our request, F300 our account or
  deposit, F100 and F500 Amazon's own trouble, F400 (RESEND) and ThrottlingException to be tried again
  (page "Errors and mock errors"). Only F200 and F300 say for certain that nothing was made;
- a card can be cancelled by its request within 15 minutes (page "FAQ");
- claim codes must not be stored (page "Handling gift card claim codes").
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from functools import cached_property
from typing import Any

import requests

from core.clients.http import OutboundSession, outbound_session

SERVICE = "AGCODService"
TARGET = "com.amazonaws.agcod.AGCODService"
REFUSING_CLASSES = ("F200", "F300")
REFUSING_STATUSES = (401, 403)


class IncentivesUnavailable(Exception):
    """Whether the call took effect is not known; only the same request id again is harmless.

    Attributes:
        reason: a stable machine word.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class IncentivesRefused(Exception):
    """Amazon did nothing, and would refuse a repeat until something is changed.

    Attributes:
        error_type: Amazon's own word, such as InsufficientFunds.
    """

    def __init__(self, error_type: str) -> None:
        super().__init__(error_type)
        self.error_type = error_type


@dataclass(frozen=True, kw_only=True)
class AmazonCard:
    """A card as Amazon describes it; `claim_code` is money."""

    card_id: str
    amount: Decimal
    currency: str
    status: str
    claim_code: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class AmazonIncentives:
    """One partner account."""

    base_url: str
    region: str
    partner_id: str
    access_key_id: str
    secret_access_key: str = field(repr=False)
    timeout: tuple[float, float]

    def create_gift_card(self, *, request_id: str, amount: int, currency: str) -> AmazonCard:
        """Make a card, or have the one that this id made before.

        Raises:
            IncentivesUnavailable, IncentivesRefused: no card came back.
        """
        value = {"currencyCode": currency, "amount": amount}
        answer = self._call("CreateGiftCard", {"creationRequestId": request_id, "value": value})
        info = _object(answer.get("cardInfo"))
        given = _object(info.get("value"))
        return AmazonCard(
            card_id=str(answer.get("gcId") or ""),
            amount=_amount(given.get("amount")),
            currency=str(given.get("currencyCode") or ""),
            status=str(info.get("cardStatus") or ""),
            claim_code=str(answer.get("gcClaimCode") or ""),
        )

    def cancel_gift_card(self, *, request_id: str) -> None:
        """Cancel the card that this id made, within 15 minutes and unless somebody has claimed it; raises alike."""
        self._call("CancelGiftCard", {"creationRequestId": request_id})

    def available_funds(self) -> tuple[Decimal, str]:
        """Give what is left of the deposit, and its currency; asked once a second at most. Raises alike."""
        funds = _object(self._call("GetAvailableFunds", {}).get("availableFunds"))
        return _amount(funds.get("amount")), str(funds.get("currencyCode") or "")

    def _call(self, operation: str, facts: Mapping[str, Any]) -> dict[str, Any]:
        url = f"{self.base_url}/{operation}"
        body = json.dumps({"partnerId": self.partner_id, **facts})
        try:
            answer = self._session.post(
                url, data=body, headers=self._signed(url, operation, body), timeout=self.timeout
            )
        except requests.Timeout as error:
            raise IncentivesUnavailable("timeout") from error
        except requests.RequestException as error:
            raise IncentivesUnavailable("unreachable") from error
        return _sorted_answer(answer)

    def _signed(self, url: str, operation: str, body: str) -> dict[str, str]:
        from botocore.auth import SigV4Auth  # here, since web processes rarely come this way
        from botocore.awsrequest import AWSRequest
        from botocore.credentials import Credentials

        headers = {
            "Accept": "application/json",
            "Content-Type": "application/json",
            "X-Amz-Target": f"{TARGET}.{operation}",
        }
        request = AWSRequest(method="POST", url=url, data=body, headers=headers)
        SigV4Auth(Credentials(self.access_key_id, self.secret_access_key), SERVICE, self.region).add_auth(request)
        return dict(request.headers.items())

    @cached_property
    def _session(self) -> OutboundSession:
        return outbound_session()


def _sorted_answer(answer: requests.Response) -> dict[str, Any]:
    try:
        body = _object(answer.json())
    except ValueError:
        body = {}
    if answer.status_code == 200 and body.get("status") == "SUCCESS":
        return body
    error_code, error_type = str(body.get("errorCode") or ""), str(body.get("errorType") or "")
    if error_code in REFUSING_CLASSES or answer.status_code in REFUSING_STATUSES:
        raise IncentivesRefused(error_type or error_code or f"HTTP{answer.status_code}")
    if "ThrottlingException" in str(body.get("__type", "")):
        raise IncentivesUnavailable("throttled")
    raise IncentivesUnavailable(error_code.lower() or f"http_{answer.status_code}")


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _amount(value: Any) -> Decimal:
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return Decimal(0)
