"""店舗マスター and 商品名辞書 at the desk: tried before anything is stored, saved, taken in again, undone."""

import re

from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from accounts.models import AuditEntry
from receipts.models import PrintedForm, Shop, ShopStatus
from tests.factories import AgencyFactory, PrintedFormFactory, ReceiptFactory, ShopFactory, SponsorFactory, UserFactory

SHOPS = "チェーン名,店舗名,電話番号,登録番号\nみなと,渋谷店,03-1234-5678,T7000012050002\n"


def upload(client, model, owner, data: bytes):
    """Choose a file; give the page with the totals and the plan to confirm."""
    file = SimpleUploadedFile("list.csv", data, "text/csv")
    answer = client.post(reverse(f"admin:receipts_{model}_import_file"), {"owner": owner.pk, "file": file})
    page = answer.content.decode()
    plan = re.search(r'name="plan" value="([^"]+)"', page)
    return page, plan and plan.group(1)


def test_shops_are_tried_first_and_stored_when_confirmed(agency, operator):
    page, plan = upload(operator, "shop", agency, SHOPS.encode("cp932"))

    assert Shop.objects.count() == 0
    assert re.sub(r"\s+", "", "追加される店舗 </dt> <dd> 1 </dd>") in re.sub(r"\s+", "", page)
    operator.post(reverse("admin:receipts_shop_import_confirm"), {"plan": plan})
    assert [str(shop) for shop in Shop.objects.all()] == ["みなと 渋谷店"]
    assert Shop.objects.get().agency == agency


def test_rows_with_problems_are_named_and_there_is_no_button_to_store(agency, operator):
    page, plan = upload(operator, "shop", agency, (SHOPS + "みなと,新宿店,312345679,\n").encode())

    assert "3行目: 電話番号が0から始まる10桁または11桁ではありません" in page
    assert plan is None


def test_I11_nothing_is_imported_into_another_agency(agency, operator):
    foreign = AgencyFactory(name="よその代理店")
    page, plan = upload(operator, "shop", foreign, SHOPS.encode())
    form, form_plan = upload(
        operator, "printedform", SponsorFactory(agency=foreign, name="よその主催者"), b"product\nx\n"
    )

    assert (plan, form_plan) == (None, None)
    assert "よその" not in page + form


def test_a_saved_master_can_be_taken_in_again(agency, operator):
    ShopFactory(chain__agency=agency, chain__printed_forms=["-MINATO-", "ﾐﾅﾄ"], branch="渋谷店", telephone="0312345678")
    saved = b"".join(operator.get(reverse("admin:receipts_shop_export_csv")).streaming_content)

    _page, plan = upload(operator, "shop", agency, saved)
    operator.post(reverse("admin:receipts_shop_import_confirm"), {"plan": plan})

    shop = Shop.objects.get()
    assert "'-MINATO-|ﾐﾅﾄ" in saved.decode()
    assert shop.chain.printed_forms == ["-MINATO-", "ﾐﾅﾄ"]
    assert AuditEntry.objects.get(action="shops.imported").facts == {"rows": 1, "same": 1, "chains": 0}


def test_the_dictionary_shows_and_saves_who_taught_what_and_undoes_it(agency, operator):
    teacher = UserFactory(username="reviewer-hanako")
    receipt = ReceiptFactory(entry__campaign__sponsor__agency=agency)
    form = PrintedFormFactory(
        product__sponsor__agency=agency, chain__name="みなと", form="ﾐｽﾞﾋｷRT", taught_by=teacher, taught_from=receipt
    )
    PrintedFormFactory(product__sponsor__agency=agency, chain__name="ほかのチェーン", form="ホカノナマエ")
    listing = reverse("admin:receipts_printedform_changelist")

    found = operator.get(listing, {"chain__id__exact": form.chain_id}).content.decode()
    page = operator.get(reverse("admin:receipts_printedform_change", args=[form.pk])).content.decode()
    saved = b"".join(operator.get(reverse("admin:receipts_printedform_export_csv")).streaming_content).decode()

    assert ("ﾐｽﾞﾋｷRT" in found, "ホカノナマエ" in found, "reviewer-hanako" in found) == (True, False, True)
    assert reverse("admin:receipts_receipt_change", args=[receipt.pk]) in page
    assert "みずひき緑茶 600ml,,みなと,ﾐｽﾞﾋｷRT,有効," in saved
    undo = reverse("admin:receipts_printedform_undo", args=[form.pk])
    assert "ﾐｽﾞﾋｷRT" in operator.get(undo).content.decode()
    operator.post(undo)
    assert PrintedForm.objects.get(pk=form.pk).undone_by_id == int(operator.session["_auth_user_id"])
    assert operator.get(undo).status_code in (302, 403)
    counts = ["ﾐｽﾞﾋｷRT" in operator.get(f"{listing}?{query}").content.decode() for query in ("", "state=undone")]
    assert counts == [False, True]


def test_a_shop_is_found_by_its_telephone_as_it_is_printed(agency, operator):
    for telephone in ("0312345678", "0398765432"):
        ShopFactory(chain__agency=agency, telephone=telephone)

    page = operator.get(reverse("admin:receipts_shop_changelist"), {"q": "(03)1234-5678"}).content.decode()

    assert ("0312345678" in page, "0398765432" in page) == (True, False)


def test_a_proposed_shop_is_put_in_use_and_switched_off(agency, operator):
    shop = ShopFactory(chain__agency=agency, status=ShopStatus.PROPOSED)

    for name, status in (("confirm", ShopStatus.ACTIVE), ("switch_off", ShopStatus.OFF)):
        url = reverse(f"admin:receipts_shop_{name}", args=[shop.pk])
        assert shop.telephone in operator.get(url).content.decode()
        operator.post(url)
        shop.refresh_from_db()
        assert shop.status == status
