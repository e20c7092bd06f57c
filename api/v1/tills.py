"""What every endpoint at the till has in common: the store, the terminal's own key, what is bought, the line's form.

The names are those that makers of tills know from other systems (docs/decisions/0014-names-at-the-till.md).
"""

from collections.abc import Callable
from functools import cache, cached_property, partial
from typing import Any, cast

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.response import Response

from accounts.models import Agency, ApiKey
from api import errors, fields, idempotency
from api.fields import Identifier, Instant, Integer, PublicId, Text, Yen
from api.views import AgencyView
from campaigns.models import Store
from codes.conditions import Item, Purchase
from codes.errors import StoreNotAllowed, TerminalNotAllowed
from codes.journal import Call, is_pos_index
from codes.models import Redemption, RedemptionKind, Terminal
from codes.recovered import recovered_answer
from codes.services import Guesser, spend_try
from core import clock, rows

UNNAMED = Store()  # its limits are those of a call that names no store
MINUTE_SECONDS = 60
MOST_ITEMS = 100
TILL_AND_STORE = f"""
SELECT {rows.columns(Terminal, "t")}, {rows.columns(Store, "o")}, {rows.columns(Store, "s")}
FROM (SELECT 1) AS one LEFT JOIN codes_terminal t ON t.api_key_id = %s LEFT JOIN campaigns_store o ON o.id = t.store_id
    LEFT JOIN campaigns_store s ON s.agency_id = %s AND s.code = %s
LIMIT 1
"""  # noqa: S608 names of columns only


class ItemInput(fields.Input):
    """A line of the purchase."""

    item = Text(max_length=40, help_text="Item number: JAN or the store's own.")
    quantity = Integer(min_value=1, max_value=100_000)
    amount = Yen(help_text="What the whole line costs, in yen.")


class PurchaseInput(fields.Input):
    """What is bought, for codes whose conditions ask."""

    purchase_amount = Yen(required=False, help_text="The whole purchase in yen, before the code is taken off.")
    items = ItemInput(many=True, required=False, default=list, max_length=MOST_ITEMS)  # type: ignore[call-arg]  # a list takes it
    basket_id = Identifier(
        required=False,
        default="",
        allow_blank=True,
        max_length=64,
        help_text="The same for all codes that are used for one purchase.",
    )


class ShownCode(Text):
    """A code as it reaches a till."""

    def __init__(self, **options: Any) -> None:
        wording = "As typed or scanned: the code itself, or what the phone shows."
        super().__init__(max_length=200, help_text=wording, **options)


class StoreId(Identifier):
    """A store as the agency names it."""

    def __init__(self, **options: Any) -> None:
        wording = "The store's number as your agency knows it (店舗番号), such as 001; no id of ours."
        super().__init__(max_length=20, help_text=wording, **options)


class TerminalId(Identifier):
    """A till as its store names it."""

    def __init__(self, **options: Any) -> None:
        wording = "The till's number in its store. A terminal with a key of its own names itself as it is set up here."
        super().__init__(max_length=40, help_text=wording, **options)


class PosTransactionId(Identifier):
    """A sale as its till numbers it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=64, **options)


class TillInput(fields.Input):
    """A code at a till, with an amount."""

    code = ShownCode()
    amount = Yen(
        required=False,
        help_text="In yen. Without it: all that is left, no more than is bought, or what the code's conditions say.",
    )
    store_id = StoreId()
    terminal_id = TerminalId(required=False)
    lock_id = PublicId(required=False, help_text="The lock that this cart holds on the code.")


class CodeInput(TillInput, PurchaseInput):
    """A code at a till, with an amount and what is bought."""


class RedemptionAnswer(fields.Output):
    """One use of a code, or a line that gives some of it back."""

    id = PublicId(source="public_id")
    kind = serializers.ChoiceField(choices=RedemptionKind.values)
    status = serializers.SerializerMethodField(help_text="A refusal is a problem and leaves no line.")
    amount = serializers.IntegerField(source="amount_jpy", help_text="In yen.")
    balance = serializers.IntegerField(source="balance_after_jpy", help_text="Yen left on the code after it.")
    reversed_amount = serializers.IntegerField(source="reversed_jpy", help_text="Yen given back so far.")
    store_id = serializers.CharField(source="store.code", help_text="The store's number.")
    terminal_id = serializers.CharField(source="terminal", help_text="Empty where no till took part.")
    pos_transaction_id = serializers.SerializerMethodField(help_text="Empty where the line has none.")
    business_day = serializers.DateField(help_text="The store's day that this line is settled with.")
    occurred_at = Instant(allow_null=True, help_text="The time at the till; null where no till told one.")
    received_at = Instant(source="at", help_text="When it was booked; this time counts.")
    reverses = serializers.SerializerMethodField(help_text="The redemption that this line undoes.")
    reversed_by = serializers.SerializerMethodField(help_text="The latest line that gives some of it back.")

    @extend_schema_field(serializers.ChoiceField(choices=["succeeded"]))
    def get_status(self, _redemption: Redemption) -> str:
        return "succeeded"

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


def till_and_store(key: ApiKey, store_code: str) -> tuple[Terminal | None, Store | None]:
    """Read in one statement the terminal that a key belongs to, with its store, and the agency's store of a number."""
    found = rows.one(TILL_AND_STORE, [key.pk, key.agency_id, store_code])
    assert found is not None  # there is always one
    terminal, own_store, store = rows.apart(found, Terminal, Store, Store)
    if terminal is not None:
        terminal.store = own_store
    return terminal, store


class TillView(AgencyView):
    """A view for keys of an agency's system and for keys of single terminals."""

    @cached_property
    def own_terminal(self) -> Terminal | None:
        """The terminal that this key belongs to, if it belongs to one."""
        return self._till("")[0]

    @cached_property
    def _till(self) -> Callable[[str], tuple[Terminal | None, Store | None]]:
        """Read the key's own terminal and the store of a number, each number once."""
        return cache(partial(till_and_store, self.key))

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
            line.terminal = self.terminal_of(sent)
            line.occurred_at = Instant().to_internal_value(sent["occurred_at"])
        return line

    def store_of(self, given: dict[str, Any]) -> Store:
        """Find the store that the call names.

        Raises:
            StoreNotFound: the agency has no such store.
            StoreNotAllowed: the key belongs to a terminal of another store.
            TerminalNotAllowed: the key belongs to another terminal of the store.
        """
        terminal, store = self._till(given["store_id"])
        self.own_terminal = terminal
        if terminal is not None and terminal.store.code != given["store_id"]:
            raise StoreNotAllowed
        if terminal is not None and given.get("terminal_id", terminal.code) != terminal.code:
            raise TerminalNotAllowed
        if store is None:
            raise errors.StoreNotFound
        return store

    def terminal_of(self, given: dict[str, Any]) -> str:
        """Name the terminal: the one that the key belongs to, or the one that the call names."""
        terminal = self.own_terminal
        return terminal.code if terminal is not None else str(given.get("terminal_id", ""))

    def guesser_of(self, given: dict[str, Any], store: Store | None) -> Guesser:
        """Name who may be guessing by key and store: an agency's key calls its terminals whatever it likes."""
        limit = (store or UNNAMED).unknown_an_hour
        return Guesser(self.agency.pk, f"key:{self.key.pk}:{given.get('store_id', '')}", limit)

    def spend_try(self, given: dict[str, Any], store: Store | None, *, tries: int = 1) -> None:
        """Count the try outside of its transaction, so that a refused one counts as well."""
        spend_try(
            guesser=self.guesser_of(given, store),
            scope=f"api-code:{self.key.pk}:{given.get('store_id', '')}:{self.terminal_of(given)}",
            limit=(store or UNNAMED).tries_a_minute,
            window_seconds=MINUTE_SECONDS,
            now=clock.now(),
            tries=tries,
        )


def purchase_of(given: dict[str, Any]) -> Purchase:
    """Read what is bought."""
    items = tuple(Item(line["item"], line["quantity"], line["amount"]) for line in given["items"])
    return Purchase(total_jpy=given.get("purchase_amount"), items=items, basket_id=given["basket_id"])
