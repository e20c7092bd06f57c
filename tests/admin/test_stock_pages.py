"""The stock as an operator sees it: what is left and until when, shares, counts, batches and codes with their story."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Agency, AuditEntry, Role
from campaigns.models import CampaignStatus
from codes.models import Allocation, Award, CodeJob, CodeStatus, GiftCode, JobStatus, StockCount
from codes.selectors import open_code
from codes.services import activate_batch, generate_codes, hold_batch, run_job, watch_stock
from tests.admin.registry import row_url
from tests.factories import (
    AgencyFactory,
    AwardFactory,
    EntryFactory,
    GiftCodeFactory,
    PrizeFactory,
    ReservationFactory,
    StoreFactory,
)


@pytest.fixture
def prize(agency):
    return PrizeFactory(
        name="500円ギフト",
        kind="own_code",
        face_value_jpy=500,
        course__campaign__sponsor__agency=agency,
        course__campaign__status=CampaignStatus.OPEN,
    )


@pytest.fixture
def batch(prize):
    now = timezone.now()
    made = generate_codes(prize_id=prize.pk, name="第1回", count=40, expires_at=None, now=now)
    return activate_batch(batch_id=made.pk, now=now)


def text(answer) -> str:
    """A page as people read it."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def test_the_stock_page_tells_what_is_left_and_what_to_do(prize, batch, operator):
    page = operator.get(reverse("admin:codes_stock"))

    shown = text(page)
    assert "500円ギフト" in shown
    assert "20,000円" in shown
    assert "最近の払い出しなし" in shown
    assert f"{reverse('admin:codes_codebatch_import_file')}?prize={prize.pk}" in page.content.decode()


def test_a_viewer_sees_the_stock_without_acts(prize, batch, desk):
    page = desk(Role.VIEWER).get(reverse("admin:codes_stock")).content.decode()

    assert "500円ギフト" in page
    assert "?prize=" not in page


def test_the_page_of_a_prize_has_the_chart_as_a_table_too(prize, batch, operator):
    page = operator.get(reverse("admin:codes_stock_prize", args=[prize.pk]))

    assert 'class="chart"' in page.content.decode()
    assert re.search(r"40 0 40", text(page))


@pytest.mark.parametrize("name", ["codes_stock_prize", "codes_places", "codes_places_share", "codes_places_move"])
def test_T16_pages_of_a_foreign_prize_are_not_there(name, operator):
    foreign = PrizeFactory(course__campaign__sponsor__agency=AgencyFactory())

    assert operator.get(reverse(f"admin:{name}", args=[foreign.pk])).status_code == 404


def test_a_share_is_given_and_moved_after_a_look_ahead(agency, prize, batch, operator):
    store = StoreFactory(agency=agency, name="銀座店")
    share, move = (reverse(f"admin:codes_places_{name}", args=[prize.pk]) for name in ("share", "move"))
    operator.post(share, {"store": store.pk, "channel": "", "day": "", "quota": "15"})
    operator.post(share, {"store": "", "channel": "line", "day": "2026-12-01", "quota": "5"})
    source, target = Allocation.objects.get(store=store), Allocation.objects.get(channel="line")

    form = {"source": source.pk, "target": target.pk, "count": "4"}
    asked = operator.post(move, form)
    before = Allocation.objects.get(pk=source.pk).quota
    sure = re.search(r'name="sure"[^>]*value="([^"]+)"', asked.content.decode()).group(1)
    operator.post(move, form | {"count": "9", "sure": sure})
    unlike = Allocation.objects.get(pk=source.pk).quota
    operator.post(move, form | {"sure": sure})

    grid = text(operator.get(reverse("admin:codes_places", args=[prize.pk])))
    assert "15 → 11" in text(asked)
    assert (before, unlike) == (15, 15)
    assert "銀座店 0 / 11" in grid
    assert "0 / 9" in grid
    assert "0 / 20" in grid


def test_too_large_a_share_says_how_many_are_left(agency, prize, batch, operator):
    store = StoreFactory(agency=agency)

    page = operator.post(reverse("admin:codes_places_share", args=[prize.pk]), {"store": store.pk, "quota": "41"})

    assert "残り: 40件" in text(page)
    assert not Allocation.objects.filter(store=store).exists()


def test_T16_a_foreign_store_is_no_choice(prize, batch, operator):
    foreign = StoreFactory(agency=AgencyFactory(), name="よその店")
    url = reverse("admin:codes_places_share", args=[prize.pk])

    page = operator.post(url, {"store": foreign.pk, "quota": "1"})

    assert "よその店" not in page.content.decode()
    assert not Allocation.objects.exists()


def test_I02_a_count_shows_its_difference_and_whether_the_trail_agrees(agency, batch, operator):
    url = reverse("admin:codes_stockcount_count")
    operator.post(url, {"agency": agency.pk})
    type(batch).objects.filter(pk=batch.pk).update(code_count=41)
    operator.post(url, {"agency": agency.pk})

    page = text(operator.get(reverse("admin:codes_stockcount_changelist")))

    assert list(StockCount.objects.order_by("pk").values_list("difference", flat=True)) == [0, 1]
    assert "+1" in page
    assert "一致" in page
    assert "不一致" in page


def test_a_batch_is_held_with_a_reason_and_tells_its_story(batch, operator):
    asked = operator.get(reverse("admin:codes_codebatch_hold", args=[batch.pk]))
    operator.post(reverse("admin:codes_codebatch_hold", args=[batch.pk]), {"reason": "仕入先に確認中"})
    run_job(job_id=CodeJob.objects.get().pk, now=timezone.now())

    page = text(operator.get(row_url(batch)))

    assert "40" in text(asked)
    assert "仕入先に確認中" in page
    assert "在庫に入れました" in page
    assert "保留にしました" in page
    assert "40 / 40" in page


def test_a_recall_is_asked_in_numbers_and_confirmed_by_another_person(agency, batch, operator, desk):
    Agency.objects.filter(pk=agency.pk).update(second_person_above_jpy=19_999)
    recall, approve = (
        reverse(f"admin:codes_codebatch_{name}", args=[batch.pk]) for name in ("recall", "approve_recall")
    )

    asked = text(operator.get(recall))
    operator.post(recall, {"reason": "印刷の誤り"})
    operator.post(approve)
    alone = CodeJob.objects.get().status
    desk().post(approve)

    assert "20,000円" in asked
    assert "2人目" in asked
    assert (alone, CodeJob.objects.get().status) == (JobStatus.WAITING, JobStatus.QUEUED)


def test_a_code_is_found_by_its_text_which_stands_nowhere(batch, operator):
    code = batch.gift_codes.first()
    plain = open_code(code).code
    url = reverse("admin:codes_giftcode_find")

    found = operator.post(url, {"code": f" {plain.lower()} "})
    unknown = operator.post(url, {"code": "ZZZZ-0000"})

    page = operator.get(found["Location"]).content.decode()
    assert found["Location"] == row_url(code)
    assert plain not in page
    assert plain[-4:] not in page
    assert "ZZZZ-0000" not in unknown.content.decode()
    assert AuditEntry.objects.filter(action="code.looked_up", subject_id=str(code.public_id)).count() == 1


def test_a_code_is_found_by_its_text_while_the_index_key_is_being_replaced(batch, operator, settings):
    code = batch.gift_codes.first()
    plain = open_code(code).code
    settings.INDEX_KEYS, settings.INDEX_KEY_ID = {"0": settings.INDEX_KEY, "1": "bmV3a2V5"}, "1"

    found = operator.post(reverse("admin:codes_giftcode_find"), {"code": plain})

    assert found["Location"] == row_url(code)


def test_T16_a_foreign_code_is_answered_like_an_unknown_one(agency, operator):
    foreign = GiftCodeFactory(code="FOREIGN0000001", batch__prize__course__campaign__sponsor__agency=AgencyFactory())
    url = reverse("admin:codes_giftcode_find")

    answers = [text(operator.post(url, {"code": code})) for code in ("FOREIGN0000001", "UNKNOWN0000001")]

    assert re.sub("csrf.*", "", answers[0]) == re.sub("csrf.*", "", answers[1])
    assert foreign.status == CodeStatus.AVAILABLE


def test_a_code_is_held_put_back_and_replaced_from_its_page(agency, prize, batch, operator):
    code = batch.gift_codes.first()
    acts = {name: reverse(f"admin:codes_giftcode_{name}", args=[code.pk]) for name in ("hold", "release", "replace")}

    def status() -> str:
        return GiftCode.objects.get(pk=code.pk).status

    operator.post(acts["hold"], {"reason": "確認"})
    held = status()
    operator.post(acts["release"], {"reason": "確認済み"})
    back = status()
    GiftCode.objects.filter(pk=code.pk).update(status=CodeStatus.ISSUED, issued_at=timezone.now())
    code.refresh_from_db()
    award = AwardFactory(
        result__entry__campaign=prize.course.campaign, result__course=prize.course, prize=prize, gift_code=code
    )
    operator.post(acts["replace"], {"reason": "誤り"})

    assert (held, back, status()) == (CodeStatus.HELD, CodeStatus.AVAILABLE, CodeStatus.VOID)
    assert Award.objects.get(pk=award.pk).gift_code.batch == batch
    page = text(operator.get(row_url(code)))
    assert page.count("確認済み") == 1
    assert "無効にしました" in page


def test_a_reservation_is_released_from_its_page(agency, operator):
    reservation = ReservationFactory(gift_code__batch__prize__course__campaign__sponsor__agency=agency)

    operator.post(reverse("admin:codes_reservation_release", args=[reservation.pk]))

    reservation.refresh_from_db()
    assert (reservation.status, GiftCode.objects.get(pk=reservation.gift_code_id).status) == ("released", "available")


def test_a_prize_leads_to_the_codes_that_are_kept_for_somebody(agency, prize, batch, operator):
    page = operator.get(reverse("admin:codes_stock_prize", args=[prize.pk])).content.decode()
    assert "引当中のコード" not in page
    kept = ReservationFactory(gift_code__batch=batch, prize=prize, agency=agency, reference="cart-17")
    GiftCode.objects.filter(pk=kept.gift_code_id).update(status=CodeStatus.RESERVED)
    other = ReservationFactory(agency=agency, reference="cart-99")

    page = operator.get(reverse("admin:codes_stock_prize", args=[prize.pk])).content.decode()
    link = f"{reverse('admin:codes_reservation_changelist')}?prize__id__exact={prize.pk}&status__exact=held"
    assert link in page.replace("&amp;", "&")
    listed = operator.get(link).content.decode()
    assert "cart-17" in listed
    assert other.reference not in listed


def test_the_stock_page_opens_on_a_campaign_that_has_codes(agency, prize, batch, operator):
    goods = PrizeFactory(kind="physical", name="湯呑み", course__campaign__sponsor__agency=agency)
    EntryFactory(campaign=prize.course.campaign)
    EntryFactory(campaign=goods.course.campaign)

    assert "500円ギフト" in text(operator.get(reverse("admin:codes_stock")))


def test_today_names_a_prize_that_runs_out_soon(prize, batch, operator):
    now = timezone.now()
    for code in batch.gift_codes.all()[:20]:
        AwardFactory(
            result__entry__campaign=prize.course.campaign, result__course=prize.course, prize=prize, gift_code=code
        )
        GiftCode.objects.filter(pk=code.pk).update(status=CodeStatus.ISSUED, issued_at=now)
    quiet = text(operator.get(reverse("admin:index")))

    watch_stock(now=timezone.now())  # behind the last award, however long they took

    assert "残り20件" not in quiet
    assert "残り20件" in text(operator.get(reverse("admin:index")))


@pytest.mark.parametrize("cut", [4, 8, 13, 36])
def test_a_code_is_found_by_the_beginning_of_its_id(cut, batch, operator):
    code = batch.gift_codes.first()
    url = reverse("admin:codes_giftcode_changelist")

    found = operator.get(url, {"q": str(code.public_id)[:cut]}).content.decode()
    nothing = operator.get(url, {"q": "' OR 1=1"}).content.decode()

    assert row_url(code) in found
    assert row_url(code) not in nothing


def test_hold_is_refused_while_work_is_running(batch, operator):
    hold_batch(batch_id=batch.pk, reason="x", now=timezone.now())

    page = operator.post(
        reverse("admin:codes_codebatch_release", args=[batch.pk]), {"reason": "y"}, follow=True
    ).content.decode()

    assert "作業がまだ終わっていません" in page


@pytest.mark.parametrize(("name", "lit"), [("codes_stock", "コード在庫"), ("codes_stockcount_changelist", "棚卸")])
def test_the_sidebar_tells_which_page_is_open(operator, name, lit):
    content = operator.get(reverse(f"admin:{name}")).content.decode()

    links = re.findall(r'<a href="/admin/[^"]*"[^>]*? active"[^>]*>(.*?)</a>', content, flags=re.DOTALL)
    assert [" ".join(re.sub("<.*?>", " ", link).split()).split()[-1] for link in links] == [lit]


def test_the_page_of_a_batch_counts_its_codes_once(batch, operator):
    with CaptureQueriesContext(connection) as asked:
        page = operator.get(row_url(batch))

    counted = [query["sql"] for query in asked if "COUNT(" in query["sql"] and 'FROM "codes_giftcode"' in query["sql"]]
    assert page.status_code == 200
    assert len(counted) == 1
