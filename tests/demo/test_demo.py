"""The demo keeps its word from end to end: web, worker, real reader, mailbox and API of a service of its own."""

import subprocess
import sys
from types import SimpleNamespace

import pytest

from demo.phone import NotAsPromised, Page
from demo.report import Report, expect, width

PROMISED = [
    "レシートの写真を送る",
    "審査の結果を待つ（レシートの読み取り）",
    "当選メールを受け取る",
    "ボタンを押してコードを表示する",
    "店頭 API で引き換える",
    "もう一度使おうとすると断られる",
    "レポート API でファネルを見る",
    "リンクを開き、お届け先を入力する（応募では聞かない）",
    "作った本人は確認できない",
    "配送会社に渡す CSV をダウンロードする",
    "配送会社の送り状番号を取り込む",
    "当選者の画面に送り状番号が出る",
]
REFUSALS = ["同じレシートを別の人が送る", "対象商品のないレシート", "購入期間外のレシート", "レシートではない写真"]
FORM = """<h1>応募</h1><form method="post" action="/e/1/" id="a"><input type="hidden" name="token" value="t">
<input type="checkbox" name="terms">
<input type="radio" name="q1" value="はい"><input type="radio" name="q1" value="いいえ">
<input type="file" name="photos"><button name="keep" value="1">送る</button></form>
<ul class="reasons"><li><p><strong>日付が 読めません。</strong></p></li></ul>"""


@pytest.mark.slow
def test_the_demo_goes_through_from_a_photo_to_the_till():
    done = subprocess.run(
        [sys.executable, "-m", "demo", "--fresh"], capture_output=True, text=True, timeout=600, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "✗" not in done.stdout
    for step in PROMISED:
        assert f"✓ {step}" in done.stdout
    for refused in REFUSALS:
        _before, _title, section = done.stdout.partition(f"断られる応募：{refused}\n")
        assert "✓ 理由を読む" in section.partition("\n\n")[0]
    assert "500円、残高 0円、店舗 0001" in done.stdout
    assert "✓ すべて約束どおりです" in done.stdout


def page(html: str) -> Page:
    """Take a page apart that no service sent."""
    return Page(SimpleNamespace(url="http://localhost/e/1/", status_code=200, headers={}, text=html))


def test_a_form_is_read_with_its_token_and_without_its_buttons():
    form = page(FORM).form()

    assert form.action == "http://localhost/e/1/"
    assert form.fields == {"token": "t"}
    assert form.choices == {"terms": ["on"], "q1": ["はい", "いいえ"]}
    assert form.file_fields == ["photos"]


def test_text_is_read_as_people_see_it():
    found = page(FORM)

    assert found.title == "応募"
    assert found.inside(found.first("ul", **{"class": "reasons"}), "strong").text == "日付が 読めません。"


def test_what_is_missing_on_a_page_is_not_as_promised():
    with pytest.raises(NotAsPromised):
        page(FORM).first("output")
    with pytest.raises(NotAsPromised):
        page("<h1>応募</h1>").form()


def test_a_failed_step_is_shown_counted_and_ends_its_section_only(capsys):
    report = Report()

    for title in ("一", "二"):
        with report.section(title):
            with report.step("見る"):
                expect(that=title == "二", otherwise="ありません")
            with report.step("次") as said:
                said.append("あります")

    lines = [line.split() for line in capsys.readouterr().out.splitlines() if line.startswith("  ")]
    assert [(line[0], line[1], line[-1]) for line in lines] == [
        ("✗", "見る", "ありません"),
        ("✓", "見る", "秒"),
        ("✓", "次", "あります"),
    ]
    assert (report.failures, report.step_count) == (["見る"], 3)


def test_wide_signs_take_two_columns():
    assert width("API キー") == 8
