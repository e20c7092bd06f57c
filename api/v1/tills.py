"""What every endpoint at the till has in common: the store, the terminal's own key, what is bought, the line's form."""

from functools import cached_property
from typing import Any, cast

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.response import Response

from accounts.models import Agency
from api import errors, fields, idempotency
from api.fields import Identifier, Instant, Integer, PublicId, Text, Yen
from api.views import AgencyView
from campaigns.models import Store
from codes.conditions import Item, Purchase
from codes.errors import StoreNotAllowed
from codes.journal import Call, is_pos_index
from codes.models import Redemption, RedemptionKind, Terminal
from codes.recovered import recovered_answer
from core import clock
from eligibility.services import spend_attempt

TRIES_PER_TERMINAL = 60  # a minute: more than any till needs, nothing for somebody who guesses
MINUTE_SECONDS = 60
MOST_ITEMS = 100


class ItemInput(fields.Input):
    """A line of the purchase."""

    item = Text(max_length=40, help_text="Item number: JAN or the store's own.")
    quantity = Integer(min_value=1, max_value=100_000)
    amount_jpy = Yen(help_text="What the whole line costs.")


class PurchaseInput(fields.Input):
    """What is bought, for codes whose conditions ask."""

    purchase_jpy = Yen(required=False, help_text="The whole purchase, before the code is taken off.")
    items = ItemInput(many=True, required=False, default=list, max_length=MOST_ITEMS)  # type: ignore[call-arg]  # a list takes it
    basket_id = Identifier(
        required=False,
        default="",
        allow_blank=True,
        max_length=64,
        help_text="The same for all codes that are used for one purchase.",
    )


class TillInput(fields.Input):
    """Where a code is shown."""

    code = Text(max_length=200, help_text="As typed or scanned: the code itself, or what the phone shows.")
    store = Identifier(max_length=20, help_text="The store's number.")
    terminal = Identifier(
        required=False,
        max_length=40,
        default="",
        allow_blank=True,
        help_text="Left out by a terminal with a key of its own.",
    )


class CodeInput(TillInput, PurchaseInput):
    """A code at a till, with an amount."""

    amount_jpy = Yen(
        required=False,
        help_text="Without it: all that is left, no more than is bought, or what the code's conditions say.",
    )
    lock = PublicId(required=False, help_text="The lock that this cart holds on the code.")


class RedemptionAnswer(fields.Output):
    """One use of a code, or a line that gives some of it back."""

    id = PublicId(source="public_id")
    kind = serializers.ChoiceField(choices=RedemptionKind.values)
    amount_jpy = serializers.IntegerField()
    balance_jpy = serializers.IntegerField(source="balance_after_jpy", help_text="Left on the code after it.")
    reversed_jpy = serializers.IntegerField(help_text="Given back so far.")
    store = serializers.CharField(source="store.code")
    terminal = serializers.CharField()
    pos_transaction_id = serializers.SerializerMethodField(help_text="Empty where the till gave none.")
    business_day = serializers.DateField(help_text="The store's day that this line is settled with.")
    at = Instant()
    reverses = serializers.SerializerMethodField(help_text="The redemption that this line undoes.")
    reversed_by = serializers.SerializerMethodField(help_text="The latest line that gives some of it back.")

    def get_pos_transaction_id(self, redemption: Redemption) -> str:
        number = redemption.pos_transaction_id
        return "" if is_pos_index(number) else number

    @extend_schema_field(PublicId(allow_null=True))
    def get_reverses(self, redemption: Redemption) -> str | None:
        return str(redemption.reverses.public_id) if redemption.reverses else None

    @extend_schema_field(PublicId(allow_null=True))
    def get_reversed_by(self, redemption: Redemption) -> str | None:
        if not redemption.reversed_jpy:
            return None
        return str(max(redemption.reversals.all(), key=lambda line: line.pk).public_id)


def redemptions_of(agency: Agency, terminal: Terminal | None = None) -> QuerySet[Redemption]:
    """Give the lines that a key of the agency may see; a terminal's key sees its store."""
    lines = Redemption.objects.filter(agency=agency).select_related("store", "reverses").prefetch_related("reversals")
    return lines if terminal is None else lines.filter(store_id=terminal.store_id)


class TillView(AgencyView):
    """A view for keys of an agency's system and for keys of single terminals."""

    @property
    def own_terminal(self) -> Terminal | None:
        """The terminal that this key belongs to, if it belongs to one."""
        return getattr(self.key, "terminal", None)

    @cached_property
    def call(self) -> Call:
        """This call, as the issue journal may know it."""
        return Call(
            agency_id=self.agency.pk,
            endpoint=self.endpoint,
            key=idempotency.idempotency_key(self.request),
            body_sha256=self.body_sha256,
        )

    def once(self, effect: idempotency.Effect) -> Response:
        """Run the effect once for its key, also where the database has been restored to a time before it.

        Raises:
            IdempotencyKeyReused: the key was used with another body before the restore.
            AnswerLost: it had its effect, and the line of that could not be booked again.
        """
        known = recovered_answer(self.call)
        if known is None:
            return super().once(effect)
        if not known.is_same_body:
            raise errors.IdempotencyKeyReused
        if known.redemption is None:
            raise errors.AnswerLost
        answer = RedemptionAnswer(self._as_sent(known.redemption)).data
        return Response(answer, status=201, headers={"Idempotency-Replayed": "true"})

    def _as_sent(self, line: Redemption) -> Redemption:
        """Put into a use what the journal does not hold of it and this call, the same as then, says again."""
        if line.kind == RedemptionKind.REDEEM:
            sent = cast("dict[str, Any]", self.request.data)
            line.pos_transaction_id = sent.get("pos_transaction_id", "")
            line.terminal = self.terminal_of({"terminal": sent.get("terminal", "")})
        return line

    def store_of(self, given: dict[str, Any]) -> Store:
        """Find the store that the call names.

        Raises:
            StoreNotFound: the agency has no such store.
            StoreNotAllowed: the key belongs to a terminal of another store.
        """
        terminal = self.own_terminal
        if terminal is not None and terminal.store.code != given["store"]:
            raise StoreNotAllowed
        store = Store.objects.filter(agency=self.agency, code=given["store"]).first()
        if store is None:
            raise errors.StoreNotFound
        return store

    def terminal_of(self, given: dict[str, Any]) -> str:
        """Name the terminal: a terminal's own key tells which one it is."""
        terminal = self.own_terminal
        return terminal.code if terminal is not None else str(given["terminal"])

    def spend_try(self, given: dict[str, Any], *, tries: int = 1) -> None:
        """Count the try outside of its transaction, so that a refused one counts as well."""
        scope = f"api-code:{self.key.pk}:{given['store']}:{self.terminal_of(given)}"
        for _try in range(tries):
            spend_attempt(scope=scope, limit=TRIES_PER_TERMINAL, window_seconds=MINUTE_SECONDS, now=clock.now())


def purchase_of(given: dict[str, Any]) -> Purchase:
    """Read what is bought."""
    items = tuple(Item(**line) for line in given["items"])
    return Purchase(total_jpy=given.get("purchase_jpy"), items=items, basket_id=given["basket_id"])
