"""The funnel on the desk: chart, table and file say the same, for the own agency's campaigns only."""

import csv
import html
import io
import json
import re

import pytest
from django.urls import reverse

from accounts.models import AuditEntry
from campaigns.models import CampaignStatus
from participants.models import EntryStatus
from tests.admin.registry import make_row
from tests.factories import CampaignFactory, EntryFactory, RedemptionFactory, TrackedLinkFactory

PAGE, FILE = "admin:analytics_report_changelist", "admin:analytics_report_csv"


@pytest.fixture
def campaign(agency):
    """Two entries, one by a link; the other won, was notified, opened and used its code."""
    award = make_row("codes.award", agency)
    campaign = award.entry.campaign
    link = TrackedLinkFactory(campaign=campaign, name="店頭")
    EntryFactory(campaign=campaign, link=link, status=EntryStatus.REFUSED)
    RedemptionFactory(gift_code=award.gift_code)
    award.revealed_at = award.claimed_at = award.gift_code.redeemed_at = award.created_at
    award.save()
    award.gift_code.save()
    return campaign


def chart_of(page) -> dict:
    found = re.search(r'data-value="([^"]+)"', page.content.decode())
    assert found
    return json.loads(html.unescape(found.group(1)))


def test_chart_and_table_count_the_same_stages(campaign, operator):
    page = operator.get(reverse(PAGE), {"campaign": campaign.pk})

    chart = chart_of(page)
    assert chart["labels"] == ["応募", "審査通過", "当選", "払出済み", "送付済み", "開封", "コード表示", "引換済み"]
    assert chart["datasets"][0]["data"] == [2, 1, 1, 1, 0, 1, 1, 1]
    cells = re.findall(r'<td class="number">(\d+)</td>', page.content.decode())
    assert [int(cell) for cell in cells] == [2, 1, 1, 1, 0, 1, 1, 1]


def test_the_breakdown_by_link_asks_which_link_reached_the_till(campaign, operator):
    page = operator.get(reverse(PAGE), {"campaign": campaign.pk, "by": "link"})

    chart = chart_of(page)
    assert "どの経路の応募が引き換えまで届いたか" in page.content.decode()
    assert [found["data"] for found in chart["datasets"]] == [[1, 1], [0, 1], [0, 1], [0, 1]]


def test_the_file_holds_the_table_and_leaves_a_line(campaign, operator):
    answer = operator.get(reverse(FILE), {"campaign": campaign.pk, "by": "link"})

    rows = list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
    assert rows[0][:2] == ["経路別", "応募"]
    assert [row[-1] for row in rows[1:]] == ["0", "1"]
    assert AuditEntry.objects.get(action="figures.exported").subject_id == str(campaign.public_id)


def test_T16_a_foreign_campaign_is_neither_shown_nor_exported(agency, operator):
    other = CampaignFactory(status=CampaignStatus.OPEN, title="よその企画")

    assert "よその企画" not in operator.get(reverse(PAGE), {"campaign": other.pk}).content.decode()
    assert operator.get(reverse(FILE), {"campaign": other.pk}).status_code == 404


@pytest.mark.parametrize("query", [{"campaign": "x"}, {"by": "nothing"}, {"campaign": "9" * 30}, {"campaign": "１"}])
def test_a_strange_address_falls_back_instead_of_failing(query, campaign, operator):
    assert operator.get(reverse(PAGE), query).status_code == 200


def test_today_shows_the_funnel_of_a_chosen_campaign(campaign, operator):
    page = operator.get(reverse("admin:index"), {"campaign": campaign.pk})

    assert chart_of(page)["datasets"][0]["data"][0] == 2
