"""What a verdict's mail offers is what the entry's page then allows."""

import pytest

from distribution.composing import compose
from distribution.models import DeliveryKind
from eligibility.models import Verdict
from tests import factories

pytestmark = pytest.mark.django_db


def mail_of(verdict: Verdict, **details) -> str:
    decision = factories.DecisionFactory.create(verdict=verdict, **details)
    delivery = factories.DeliveryFactory.create(award=None, entry=decision.entry, kind=DeliveryKind.VERDICT)
    return compose(delivery, factories.IdentityFactory.create()).text


def test_a_refusal_says_until_when_it_can_be_objected_to():
    refused = mail_of(Verdict.REFUSED)
    assert "2026年12月6日(日) 11:59までに、「確認結果を見る」の先のページから再審査を申し込めます" in refused
    assert "再審査" not in mail_of(Verdict.SENT_BACK)


def test_a_campaign_that_hears_no_objections_offers_none():
    assert "再審査" not in mail_of(Verdict.REFUSED, entry__campaign__appeal_days=0)


def test_a_refusal_that_was_objected_to_offers_no_second_objection():
    appeal = factories.AppealFactory.create()
    delivery = factories.DeliveryFactory.create(award=None, entry=appeal.entry, kind=DeliveryKind.VERDICT)

    assert "再審査" not in compose(delivery, factories.IdentityFactory.create()).text
