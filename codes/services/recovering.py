"""After a restore to an earlier time: what the journal knows and the database has forgotten is written back (F27).

First every batch concerned is held back, so that nobody is handed a code that somebody else has; then the lines are
replayed; then the batches are released. Every step can be repeated.
"""

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce, Greatest, Least

from accounts import audit
from campaigns.models import Prize, Store
from campaigns.services import spend_again
from codes.journal import Line, open_journal, read_lines
from codes.links import claim_token, token_index
from codes.models import Award, BatchStatus, CodeBatch, CodeStatus, GiftCode, Redemption, RedemptionKind
from codes.reasons import FROM_JOURNAL
from codes.recovered import RECOVERED, look_again
from codes.services.recovering_disputes import dispute_again, lost_disputes
from codes.services.recovering_prints import last_states, lost_prints, print_again, state_again
from codes.services.recovering_tills import lost_undoings, remember_call, undo_again
from codes.services.recovering_voids import (
    block_again,
    call_back_again,
    lost_recalls,
    lost_voids,
    lost_withdrawals,
    withdraw_again,
)
from codes.services.redemption.ledger import post
from codes.services.redemption.redeeming import MOST_COUNTED
from core.crashpoints import crashpoint
from draws.models import DrawResult
from participants.models import Entry

AT_ONCE = 500
STOCK = [CodeStatus.STAGED, CodeStatus.AVAILABLE, CodeStatus.RESERVED, CodeStatus.HELD]


@dataclass
class Recovery:
    """What the journal holds against the database, and what was done; ids of rows and figures only."""

    lines: int = 0
    altered_lines: int = 0
    lost_awards: list[Line] = field(default_factory=list)
    lost_uses: list[Line] = field(default_factory=list)
    lost_prints: list[Line] = field(default_factory=list)
    batch_states: dict[str, Line] = field(default_factory=dict)  # the last one of each batch
    lost_voids: list[Line] = field(default_factory=list)
    lost_withdrawals: list[Line] = field(default_factory=list)
    lost_undoings: list[Line] = field(default_factory=list)  # sales that their tills have undone
    lost_disputes: list[Line] = field(default_factory=list)  # uses reported later, by how they stood in the end
    lost_recalls: dict[int, bool] = field(default_factory=dict)  # batches, and whether their recall had ended
    living_awards: set[str] = field(default_factory=set)  # public ids of lost ones with a code that is not blocked
    void_codes: set[str] = field(default_factory=set)  # public ids of all codes known to be blocked
    batch_ids: list[int] = field(default_factory=list)
    codes_held: int = 0
    codes_recovered: int = 0
    awards_recovered: int = 0
    uses_recovered: int = 0
    calls_recovered: int = 0  # whose repeat has no second effect
    sales_undone: int = 0
    disputes_recovered: int = 0
    prints_recovered: int = 0  # codes that stand on paper
    codes_blocked: int = 0
    awards_withdrawn: int = 0
    codes_recalled: int = 0
    codes_released: int = 0
    unknown_codes: set[str] = field(default_factory=set)  # imported after the backup: the file has to come in again
    conflicts: list[str] = field(default_factory=list)  # public ids: given or used otherwise since the restore
    award_ids: list[int] = field(default_factory=list)


def plan_recovery(*, now: datetime, since: date | None = None) -> Recovery:
    """Compare the journal, from the day of the backup on, with the database; nothing is changed.

    Raises:
        JournalUnavailable: it cannot be read.
    """
    lines, altered = read_lines(open_journal(), since)
    plan = Recovery(lines=len(lines), altered_lines=altered)
    plan.lost_awards = _lost_awards(lines)
    plan.lost_uses = sorted(_unknown(Redemption, "redemption", lines), key=lambda line: str(line["at"]))
    plan.lost_prints, plan.batch_states = lost_prints(lines), last_states(lines)
    plan.lost_voids, plan.lost_withdrawals = lost_voids(lines), lost_withdrawals(lines)
    plan.lost_recalls = lost_recalls(lines, plan.batch_states)
    plan.lost_undoings, plan.lost_disputes = lost_undoings(lines), lost_disputes(lines)
    plan.void_codes = {line["code"] for line in lines if line["what"] == "void"}
    plan.living_awards = {line["id"] for line in plan.lost_awards if line["code"] not in plan.void_codes}
    ids: set[int] = set()
    for _chunk, codes in _with_codes([*plan.lost_awards, *plan.lost_uses, *plan.lost_voids]):
        ids |= {code.batch_id for code in codes.values()}
    plan.batch_ids = sorted(ids)
    return plan


def recover(*, now: datetime, since: date | None = None, actor_id: int | None = None) -> Recovery:
    """Hold back, replay, release. Batches stay held back where the journal itself was altered.

    Raises:
        JournalUnavailable: it cannot be read.
    """
    plan = plan_recovery(now=now, since=since)
    for batch_id in plan.batch_ids:
        plan.codes_held += quarantine_batch(batch_id=batch_id, now=now, actor_id=actor_id)
    crashpoint("recovering.after_quarantine")
    for chunk, codes in _with_codes(plan.lost_awards):
        _replay_awards(plan, chunk, codes, now)
        crashpoint("recovering.after_chunk")
    for line in plan.lost_prints:  # before their uses
        made, conflicts = print_again(line, now)
        plan.prints_recovered += made
        plan.conflicts += conflicts
    for line in plan.batch_states.values():
        state_again(line, now)
    for chunk, codes in _with_codes(plan.lost_uses):
        _replay_uses(plan, chunk, codes, now)
    lost_stores = undo_again(plan.lost_undoings)
    plan.sales_undone, plan.conflicts = len(plan.lost_undoings) - len(lost_stores), [*plan.conflicts, *lost_stores]
    for chunk, codes in _with_codes(plan.lost_disputes):
        _replay_disputes(plan, chunk, codes, now)
    crashpoint("recovering.before_voids")
    plan.awards_withdrawn = withdraw_again(plan.lost_withdrawals, now)
    for chunk, codes in _with_codes(plan.lost_voids):
        _replay_voids(plan, chunk, codes, now)
    plan.codes_recalled = call_back_again(plan.lost_recalls, now)
    if not plan.altered_lines:
        for batch_id in _quarantined():
            plan.codes_released += clear_batch(batch_id=batch_id, now=now, actor_id=actor_id)
    return plan


@transaction.atomic
def quarantine_batch(*, batch_id: int, now: datetime, actor_id: int | None = None) -> int:
    """Take what is left of a batch out of stock until the journal is replayed; returns how many codes."""
    batch = CodeBatch.objects.select_for_update().get(pk=batch_id)
    held = batch.gift_codes.filter(status=CodeStatus.AVAILABLE).update(status=CodeStatus.HELD)
    audit.record("batch.quarantined", subject=batch, actor_id=actor_id, codes=held)
    return held


@transaction.atomic
def clear_batch(*, batch_id: int, now: datetime, actor_id: int | None = None) -> int:
    """Put what is left of a quarantined batch back into stock; one that an operator holds back stays so."""
    batch = CodeBatch.objects.select_for_update().get(pk=batch_id)
    released = 0
    if batch.status == BatchStatus.ACTIVE:
        released = batch.gift_codes.filter(status=CodeStatus.HELD).update(status=CodeStatus.AVAILABLE)
    audit.record("batch.cleared", subject=batch, actor_id=actor_id, codes=released)
    return released


def _lost_awards(lines: Iterable[Line]) -> list[Line]:
    """Give the lines of awards that the database does not know, or not with that code, unless it is blocked already."""
    with_code = [line for line in lines if line["what"] == "award" and line["code"]]
    lost: list[Line] = []
    for start in range(0, len(with_code), AT_ONCE):
        chunk = with_code[start : start + AT_ONCE]
        awards = Award.objects.filter(public_id__in=[line["id"] for line in chunk])
        held = awards.values_list("public_id", "gift_code__public_id", "gift_code__code_index")
        known = {(str(award), str(name)) for award, *names in held for name in names}
        void = GiftCode.objects.filter(public_id__in=[line["code"] for line in chunk], status=CodeStatus.VOID)
        blocked = {str(public_id) for public_id in void.values_list("public_id", flat=True)}
        lost += [
            line
            for line in chunk
            if known.isdisjoint({(line["id"], line["code"]), (line["id"], line["index"])})
            and line["code"] not in blocked
        ]
    return lost


def _unknown(model: Any, what: str, lines: Iterable[Line]) -> list[Line]:
    of_kind = [line for line in lines if line["what"] == what]
    unknown: list[Line] = []
    for start in range(0, len(of_kind), AT_ONCE):
        chunk = of_kind[start : start + AT_ONCE]
        found = model._default_manager.filter(public_id__in=[line["id"] for line in chunk])
        known = {str(public_id) for public_id in found.values_list("public_id", flat=True)}
        unknown += [line for line in chunk if line["id"] not in known]
    return unknown


def _with_codes(lines: list[Line]) -> Iterator[tuple[list[Line], dict[str, GiftCode]]]:
    """Give lines in chunks with the codes they name: by id, or by index where the same file came in once more."""
    for start in range(0, len(lines), AT_ONCE):
        chunk = lines[start : start + AT_ONCE]
        named = Q(public_id__in=[line["code"] for line in chunk]) | Q(code_index__in=[line["index"] for line in chunk])
        codes: dict[str, GiftCode] = {}
        by_index: dict[tuple[str, str], GiftCode] = {}
        for code in GiftCode.objects.filter(named).select_related("agency", "award"):
            codes[str(code.public_id)] = code
            by_index[str(code.agency.public_id), code.code_index] = code
        for line in chunk:
            twin = by_index.get((line["agency"], line["index"]))
            if line["code"] not in codes and twin is not None:
                codes[line["code"]] = twin
        yield chunk, codes


@transaction.atomic
def _replay_awards(plan: Recovery, lines: list[Line], codes: dict[str, GiftCode], now: datetime) -> None:
    known = Award.objects.filter(public_id__in=[line["id"] for line in lines]).select_related("gift_code")
    awards = {str(award.public_id): award for award in known}
    for line in lines:
        code = codes.get(line["code"])
        if code is None:
            plan.unknown_codes.add(line["code"])
            continue
        award = awards.get(line["id"])
        if getattr(code, "award", None) is not None or not _gives_way(award, plan):
            plan.conflicts.append(line["id"])
            continue
        if code.status in STOCK:
            _take_out(code, line, now)
            plan.codes_recovered += 1
        elif code.status != CodeStatus.ISSUED:
            plan.conflicts.append(line["id"])
            continue
        made = _hand_over(plan, award, code, line, now)
        if made is not None:
            awards[line["id"]] = made


def _gives_way(award: Award | None, plan: Recovery) -> bool:
    """Tell whether an award may have another code: it is not there, or its code was replaced since."""
    code = award.gift_code if award else None
    return code is None or code.status == CodeStatus.VOID or str(code.public_id) in plan.void_codes


def _hand_over(plan: Recovery, award: Award | None, code: GiftCode, line: Line, now: datetime) -> Award | None:
    """Give a code back to its award, or make that anew; a code that was replaced stays without, to be blocked."""
    is_void = line["code"] in plan.void_codes
    if is_void and (award is not None or line["id"] in plan.living_awards):
        return award
    if award is None:
        award = _award_again(code, line, now)
        if award is not None:
            plan.awards_recovered += 1
            plan.award_ids.append(award.pk)
        return award
    Award.objects.filter(pk=award.pk).update(gift_code=code, journaled_at=now, updated_at=now)
    award.gift_code = code
    audit.record("code.replaced", subject=award, reason=FROM_JOURNAL, gift_code=str(code.public_id))
    return award


def _take_out(code: GiftCode, line: Line, now: datetime) -> None:
    """Move a code to ISSUED by the ways there are, with a line at its entry by which the entry finds it again."""
    if code.status == CodeStatus.STAGED:
        code.move_to(CodeStatus.AVAILABLE)
    code.move_to(CodeStatus.ISSUED, issued_at=datetime.fromisoformat(line["at"]), recovered_at=now)
    facts = {"gift_code": str(code.public_id), "award": line["id"], "token_key": line["token_key"]}
    audit.record(RECOVERED, subject=code, **facts)
    look_again()
    entry = Entry.objects.filter(public_id=line["entry"], agency_id=code.agency_id).first()
    if entry is not None:
        audit.record(RECOVERED, subject=entry, **facts)


def _award_again(code: GiftCode, line: Line, now: datetime) -> Award | None:
    """Make the award anew where its entry and result are still known: its link is the same as before."""
    prize = Prize.objects.filter(public_id=line["prize"], pk=code.prize_id).first()
    result = DrawResult.objects.filter(entry__public_id=line["entry"], agency_id=code.agency_id).first()
    if prize is None or result is None or result.course_id != prize.course_id:
        return None
    if Award.objects.filter(entry_id=result.entry_id, prize=prize, voided_at__isnull=True).exists():
        return None
    public_id, key_id = uuid.UUID(line["id"]), line["token_key"]
    award = Award.objects.create(
        public_id=public_id,
        agency_id=code.agency_id,
        entry_id=result.entry_id,
        result=result,
        prize=prize,
        gift_code=code,
        value_jpy=code.face_value_jpy,
        token_index=token_index(claim_token(public_id, key_id), key_id),
        token_key_id=key_id,
        claim_expires_at=datetime.fromisoformat(line["until"]),
        journaled_at=now,
    )
    spend_again(campaign_id=prize.course.campaign_id, jpy=award.value_jpy, now=now)
    return award


def _replay_voids(plan: Recovery, lines: list[Line], codes: dict[str, GiftCode], now: datetime) -> None:
    for line in lines:
        code = codes.get(line["code"])
        if code is None:
            plan.unknown_codes.add(line["code"])
        else:
            plan.codes_blocked += block_again(line, code, now)


@transaction.atomic
def _replay_uses(plan: Recovery, lines: list[Line], codes: dict[str, GiftCode], now: datetime) -> None:
    for line in lines:
        code = codes.get(line["code"])
        booked = _book(code, line, now) if code else None
        if code is None:
            plan.unknown_codes.add(line["code"])
        elif booked is None:
            plan.conflicts.append(line["id"])
        plan.uses_recovered += int(booked is not None)
        plan.calls_recovered += remember_call(line, booked, now)


@transaction.atomic
def _replay_disputes(plan: Recovery, lines: list[Line], codes: dict[str, GiftCode], now: datetime) -> None:
    for line in lines:
        code = codes.get(line["code"])
        if code is None and line["code"]:
            plan.unknown_codes.add(line["code"])
        elif dispute_again(line, code, now) is None:
            plan.conflicts.append(line["id"])
        else:
            plan.disputes_recovered += 1


def _book(code: GiftCode, line: Line, now: datetime) -> Redemption | None:
    """Write a use again and let the balance follow; one that does not fit any more is left to a person."""
    amount, at = line["amount"], datetime.fromisoformat(line["at"])
    store = Store.objects.filter(public_id=line["store"], agency_id=code.agency_id).first()
    original = Redemption.objects.filter(public_id=line["reverses"], gift_code=code).first()
    is_use = line["kind"] == RedemptionKind.REDEEM
    if store is None or is_use == (original is not None):
        return None
    rows = GiftCode.objects.filter(pk=code.pk)
    if is_use:
        fits = rows.filter(balance_jpy__gte=amount)
        counted = Least(F("use_count") + 1, Value(MOST_COUNTED))
        if not fits.update(
            balance_jpy=F("balance_jpy") - amount, use_count=counted, redeemed_at=Coalesce("redeemed_at", at)
        ):
            return None
    elif original is not None:
        frees_a_use = original.reversed_jpy + amount == original.amount_jpy
        fewer = Greatest(F("use_count") - int(frees_a_use), Value(0))
        rows.update(balance_jpy=F("balance_jpy") + amount, use_count=fewer)
        rows.filter(balance_jpy=F("face_value_jpy")).update(redeemed_at=None)
        Redemption.objects.filter(pk=original.pk).update(reversed_jpy=F("reversed_jpy") + amount)
    booked = Redemption.objects.create(
        public_id=line["id"],
        agency_id=code.agency_id,
        gift_code=code,
        store=store,
        kind=line["kind"],
        amount_jpy=amount,
        balance_after_jpy=line["balance"],
        pos_transaction_id=line["pos"],
        reverses=original,
        at=at,
        business_day=date.fromisoformat(line["day"]) if line["day"] else None,
        call_hashes=line.get("call") or "",
        is_offline=bool(line.get("offline")),  # the store's limit counts it
        occurred_at=datetime.fromisoformat(line["offline"]) if line.get("offline") else None,
        journaled_at=now,
    )
    post(booked)
    audit.record("use.recovered", subject=code, redemption=line["id"], amount_jpy=amount)
    return booked


def _quarantined() -> list[int]:
    """Give the batches that hold codes back without an operator having said so."""
    held = GiftCode.objects.filter(status=CodeStatus.HELD, batch__status=BatchStatus.ACTIVE).order_by()
    return list(held.values_list("batch", flat=True).distinct())
