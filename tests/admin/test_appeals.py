"""異議申立て at the desk: another person answers, or the only one says why."""

import pytest

from accounts.models import Role
from eligibility.models import Decision
from tests.admin.registry import row_url
from tests.factories import AppealFactory

FORM = {"verdict": "refused", "message": "写真をもう一度確認しました。"}


@pytest.fixture
def appeal(agency):
    return AppealFactory(decision__entry__campaign__sponsor__agency=agency)


def test_an_objection_is_answered_on_its_page(appeal, operator):
    assert "対象の商品を買いました。" in operator.get(row_url(appeal)).content.decode()
    operator.post(row_url(appeal), FORM)

    appeal.refresh_from_db()
    assert (appeal.status, appeal.message) == ("upheld", FORM["message"])


def test_who_decided_sees_that_another_has_to_answer(appeal, operator, desk):
    Decision.objects.update(decided_by=operator.session["_auth_user_id"])
    desk(Role.REVIEWER)

    page = operator.get(row_url(appeal)).content.decode()
    operator.post(row_url(appeal), FORM)

    appeal.refresh_from_db()
    assert "ほかの担当者が回答してください" in page
    assert 'name="message"' not in page
    assert appeal.status == "open"


def test_the_only_one_is_asked_why_nobody_else_answers(appeal, operator):
    Decision.objects.update(decided_by=operator.session["_auth_user_id"])

    page = operator.get(row_url(appeal)).content.decode()
    operator.post(row_url(appeal), FORM)
    appeal.refresh_from_db()
    assert 'name="alone_because"' in page
    assert appeal.status == "open"
    operator.post(row_url(appeal), {**FORM, "alone_because": "担当は私だけです。"})

    appeal.refresh_from_db()
    assert (appeal.status, appeal.alone_because) == ("upheld", "担当は私だけです。")
    assert "担当は私だけです。" in operator.get(row_url(appeal)).content.decode()
