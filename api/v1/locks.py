"""Set a code aside for a cart, and give it free again."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Scope
from api import fields
from api.fields import Instant, Integer, PublicId
from api.v1.tills import ShownCode, StoreId, TerminalId, TillView
from campaigns.models import Store
from codes.services import lock_code, release_lock, unknown_codes_counted
from codes.services.redemption.locking import LONGEST_LOCK_SECONDS
from core import clock


class LockList(TillView):
    """Locks on codes; other carts are refused as `locked` meanwhile."""

    required_scope = Scope.REDEMPTIONS_WRITE
    is_idempotent = True
    keeps_refusals = True

    class Input(fields.Input):
        code = ShownCode()
        ttl = Integer(min_value=1, max_value=LONGEST_LOCK_SECONDS, help_text="Seconds.")
        store_id = StoreId(required=False)
        terminal_id = TerminalId(required=False)

    class Output(fields.Output):
        lock_id = PublicId(source="public_id", help_text="To be sent with the redemption.")
        expires_at = Instant()

    @extend_schema(
        operation_id="lock_code",
        tags=["redemptions"],
        summary="Set a code aside",
        request=Input,
        responses={201: Output},
    )
    def post(self, request: Request) -> Response:
        """For a cart between its last page and the payment; a lock ends by itself and takes no value.

        Where the cart does not say its `store_id` yet, whether the code is good there is judged with the redemption.
        """
        given = self.read(self.Input)
        store = self._store(given)
        self.spend_try(given, store)

        def effect() -> tuple[int, dict[str, Any]]:
            lock = lock_code(
                agency_id=self.agency.pk,
                presented=given["code"],
                store_id=store.pk if store else None,
                terminal=self.terminal_of(given),
                ttl_seconds=given["ttl"],
                now=clock.now(),
            )
            return 201, self.Output(lock).data

        with unknown_codes_counted(guesser=self.guesser_of(given, store), now=clock.now()):
            return self.once(effect)

    def _store(self, given: dict[str, Any]) -> Store | None:
        """Give the store that the call names, or whose terminal calls."""
        if self.own_terminal is not None:
            given = {"store_id": self.own_terminal.store.code} | given
        return self.store_of(given) if "store_id" in given else None


class LockDetail(TillView):
    """One lock."""

    required_scope = Scope.REDEMPTIONS_WRITE
    http_method_names = ("delete",)

    @extend_schema(
        operation_id="release_lock",
        tags=["redemptions"],
        summary="Give a code free",
        responses={204: None},
    )
    def delete(self, request: Request, lock_id: UUID) -> Response:
        """A lock that has ended is answered like one that never was."""
        terminal = self.own_terminal
        release_lock(
            agency_id=self.agency.pk,
            lock_public_id=lock_id,
            store_id=terminal.store_id if terminal is not None else None,
            now=clock.now(),
        )
        return Response(status=204)
