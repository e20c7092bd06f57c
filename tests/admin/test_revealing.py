"""A code is shown at the desk with a reason and the password, so many a day, and the trail knows first (T21, I13)."""

from datetime import timedelta

import pytest
from django.core import mail
from django.urls import reverse

from accounts.models import AuditEntry, Role
from codes import tasks
from codes.errors import CodeNotGivenOut, RevealQuotaReached
from codes.journal import open_journal, read_lines
from codes.models import Award, CodeStatus, GiftCode
from codes.services import desk_revealing, replace_unseen_code
from codes.services.desk_revealing import reveal_to_desk
from core.clock import end_of_jst_day, jst_day
from journeys.audit import violations
from tests.factories import NOW, AwardFactory, GiftCodeFactory, UserFactory
from tests.worlds import open_campaign, win

PASSWORD = "a long enough password"


@pytest.fixture(autouse=True)
def own_journal(settings, tmp_path):
    settings.JOURNAL = f"folder:{tmp_path}"


@pytest.fixture
def award(agency):
    return AwardFactory(result__entry__campaign__sponsor__agency=agency, gift_code__code="CANARY0000000001")


def page_of(award) -> str:
    return reverse("admin:codes_giftcode_reveal", args=[award.gift_code_id])


def ask(client, award, **changes):
    return client.post(page_of(award), {"reason": "読み取れないとの電話", "password": PASSWORD, **changes})


def at_desk() -> list[AuditEntry]:
    return list(AuditEntry.objects.filter(action="code.revealed_at_desk"))


def test_T21_a_code_is_shown_with_reason_and_password_after_its_line(operator, award, monkeypatch):
    seen = []
    opener = desk_revealing.open_code
    monkeypatch.setattr(desk_revealing, "open_code", lambda code: (seen.append(len(at_desk())), opener(code))[1])

    asked = operator.get(page_of(award))
    shown = ask(operator, award)

    assert "今日あと表示できる件数" in asked.content.decode()
    assert "CANARY0000000001" not in asked.content.decode()
    assert "CANARY0000000001" in shown.content.decode()
    assert "no-store" in shown["Cache-Control"]
    assert seen == [1]
    (line,) = at_desk()
    assert (line.reason, line.subject_id) == ("読み取れないとの電話", str(award.public_id))
    award.refresh_from_db()
    assert (award.reveal_count, award.revealed_at is None, award.claimed_at is None) == (1, False, False)
    assert [journaled["id"] for journaled in read_lines(open_journal())[0]] == [str(award.public_id)]
    assert "I13" not in violations(NOW)


@pytest.mark.parametrize("wrong", [{"password": "something else"}, {"password": ""}, {"reason": ""}])
def test_T21_without_password_or_reason_nothing_is_shown(operator, award, wrong):
    page = ask(operator, award, **wrong)

    assert page.status_code == 200
    assert "CANARY0000000001" not in page.content.decode()
    assert at_desk() == []


@pytest.mark.usefixtures("one_window")
def test_T20_guessing_the_password_here_locks_as_at_the_door(operator, award, settings):
    settings.AXES_ENABLED = True
    for _attempt in range(11):
        page = ask(operator, award, password="wrong")

    assert page.status_code == 429
    assert "CANARY0000000001" not in ask(operator, award).content.decode()


@pytest.mark.parametrize("role", [Role.SUPPORT, Role.REVIEWER, Role.VIEWER])
def test_T21_other_roles_are_shown_none(desk, award, role):
    assert ask(desk(role), award).status_code in (302, 403, 404)
    assert at_desk() == []


def test_T16_a_code_of_another_agency_is_not_there(operator):
    foreign = AwardFactory()

    assert ask(operator, foreign).status_code in (302, 403, 404)
    assert at_desk() == []


@pytest.mark.parametrize("status", [CodeStatus.AVAILABLE, CodeStatus.RESERVED, CodeStatus.VOID])
def test_T21_a_code_that_nobody_holds_is_not_shown(agency, status):
    code = GiftCodeFactory(status=status)

    with pytest.raises(CodeNotGivenOut):
        reveal_to_desk(gift_code_id=code.pk, actor_id=UserFactory().pk, reason="x", now=NOW)
    assert at_desk() == []


def test_a_printed_code_has_its_line_at_the_code_itself(agency):
    code = GiftCodeFactory(code="PRINTED00001", status=CodeStatus.PRINTED, issued_at=NOW)

    shown = reveal_to_desk(gift_code_id=code.pk, actor_id=UserFactory().pk, reason="x", now=NOW)

    assert (shown.code, at_desk()[0].subject_id) == ("PRINTED00001", str(code.public_id))


def test_T21_more_than_the_days_number_is_refused_and_colleagues_are_told(
    agency, award, member, settings, desk, django_capture_on_commit_callbacks, monkeypatch
):
    settings.REVEALS_A_DAY, settings.TASKS_ON_COMMIT = 5, True
    eager, colleague = member(Role.OPERATOR), member(Role.OPERATOR)
    type(colleague).objects.filter(pk=colleague.pk).update(email="colleague@example.jp")
    member(Role.SUPPORT)
    sent = []
    monkeypatch.setattr("core.queueing.current_app.send_task", lambda name, **more: sent.append((name, more["kwargs"])))
    now = AuditEntry.objects.create(action="x", subject_type="x", subject_id="x").at

    def show() -> None:
        with django_capture_on_commit_callbacks(execute=True):
            reveal_to_desk(gift_code_id=award.gift_code_id, actor_id=eager.pk, reason="x", now=now)

    for _time in range(5):
        show()
    with pytest.raises(RevealQuotaReached):
        show()

    assert (len(at_desk()), Award.objects.get().reveal_count) == (5, 5)
    assert sent == [("codes.tasks.warn_of_reveals", {"actor_id": eager.pk, "agency_id": agency.pk})]
    tasks.warn_of_reveals(**sent[0][1])
    (warning,) = mail.outbox
    assert warning.to == ["colleague@example.jp"]
    assert eager.get_username() in warning.body
    assert "CANARY" not in warning.body
    today = desk(Role.OPERATOR).get(reverse("admin:index")).content.decode()
    assert f"{eager.get_username()}" in today
    tomorrow = end_of_jst_day(jst_day(now)) + timedelta(microseconds=1)
    assert reveal_to_desk(gift_code_id=award.gift_code_id, actor_id=eager.pk, reason="x", now=tomorrow).code


def test_the_warning_needs_somebody_to_warn(agency, member):
    assert desk_revealing.warn_of_reveals(actor_id=member(Role.OPERATOR).pk, agency_id=agency.pk, now=NOW) == 0


def test_GB10_a_code_shown_at_the_desk_counts_as_shown(award):
    reveal_to_desk(gift_code_id=award.gift_code_id, actor_id=UserFactory().pk, reason="x", now=NOW)

    assert Award.objects.get().revealed_at == NOW
    assert GiftCode.objects.get().status == CodeStatus.ISSUED


def test_I01_a_code_put_out_of_its_award_at_that_moment_is_not_shown(db, monkeypatch):
    world = open_campaign()
    award = win(world)
    write = desk_revealing.journal_award

    def replaced_then(*, award_id, now):
        write(award_id=award_id, now=now)
        replace_unseen_code(award_id=award_id, reason="x", now=now)

    monkeypatch.setattr(desk_revealing, "journal_award", replaced_then)

    with pytest.raises(CodeNotGivenOut):
        reveal_to_desk(gift_code_id=award.gift_code_id, actor_id=UserFactory().pk, reason="x", now=NOW)

    award.refresh_from_db()
    assert (award.revealed_at, award.reveal_count) == (None, 0)
    assert not AuditEntry.objects.filter(action="code.revealed_at_desk").exists()
