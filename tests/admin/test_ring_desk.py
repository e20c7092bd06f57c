"""まとまった応募: the list and the page of suspected rings, as reviewers see and use them."""

import pytest
from django.urls import reverse

from accounts.models import Role
from eligibility.models import ReviewCase, RingAct, RingActKind, RingMember
from participants.models import Entry, TraceKind
from participants.services import keep_traces
from tests import factories
from tests.admin.registry import act_urls, list_url, row_url
from tests.factories import NOW

LIST = list_url("eligibility.suspectedring")


def make_ring(agency, people=3, *, campaign=None, **details):
    """A ring with held entries, a photo each, all from one browser."""
    campaign = campaign or factories.CampaignFactory(sponsor__agency=agency, status="open")
    factories.PrizeFactory(course__campaign=campaign, face_value_jpy=500)
    ring = factories.SuspectedRingFactory(sponsor=campaign.sponsor, **details)
    for _number in range(people):
        case = factories.ReviewCaseFactory(decision__entry__campaign=campaign, value_jpy=500)
        case.decision.reasons = [{"code": "suspected_ring", "rule": "rings", "region": None}]
        case.decision.save()
        RingMember.objects.create(ring=ring, entry=case.entry)
        keep_traces(entry_id=case.entry_id, traces={TraceKind.DEVICE: f"farm {ring.pk}"}, now=NOW)
        factories.IdentityFactory(participant=case.entry.participant)
    return ring


def text(answer):
    return answer.content.decode()


def test_the_list_tells_size_ties_value_and_what_became_of_the_entries(agency, operator):
    ring = make_ring(agency, 4, evidence={"device": 4, "network": 2})
    first, second = Entry.objects.filter(ring_member__ring=ring).order_by("pk")[:2]
    Entry.objects.filter(pk=first.pk).update(status="refused")
    ReviewCase.objects.filter(entry=first).update(status="resolved")
    Entry.objects.filter(pk=second.pk).update(status="accepted")
    outcome = factories.DecisionFactory(entry=second)
    ReviewCase.objects.filter(entry=second).update(status="resolved", outcome=outcome)

    lines = b"".join(operator.get(reverse("admin:eligibility_suspectedring_export_csv")).streaming_content).decode()

    row = lines.splitlines()[1]
    assert "4名・応募4件" in row
    assert "同じ端末 4、同じ回線 2" in row
    assert ",1500,2,1,1," in row  # at stake without the refused one; held, released, refused
    assert row_url(ring) in text(operator.get(LIST))


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", {"suspected"}),
        ("?state=waiting", {"suspected"}),
        ("?state=weak", {"weak"}),
        ("?state=all", {"suspected", "weak", "gone"}),
        ("?kind=network", set()),
        ("?kind=device", {"suspected"}),
    ],
)
def test_the_list_opens_with_what_is_suspected_and_can_be_narrowed(query, shown, agency, operator):
    rings = {
        "suspected": make_ring(agency),
        "weak": make_ring(agency, score=40),
        "gone": factories.SuspectedRingFactory(sponsor__agency=agency, dissolved_at=NOW),
    }

    page = text(operator.get(LIST + query))

    assert {name for name, ring in rings.items() if row_url(ring) in page} == shown


def test_a_ring_is_found_by_an_entry_and_by_its_campaign(agency, operator):
    one, other = make_ring(agency), make_ring(agency)
    entry = Entry.objects.filter(ring_member__ring=one).first()

    pages = [operator.get(LIST + f"?q={entry.public_id}"), operator.get(LIST + f"?campaign={entry.campaign_id}")]

    assert all(row_url(one) in text(page) and row_url(other) not in text(page) for page in pages)


def test_the_page_draws_the_ring_and_says_the_same_in_words(agency, operator):
    ring = make_ring(agency)
    entry = Entry.objects.filter(ring_member__ring=ring).order_by("pk").first()
    photo = factories.ReceiptPhotoFactory(receipt__entry=entry)

    page = text(operator.get(row_url(ring)))

    assert page.count('class="person held"') == 3 + 1  # and one in the legend
    assert page.count('<line class="tie device"') == 3 + 1
    assert "同じ端末 3人" in page
    assert 'role="img"' in page
    assert "ta***@example.jp" in page
    assert reverse("admin:participants_entry_change", args=[entry.pk]) in page
    assert reverse("admin:receipts_receipt_photo", args=[photo.public_id]) in page
    assert " style=" not in page[page.index("desk-ring-picture") : page.index("desk-ring-members")]


def test_T16_a_ring_shows_nothing_of_another_agency(agency, operator):
    ring = make_ring(agency)
    foreign = factories.AgencyFactory(name="よその代理店")
    other = make_ring(foreign)

    answers = [operator.get(url) for url in [row_url(other), *act_urls(other)]]

    assert {answer.status_code for answer in answers} <= {302, 403, 404}
    assert row_url(other) not in text(operator.get(LIST + "?state=all"))
    assert row_url(ring) in text(operator.get(LIST))


@pytest.mark.parametrize(
    ("name", "more", "status"),
    [
        ("release", {}, "accepted"),
        ("refuse", {"reason_code": "entered_as_one"}, "refused"),
    ],
)
def test_what_was_previewed_is_decided_and_stands_on_the_page(name, more, status, agency, desk):
    ring, client = make_ring(agency), desk(Role.REVIEWER)
    url = reverse(f"admin:eligibility_suspectedring_{name}", args=[ring.pk])
    preview = client.get(url)
    shown = preview.context["question"].form.initial["entry_ids"]

    answer = client.post(url, {"entry_ids": shown, "reason": "端末1台からの応募", **more})

    assert "1,500円" in text(preview)
    assert answer.status_code == 302
    assert set(Entry.objects.filter(ring_member__ring=ring).values_list("status", flat=True)) == {status}
    assert "端末1台からの応募" in text(client.get(row_url(ring)))
    assert ReviewCase.objects.filter(status="open").count() == 0


def test_only_the_entries_that_were_shown_are_decided(agency, operator):
    ring = make_ring(agency)
    chosen = Entry.objects.filter(ring_member__ring=ring).order_by("pk").first()
    url = reverse("admin:eligibility_suspectedring_release", args=[ring.pk])

    preview = operator.get(url, {"entry": chosen.pk})
    operator.post(url, {"entry_ids": chosen.pk, "reason": "本人に確認した"})

    assert preview.context["question"].form.initial["entry_ids"] == str(chosen.pk)
    assert list(Entry.objects.filter(status="accepted")) == [chosen]


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ({"entry_ids": "1", "reason": "短い"}, "5 文字以上"),
        ({"entry_ids": "1;drop", "reason": "端末1台からの応募"}, "ページを開き直してください"),
        ({"entry_ids": "", "reason": "端末1台からの応募"}, "確認待ちではなくなりました"),
    ],
)
def test_a_form_that_is_not_right_decides_nothing(form, told, agency, operator):
    ring = make_ring(agency)

    page = operator.post(reverse("admin:eligibility_suspectedring_release", args=[ring.pk]), form)

    assert told in text(page)
    assert not RingAct.objects.exists()


def test_a_release_is_taken_back_from_the_page(agency, operator):
    ring = make_ring(agency)
    ids = list(Entry.objects.filter(ring_member__ring=ring).order_by("pk").values_list("pk", flat=True))
    release = reverse("admin:eligibility_suspectedring_release", args=[ring.pk])
    operator.post(release, {"entry_ids": ",".join(map(str, ids)), "reason": "本人に確認した"})
    act = RingAct.objects.get()
    undo = reverse("admin:eligibility_suspectedring_undo", args=[ring.pk, act.pk])
    assert undo in text(operator.get(row_url(ring)))

    operator.post(undo, {"reason": "確認が誤りだった"})

    assert set(Entry.objects.filter(pk__in=ids).values_list("status", flat=True)) == {"in_review"}
    assert RingAct.objects.get(undoes=act).kind == RingActKind.HELD
    assert undo not in text(operator.get(row_url(ring)))


def test_the_page_of_a_large_ring_asks_the_database_no_more_than_that_of_a_small_one(
    agency, operator, django_assert_max_num_queries
):
    small, large = make_ring(agency, 2), make_ring(agency, 30)

    for ring in (small, large):
        with django_assert_max_num_queries(50):
            operator.get(row_url(ring))
