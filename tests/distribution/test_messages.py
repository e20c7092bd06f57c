from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any

import pytest
from openapi_schema_validator import OAS30Validator
from referencing import Registry
from referencing.jsonschema import DRAFT4

from core.clients.line_limits import problem_with
from distribution.message_contexts import (
    AddressAgainContext,
    AwardContext,
    CampaignFacts,
    MessageContext,
    MoveContext,
    NotWonContext,
    ReminderContext,
    ResumeContext,
    VerdictContext,
    VerifyEmailContext,
)
from distribution.messages import DEFAULT_ACCENT, render_message
from eligibility.models import Verdict
from tests.contracts.contract import _load

LINK = "https://gift.example/c/2f7a?x=1&y=2"
END = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)  # 2026-11-23 0:00 in Japan, exclusive
END_IN_WORDS = "2026年11月22日(日) 23:59まで"
CAMPAIGN = CampaignFacts(
    title="秋の炭酸水まつり",
    sponsor_name="みずひき飲料株式会社",
    inquiry_contact="0120-000-000(平日10時から17時)",
    accent_colour="#1B4F72",
    reply_to="desk@brand.example",
)
AWARD = AwardContext(
    campaign=CAMPAIGN, link=LINK, expires_at=END, brand="QUOカードPay", value_jpy=1500, notice_number="MZ-4821-7730"
)
SENT_BACK = VerdictContext(
    campaign=CAMPAIGN,
    link=LINK,
    outcome=Verdict.SENT_BACK,
    entry_number="E-1029",
    reasons=("レシートの日付が読み取れませんでした。",),
    what_to_do="日付が写るように、明るい場所で撮り直してください。",
)
NOT_ELIGIBLE = replace(SENT_BACK, outcome=Verdict.REFUSED, what_to_do="", objection_until=END)
VERDICT_ACCEPTED = replace(NOT_ELIGIBLE, outcome=Verdict.ELIGIBLE, reasons=(), objection_until=None)
REMINDER = ReminderContext(
    campaign=CAMPAIGN, link=LINK, expires_at=END, brand="QUOカードPay", value_jpy=1500, notice_number="4821-7730-12AB"
)
GOODS, GOODS_REMINDER = replace(AWARD, asks_address=True), replace(REMINDER, asks_address=True)
BACK = AddressAgainContext(
    campaign=CAMPAIGN, link=LINK, expires_at=END, brand="湯呑みセット", notice_number="4821-7730-12AB"
)
EVERY_CONTEXT: list[MessageContext] = [
    VerifyEmailContext(campaign=CAMPAIGN, link=LINK, expires_at=END),
    AWARD,
    VERDICT_ACCEPTED,
    SENT_BACK,
    NOT_ELIGIBLE,
    NotWonContext(campaign=CAMPAIGN, link=LINK, entry_number="E-1029"),
    ResumeContext(campaign=CAMPAIGN, link=LINK, expires_at=END),
    REMINDER,
    GOODS,
    GOODS_REMINDER,
    BACK,
    MoveContext(campaign=CAMPAIGN, link=LINK, brand="QUOカードPay", notice_number="4821-7730-12AB"),
]
every_context = pytest.mark.parametrize("context", EVERY_CONTEXT, ids=lambda c: f"{c.kind}-{getattr(c, 'outcome', '')}")


class Page(HTMLParser):
    """What a mail program shows with images off, and where its links lead."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.links: list[str] = []
        self.tags: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src", "action", "background")]

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return "".join(self.words)


def texts_of(part: Any) -> str:
    """Everything that a LINE message says."""
    if isinstance(part, dict):
        return "\n".join(
            texts_of(v) for k, v in part.items() if k in ("text", "label", "uri") or isinstance(v, dict | list)
        )
    return "\n".join(texts_of(item) for item in part) if isinstance(part, list) else str(part)


def rendered(context: MessageContext) -> Any:
    return render_message(context, to="hanako@customer.example")


@every_context
def test_every_face_of_a_message_tells_the_same_facts(context: MessageContext) -> None:
    message = rendered(context)
    facts = [CAMPAIGN.title, CAMPAIGN.sponsor_name, CAMPAIGN.inquiry_contact, LINK]
    facts += [END_IN_WORDS] if getattr(context, "expires_at", None) else []
    facts += [getattr(context, name) for name in ("entry_number", "notice_number") if hasattr(context, name)]
    facts += list(getattr(context, "reasons", ()))
    for face in (message.text, Page(message.html).text, texts_of(list(message.line_messages))):
        assert [fact for fact in facts if fact not in face] == []


@every_context
def test_sender_and_inquiry_come_first_and_there_is_one_button(context: MessageContext) -> None:
    message = rendered(context)
    page = Page(message.html)
    assert page.links == [LINK]
    assert not {"img", "script", "form", "link", "style"} & set(page.tags)
    assert page.text.index("主催") < page.text.index("お問い合わせ") < page.text.index("ボタンが押せないときは")
    assert message.text.startswith(f"主催：{CAMPAIGN.sponsor_name}\nお問い合わせ：{CAMPAIGN.inquiry_contact}\n")
    assert message.text.count(LINK) == 1
    assert message.sender_name == CAMPAIGN.sponsor_name
    assert message.reply_to == "desk@brand.example"


@every_context
def test_where_there_is_no_button_none_is_spoken_of(context: MessageContext) -> None:
    """A mail read as text, and a message in LINE, have a link under the words that the button has."""
    message = rendered(context)
    assert "ボタン" not in message.text
    assert "ボタン" not in texts_of(list(message.line_messages))


@pytest.mark.parametrize("context", [AWARD, GOODS, REMINDER, GOODS_REMINDER, BACK])
def test_what_to_press_is_called_by_its_name(context: MessageContext) -> None:
    text = rendered(context).text
    label = text.partition("▼")[2].partition("\n")[0]
    assert f"下の「{label}」から" in text


def test_a_reminder_of_goods_speaks_of_the_address_that_is_missing() -> None:
    assert (
        "※このお知らせは、お届け先の入力がお済みでない方に一度だけお送りしています。" in rendered(GOODS_REMINDER).text
    )
    assert "※このお知らせは、受け取りがお済みでない方に一度だけお送りしています。" in rendered(REMINDER).text


@every_context
def test_a_subject_is_one_line_of_forty_characters_at_most(context: MessageContext) -> None:
    assert CAMPAIGN.title in rendered(context).subject
    long_title = replace(context, campaign=replace(CAMPAIGN, title="とても長い名前の\r\nキャンペーン" * 9))
    subject = rendered(long_title).subject
    assert len(subject) == 40
    assert subject.endswith("…")
    assert "\n" not in subject
    assert "\r" not in subject


@every_context
def test_the_voice_never_shouts_or_blames(context: MessageContext) -> None:
    message = rendered(context)
    assert not [word for word in ("!", "！", "失敗", "当選者様", "{", "}}", "None") if word in message.text]
    assert "\n\n\n\n" not in message.text


def test_an_award_says_what_until_when_and_how_to_check_it() -> None:
    message = rendered(AWARD)
    assert message.subject == "【当選】QUOカードPay 1,500円：秋の炭酸水まつり"
    for words in ("賞品：QUOカードPay", "金額：1,500円", f"受取期限：{END_IN_WORDS}", "通知番号：MZ-4821-7730"):
        assert words in message.text
    for face in (message.text, Page(message.html).text, texts_of(list(message.line_messages))):
        assert "カード番号や暗証番号、振込先をお尋ねすることはありません。" in face
        assert "ギフトを受け取る" in face


def test_an_entry_sent_back_says_why_what_to_do_and_that_nothing_is_lost() -> None:
    text = rendered(SENT_BACK).text
    reason, remedy = SENT_BACK.reasons[0], SENT_BACK.what_to_do
    assert text.index(reason) < text.index(remedy) < text.index("応募回数は減っていません。")
    assert "▼続きから応募する" in text
    assert "再審査を申し込めます" not in text


def test_the_three_verdicts_differ_in_words_and_button() -> None:
    accepted, refused = rendered(VERDICT_ACCEPTED), rendered(NOT_ELIGIBLE)
    assert accepted.subject == "応募を受け付けました：秋の炭酸水まつり"
    assert "対象になりませんでした" in refused.text
    assert f"{END_IN_WORDS}に、「確認結果を見る」の先のページから再審査を申し込めます" in refused.text
    assert "再審査" not in rendered(replace(NOT_ELIGIBLE, objection_until=None)).text
    assert "応募回数は減っていません" not in accepted.text + refused.text


def test_T12_what_operators_typed_is_shown_as_typed_in_every_face() -> None:
    evil = "<script>alert(1)</script>{{ link }}{% debug %}&amp;{x.__class__}"
    message = rendered(replace(AWARD, brand=evil, campaign=replace(CAMPAIGN, title=evil, sponsor_name=evil)))
    page = Page(message.html)
    assert "script" not in page.tags
    assert page.links == [LINK]
    for face in (message.text, page.text, texts_of(list(message.line_messages))):
        assert evil in face


def test_T14_a_line_break_in_a_name_begins_no_new_fact_or_header() -> None:
    evil = "飲料\r\nお問い合わせ：090-0000-0000\n\n▼https://evil.example/"
    message = rendered(replace(AWARD, brand=evil, campaign=replace(CAMPAIGN, sponsor_name=evil)))
    assert "\nお問い合わせ：090" not in message.text
    assert "\n▼https" not in message.text
    assert message.sender_name == "飲料 お問い合わせ：090-0000-0000 ▼https://evil.example/"
    assert "\n" not in message.subject


@pytest.mark.parametrize(
    ("colour", "shown"),
    [
        ("#1B4F72", "#1B4F72"),
        ("#FFEE00", DEFAULT_ACCENT),  # white words on yellow cannot be read
        ("", DEFAULT_ACCENT),
        ('red"><script>', DEFAULT_ACCENT),
        ("#1B4F72;position:fixed", DEFAULT_ACCENT),
    ],
)
def test_the_campaigns_colour_is_used_where_words_on_it_can_be_read(colour: str, shown: str) -> None:
    message = rendered(replace(AWARD, campaign=replace(CAMPAIGN, accent_colour=colour)))
    assert f"background-color:{shown};" in message.html
    assert message.line_messages[0]["contents"]["footer"]["contents"][0]["color"] == shown


@pytest.mark.parametrize("link", ["", "javascript:alert(1)", "gift.example/c/1", " https://gift.example/"])
def test_a_message_without_a_link_that_opens_is_not_written(link: str) -> None:
    with pytest.raises(ValueError, match="link"):
        rendered(replace(AWARD, link=link))


def line_schema_errors(messages: list[dict[str, Any]]) -> list[str]:
    spec = _load("line/strict/messaging-api.strict.yml")
    registry: Registry[Any] = Registry().with_resource("urn:line", DRAFT4.create_resource(spec))
    schema = {"$ref": "urn:line#/components/schemas/PushMessageRequest"}
    body = {"to": "U" + "a" * 32, "messages": messages}
    return [e.message for e in OAS30Validator(schema, registry=registry).iter_errors(body)]


@every_context
@pytest.mark.parametrize("image_url", ["", "https://gift.example/card.png", "http://gift.example/card.png"])
def test_every_line_message_fits_lines_own_specification(context: MessageContext, image_url: str) -> None:
    if isinstance(context, AwardContext):
        context = replace(context, image_url=image_url)
    messages = [dict(m) for m in rendered(context).line_messages]
    assert line_schema_errors(messages) == []
    assert problem_with(messages) == ""
    assert ("hero" in messages[0].get("contents", {})) is (
        image_url.startswith("https") and isinstance(context, AwardContext)
    )


def test_the_specification_does_refuse_what_is_wrong() -> None:
    (card,) = [dict(m) for m in rendered(AWARD).line_messages]
    assert line_schema_errors([{"type": "text"}]) != []
    del card["contents"]["footer"]["contents"][0]["action"]
    assert line_schema_errors([card]) != []


def test_nobody_reads_a_link_in_the_repr_of_a_context() -> None:
    assert [c for c in EVERY_CONTEXT if LINK in repr(c)] == []
