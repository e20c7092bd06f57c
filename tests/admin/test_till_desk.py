"""The desk of the tills: conditions of use, terminals, settled days, disputed uses."""

import csv

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import ApiKey, AuditEntry
from campaigns.models import UseConditions
from codes.journal import pos_index
from codes.models import OfflineDispute, Terminal
from tests import factories
from tests.admin.registry import list_url, make_row, row_url
from tests.factories import NOW

EMPTY = {
    "conditions-TOTAL_FORMS": "1",
    "conditions-INITIAL_FORMS": "0",
    "conditions-0-mode": "once",
    "conditions-0-use_limit": "1",
    "conditions-0-is_combinable": "on",
}


def test_conditions_are_set_on_the_page_of_the_prize(agency, operator):
    prize = make_row("campaigns.prize", agency)
    store = factories.StoreFactory(agency=agency)
    foreign = factories.StoreFactory()
    form = EMPTY | {
        "conditions-0-minimum_jpy": "1000",
        "conditions-0-products": "4901234567894\n\n緑茶600ml",
        "conditions-0-weekdays": ["0", "5"],
        "conditions-0-valid_until_0": "2026-12-31",
        "conditions-0-valid_until_1": "23:59",
    }

    refused = operator.post(row_url(prize), form | {"conditions-0-stores": [foreign.pk]})
    unordered = operator.post(row_url(prize), form | {"conditions-0-maximum_jpy": "999"})
    saved = operator.post(row_url(prize), form | {"conditions-0-stores": [store.pk]})

    assert (refused.status_code, unordered.status_code, saved.status_code) == (200, 200, 302)
    assert "上限が下限を下回っています。" in unordered.content.decode()
    conditions = UseConditions.objects.get()
    assert (conditions.mode, conditions.minimum_jpy, conditions.weekdays) == ("once", 1000, [0, 5])
    assert conditions.products == ["4901234567894", "緑茶600ml"]
    assert conditions.valid_until.isoformat() == "2026-12-31T15:00:00+00:00"
    assert list(conditions.stores.all()) == [store]
    assert AuditEntry.objects.filter(action="prize.conditions_set").count() == 1
    assert "1,000円以上のお買い上げで使えます。" in operator.get(list_url("campaigns.prize")).content.decode()


def test_a_terminal_s_key_is_shown_once_and_ends_with_it(agency, operator):
    store = factories.StoreFactory(agency=agency)

    made = operator.post(reverse("admin:codes_terminal_add"), {"store": store.pk, "code": "REG-1"})
    taken = operator.post(reverse("admin:codes_terminal_add"), {"store": store.pk, "code": "REG-1"})
    terminal = Terminal.objects.get()
    key = ApiKey.objects.get()
    page = operator.get(row_url(terminal)).content.decode()
    operator.post(reverse("admin:codes_terminal_switch_off", args=[terminal.pk]))

    assert f"{key.prefix}_" in made.content.decode()
    assert "no-store" in made["Cache-Control"]
    assert taken.status_code == 200
    assert f"{key.prefix}_" not in page
    terminal.refresh_from_db()
    key.refresh_from_db()
    assert (terminal.is_active, key.revoked_at is not None) == (False, True)


def test_settled_days_are_added_up_and_saved(agency, operator):
    store = factories.StoreFactory(agency=agency)
    rows = [factories.SettlementFactory(store=store, redeemed_jpy=amount, net_jpy=amount) for amount in (500, 1200)]
    factories.SettlementFactory(redeemed_jpy=9999, net_jpy=9999)

    page = operator.get(list_url("codes.settlement")).content.decode()
    file = operator.get(reverse("admin:codes_settlement_download", args=[rows[0].pk]))

    assert "1,700円" in page
    assert "9,999円" not in page
    assert b"".join(file.streaming_content).decode().startswith("\ufeff営業日,")
    assert AuditEntry.objects.filter(action="settlement.exported").count() == 1


def test_a_disputed_use_that_came_back_from_the_journal_says_so_instead_of_a_hash(agency, operator):
    dispute = make_row("codes.offlinedispute", agency)
    number = pos_index(dispute.store_id, "P-1")
    changed = {"pos_transaction_id": number, "note": "known from the journal", "status": "store"}
    OfflineDispute.objects.filter(pk=dispute.pk).update(resolved_at=NOW, **changed)

    shown = [
        operator.get(url).content.decode()
        for url in (list_url("codes.offlinedispute"), reverse("admin:codes_offlinedispute_change", args=[dispute.pk]))
    ]

    assert [text.count("復元のとき、発行台帳の記録から") for text in shown] == [1, 2]
    assert not any(number in text for text in shown)
    assert "店舗負担" in shown[0]


def test_a_disputed_use_is_settled_with_a_note(agency, operator):
    dispute = make_row("codes.offlinedispute", agency)
    url = reverse("admin:codes_offlinedispute_sponsor_bears", args=[dispute.pk])

    question = operator.get(url).content.decode()
    unsaid = operator.post(url, {"note": ""})
    done = operator.post(url, {"note": "店長と確認"})

    assert "このコードは使用済みです。" in question
    assert (unsaid.status_code, done.status_code) == (200, 302)
    dispute = OfflineDispute.objects.get(pk=dispute.pk)
    assert (dispute.status, dispute.note) == ("sponsor", "店長と確認")
    assert operator.get(url).status_code in {302, 403}


def settle(agency, *, stores: int) -> None:
    for number in range(stores):
        store = factories.StoreFactory(agency=agency, code=f"{stores:02}-{number:03}", name=f"=SUM(A{number})店")
        factories.SettlementFactory(store=store, redeemed_jpy=1500 + number, reversed_jpy=2000, net_jpy=number - 500)


def test_the_settlement_of_many_stores_is_one_file_that_can_be_added_up(agency, operator):
    settle(agency, stores=3)

    answer = operator.get(reverse("admin:codes_settlement_export_csv"))

    lines = [*csv.reader(b"".join(answer).decode("utf-8-sig").splitlines())]
    assert lines[0][:3] == ["営業日", "店舗番号", "店舗"]
    net = lines[0].index("店舗への支払額(円)")
    redeemed = lines[0].index("利用額(円)")
    assert sorted((row[1], row[2], row[redeemed], row[net]) for row in lines[1:]) == [
        ("03-000", "'=SUM(A0)店", "1500", "-500"),
        ("03-001", "'=SUM(A1)店", "1501", "-499"),
        ("03-002", "'=SUM(A2)店", "1502", "-498"),
    ]


@pytest.mark.parametrize("label", ["codes.settlement", "codes.redemption"])
def test_the_pages_of_the_tills_ask_as_much_for_many_stores_as_for_few(label, agency, operator):
    asked = []
    for stores in (2, 30):
        settle(agency, stores=stores)
        for store in agency.stores.filter(code__startswith=f"{stores:02}-"):
            factories.RedemptionFactory(store=store, gift_code__batch__prize__course__campaign__sponsor__agency=agency)
        operator.get(list_url(label))
        with CaptureQueriesContext(connection) as queries:
            assert operator.get(list_url(label)).status_code == 200
        asked.append(len(queries))
        with CaptureQueriesContext(connection) as queries:
            b"".join(operator.get(reverse(f"admin:{label.replace('.', '_')}_export_csv")))
        asked.append(len(queries))

    assert asked[:2] == asked[2:]
