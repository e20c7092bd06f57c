"""A prize that is sent home: asked for after the win, let out by two people, on its way with a number."""

import secrets
from typing import Any

from demo.desk import Operator
from demo.entrant import MAIL_LIMIT_SECONDS, Entrant, Waiting
from demo.phone import NotAsPromised
from demo.report import Report, expect

SLUG = "new-tea"


def address() -> dict[str, str | list[str]]:
    """A dwelling that no other demo has: one household receives one sample."""
    return {
        "name": "水引 花子",
        "postal_code": "150-0001",
        "prefecture": "東京都",
        "city": "渋谷区",
        "street": f"神宮前1-2-{secrets.randbelow(10_000) + 1}",
        "building": f"水引ハイツ{secrets.randbelow(10_000) + 1}号室",
        "phone": "090-1234-5678",
    }


def play(url: str, access: dict[str, Any], report: Report) -> None:
    """All of it."""
    with report.section(f"5. 賞品を自宅に届ける（{SLUG}）"):
        person, home = Entrant(url), address()
        with report.step("アンケートに答えて応募する") as said:
            expect(that="operators" in access, otherwise="デモのデータが古い版のものです。作り直してください")
            title = person.begin(f"/t/{access['links'][f'{SLUG} 公式X']}")
            person.answer_survey()
            person.give_address()
            person.agree_and_send()
            said.append(title)
        with report.step("確認メールのリンクでアドレスを確認する"):
            person.confirm_address(person.mailed_link("/verify/")[1])
        with report.step("当選メールを受け取る") as said:
            subject, link = person.mailed_link("/g/")
            said.append(subject)
        with report.step("リンクを開き、お届け先を入力する（応募では聞かない）") as said:
            person.page = person.phone.open(link)
            person.page = person.phone.send(person.page.form("/g/"), home)
            said.append(person.page.first("div", **{"class": "good"}).text)
            expect(that=str(home["street"]) not in _read(person), otherwise="お届け先が画面にそのまま出ています")
        number = _send_out(url, access, report, title, home)
        with report.step("発送のメールを受け取る") as said:
            said.append(Waiting(MAIL_LIMIT_SECONDS, "発送のメール").until(lambda: person.mail_that_says(number)))
        with report.step("当選者の画面に送り状番号が出る") as said:
            person.page = person.phone.open(link)
            expect(that=number in _read(person), otherwise="送り状番号が画面にありません")
            said.append(number)


def _send_out(url: str, access: dict[str, Any], report: Report, title: str, home: dict[str, Any]) -> str:
    """Two operators let the address out, and the shipper's number comes in; returns that."""
    with report.step("事務局が発送リストを作る") as said:
        one = Operator(url, access["operators"][0], access["password"])
        asked = one.ask_for_list(title, "デモの発送")
        said.append("2人目の確認待ち")
    with report.step("作った本人は確認できない") as said:
        try:
            one.let_out(asked)
        except NotAsPromised:
            said.append("断られます")
        else:
            expect(that=False, otherwise="1人で発送リストを出せました")
    with report.step("別の担当者が確認する"):
        Operator(url, access["operators"][1], access["password"]).let_out(asked)
    with report.step("配送会社に渡す CSV をダウンロードする") as said:
        rows = one.parcels(asked)
        parcel = next((row for row in rows if row["建物名・部屋番号"] == home["building"]), None)
        expect(that=parcel is not None, otherwise=f"お届け先が CSV にありません（{len(rows)} 件）")
        assert parcel is not None
        said.append(f"{len(rows)} 件、受付番号 {parcel['受付番号']}")
    with report.step("配送会社の送り状番号を取り込む") as said:
        numbers = {row["受付番号"]: f"{secrets.randbelow(10**12):012}" for row in rows}
        one.bring_numbers_in(title, numbers)
        said.append(f"{len(numbers)} 件")
    return numbers[parcel["受付番号"]]


def _read(person: Entrant) -> str:
    return person.page.first("main").text
