"""What the demo shows, step by step: a code from photo to till, the refused ones, and the other three campaigns."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from demo import goods
from demo.agency import Agency
from demo.entrant import Entrant
from demo.make_receipts import JST
from demo.photos import photographs
from demo.report import Report, expect

REFUSED = {
    "good": ("receipt_already_used", "同じレシートを別の人が送る"),
    "wrong_product": ("product_missing", "対象商品のないレシート"),
    "out_of_period": ("purchased_outside_period", "購入期間外のレシート"),
    "not_a_receipt": ("not_a_receipt", "レシートではない写真"),
}
STAGES = {
    "entries": "応募",
    "accepted": "受理",
    "won": "当選",
    "issued": "発行",
    "sent": "送信",
    "opened": "開封",
    "revealed": "表示",
    "redeemed": "引換",
}
JAPANESE = re.compile("[ぁ-んァ-ヶ]")
NUMBER_TRIES = 8  # a service that has seen many demos has used numbers
CODE_VALUE_JPY = 500


@dataclass
class Demo:
    """The running service, the access that `load_demo` wrote down, and where lines go."""

    url: str
    access: dict[str, Any]
    report: Report

    def __post_init__(self) -> None:
        self.agency = Agency(self.url, self.access["api_key"])

    def play(self) -> None:
        """All of it."""
        with self.report.section("準備"):
            with self.report.step("API キーでキャンペーンの一覧を見る") as said:
                self.campaigns = self.agency.campaign_ids()
                said.append("、".join(self.campaigns))
            with self.report.step("レシートを描いて撮影する") as said:
                self.photos = photographs(datetime.now(JST))
                said.append(f"{len(self.photos)} 枚")
            self._must_buy()
            self._refusals()
            self._instant_win()
            self._later_draw()
            goods.play(self.url, self.access, self.report)

    def _must_buy(self) -> None:
        with self.report.section("1. レシートで応募し、コードを店頭で使う（green-tea）"):
            with self.report.step("レポート API で応募前のファネルを見る") as said:
                before = self.agency.funnel(self.campaigns["green-tea"])
                said.append(" → ".join(f"{name} {before[stage]}" for stage, name in STAGES.items()))
            person = Entrant(self.url)
            self._enter_with_photo(person, self.photos["good"])
            self._win(person)
            self._use(person)
            with self.report.step("レポート API でファネルを見る") as said:
                after = self.agency.funnel(self.campaigns["green-tea"])
                said.append(" → ".join(f"{name} {after[stage]}" for stage, name in STAGES.items()))
                missing = [name for stage, name in STAGES.items() if after[stage] <= before[stage]]
                expect(that=not missing, otherwise=f"{'・'.join(missing)}が増えていません：{after}")

    def _enter_with_photo(self, person: Entrant, photo: bytes) -> None:
        with self.report.step("計測リンクから応募ページを開き、応募を始める") as said:
            said.append(person.begin(f"/t/{self.access['links']['green-tea 公式X']}"))
        with self.report.step("レシートの写真を送る") as said:
            person.send_photo(photo)
            said.append(f"{len(photo) // 1000} KB")
        with self.report.step("メールアドレスを入力し、規約に同意して応募する") as said:
            person.give_address()
            person.agree_and_send()
            said.append(person.email)
        with self.report.step("審査の結果を待つ（レシートの読み取り）") as said:
            person.wait_for_verdict()
            said.append(person.page.title)

    def _win(self, person: Entrant) -> None:
        with self.report.step("確認メールを受け取る") as said:
            subject, link = person.mailed_link("/verify/")
            said.append(subject)
        with self.report.step("メールのリンクを開き、アドレスを確認する"):
            person.confirm_address(link)
        with self.report.step("当選の画面を見る") as said:
            if not person.page.links("/g/"):
                person.wait_for_verdict()
            said.append(person.page.title)
            expect(that=bool(person.page.links("/g/")), otherwise=f"受け取りのリンクがありません：{person.page.title}")

    def _use(self, person: Entrant) -> None:
        with self.report.step("当選メールを受け取る") as said:
            subject, link = person.mailed_link("/g/")
            said.append(subject)
        with self.report.step("受け取りリンクを開く（コードはまだ出ない）") as said:
            said.append(person.open_claim(link))
        with self.report.step("ボタンを押してコードを表示する") as said:
            code = person.reveal()
            said.append(f"{code[:4]}…（{len(code)} 文字）")
        store = self.access["stores"][0]
        with self.report.step("店頭 API で引き換える") as said:
            answer = self.agency.redeem(code, store)
            expect(that=answer.status_code == 201, otherwise=f"{answer.status_code} {answer.text[:200]}")
            used = answer.json()
            said.append(f"{used['amount']}円、残高 {used['balance']}円、店舗 {used['store_id']}")
            expect(that=(used["amount"], used["balance"]) == (CODE_VALUE_JPY, 0), otherwise=answer.text[:200])
        with self.report.step("もう一度使おうとすると断られる") as said:
            answer = self.agency.redeem(code, store)
            said.append(f"{answer.status_code} {answer.json().get('code', '')}")
            expect(that=answer.status_code == 409, otherwise=f"{answer.status_code} {answer.text[:200]}")

    def _refusals(self) -> None:
        for photo, (code, title) in REFUSED.items():
            with self.report.section(f"2. 断られる応募：{title}"):
                person = Entrant(self.url)
                self._enter_with_photo(person, self.photos[photo])
                with self.report.step("理由を読む") as said:
                    self._read_reason(person, code, said)

    def _read_reason(self, person: Entrant, code: str, said: list[str]) -> None:
        shown = person.shown_reasons()
        reasons = self.agency.reasons(person.entry_id)
        said.extend(shown)
        found = [reason["code"] for reason in reasons]
        expect(that=found == [code], otherwise=f"理由は {code} のはずが {found}、画面は「{person.page.title}」です")
        expect(that=shown == [reasons[0]["message"]], otherwise=f"画面の理由が API と違います：{shown}")
        expect(that=bool(JAPANESE.search(shown[0])), otherwise="理由が日本語ではありません")

    def _instant_win(self) -> None:
        with self.report.section("3. シリアルコードでその場で当たる（lucky-serial）"):
            person = Entrant(self.url)
            with self.report.step("応募を始める") as said:
                said.append(person.begin(f"/t/{self.access['links']['lucky-serial 店頭ポスター']}"))
            with self.report.step("シリアルコードを入力し、応募する") as said:
                said.append(self._enter_with_number(person, "serial", self._unused("lucky-serial", "serials")))
            with self.report.step("確認メールのリンクでアドレスを確認する"):
                person.confirm_address(person.mailed_link("/verify/")[1])
            with self.report.step("結果を見る") as said:
                if not person.page.all("div", id="result"):
                    person.wait_for_verdict()
                person.page.first("div", id="result")
                said.append(person.page.title)

    def _later_draw(self) -> None:
        with self.report.section("4. 会員番号とアンケートで応募する（members-voice、締切後に抽選）"):
            person = Entrant(self.url)
            with self.report.step("応募を始める") as said:
                said.append(person.begin(f"/t/{self.access['links']['members-voice 公式X']}"))
            with self.report.step("会員番号とアンケートに答え、応募する") as said:
                said.append(self._enter_with_number(person, "reference", self._unused("members-voice", "members")))
            with self.report.step("確認メールのリンクでアドレスを確認する"):
                person.confirm_address(person.mailed_link("/verify/")[1])
            with self.report.step("受付の画面を見る（抽選は締切後）") as said:
                said.append(person.page.title)
                status = self.agency.get(f"entries/{person.entry_id}")["status"]
                expect(that=status == "accepted", otherwise=f"受理されていません：{status}")

    def _enter_with_number(self, person: Entrant, name: str, numbers: list[str]) -> str:
        """Enter with the first number that nobody has used; a used one is sent back, and the entry goes on."""
        for number in numbers[:NUMBER_TRIES]:
            person.type_number(name, number)
            if person.step == "survey":
                person.answer_survey()
            if person.step == "contact":
                person.give_address()
            if person.step != "confirm":
                person.page = person.phone.open(f"/e/{person.entry_id}/confirm/")
            person.agree_and_send()
            person.wait_for_verdict()
            if not person.shown_reasons():
                return number
            person.page = person.phone.open(f"/e/{person.entry_id}/{name}/")
        expect(that=False, otherwise="未使用の番号がありません（デモのデータを作り直してください）")
        return ""

    def _unused(self, slug: str, kind: str) -> list[str]:
        """The numbers in the order in which demos take them, from where the last one probably stopped."""
        numbers: list[str] = self.access[kind]
        used = min(self.agency.funnel(self.campaigns[slug])["entries"], len(numbers) - 1)
        return numbers[used:] + numbers[:used]
