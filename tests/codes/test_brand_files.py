"""A file of each gift brand comes in whole and is shown whole."""

import pytest

from campaigns.models import GiftBrand, Prize, PrizeKind
from codes.brand_errors import BrandNotKept
from codes.models import CodeBatch
from codes.services import activate_batch, generate_codes, import_codes, reveal_code, start_generation
from codes.services.jobs import run_job, start_import
from tests.codes.test_jobs import checked
from tests.factories import NOW, FetchedBrandFactory
from tests.worlds import World, open_campaign, win

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return open_campaign(codes=0)


FILES_OF_BRANDS = {
    "quo-card-pay": b"url,number,expiry\nhttps://pay.example.jp/Ab-1_c,4901234567890123,2029-03-31\n",
    "amazon-gift-card": b"code,expiry\nABCD-EFGHIJ-KLMN,2036-03-31\n",
    "apple-gift-card": b"code\nXABCDEFGH1234567\n",
    "google-play": b"code\nABCDEFGH12345678\n",
    "own-coupon": b"code,pin\nCOUPON01,0042\n",
}


@pytest.mark.parametrize("slug", FILES_OF_BRANDS)
def test_a_file_of_each_brand_comes_in_and_is_shown_to_its_winner(world, slug):
    brand = GiftBrand.objects.get(slug=slug)
    Prize.objects.filter(pk=world.prize.pk).update(kind=PrizeKind.GIFT_CODE, gift_brand=brand)
    names, cells = (line.split(",") for line in FILES_OF_BRANDS[slug].decode().splitlines())
    check = checked(world, FILES_OF_BRANDS[slug])
    assert check.report["problem_counts"] == {}

    job = run_job(job_id=start_import(check_id=check.pk, now=NOW).pk, now=NOW)
    activate_batch(batch_id=job.batch_id, now=NOW)
    shown = reveal_code(award_id=win(world).pk, now=NOW)

    given = dict(zip(names, cells, strict=True))
    assert shown.code == given.get("code", given.get("url"))
    assert (shown.pin, shown.url, shown.number) == tuple(given.get(name, "") for name in ("pin", "url", "number"))
    assert checked(world, FILES_OF_BRANDS[slug]).report["problem_counts"] == {"duplicate_in_stock": 1}


def test_codes_that_a_supplier_makes_are_neither_made_here_nor_brought_in():
    brand = FetchedBrandFactory.create()
    prize = open_campaign(codes=0).prize
    Prize.objects.filter(pk=prize.pk).update(kind=PrizeKind.GIFT_CODE, gift_brand=brand)
    rows = b"code\nAAAA-BBBB-CCCC\n"

    with pytest.raises(BrandNotKept):
        generate_codes(prize_id=prize.pk, name="自社", count=3, expires_at=None, now=NOW)
    with pytest.raises(BrandNotKept):
        start_generation(prize_id=prize.pk, name="自社", count=3, now=NOW)
    with pytest.raises(BrandNotKept):
        import_codes(prize_id=prize.pk, name="購入", data=rows, expires_at=None, now=NOW)

    assert not CodeBatch.objects.filter(prize=prize).exists()
