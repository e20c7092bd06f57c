"""What `load_demo` loads: an agency with a brand, stores, and four campaigns around the present day."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction

from accounts.models import Agency, Role, Scope, User
from accounts.services import add_member, create_agency, issue_api_key, sync_roles
from campaigns.models import (
    Campaign,
    Combination,
    EntryRule,
    KpiMetric,
    KpiTarget,
    Mechanic,
    Objective,
    Prize,
    PrizeCourse,
    PrizeKind,
    Question,
    QuestionKind,
    RuleGroup,
    RuleKind,
    Sponsor,
    Store,
    Survey,
    TargetProduct,
    TermsVersion,
    TrackedLink,
    TrackedLinkChannel,
)
from campaigns.services import publish_campaign, set_store_pin
from codes.services import activate_batch, generate_codes
from core.clock import end_of_jst_day, jst_day
from eligibility.services import create_reference_list, create_serial_batch

STAFF_PIN = "246810"
COLLEAGUE = "colleague"  # the second person where two are needed
SERIALS = [f"MZHK2026DEMO{number:03}" for number in range(1, 101)]
MEMBERS = [f"1000{number:04}" for number in range(1, 101)]

TERMS = """第1条（応募資格）日本国内にお住まいの方がご応募いただけます。
お一人で複数のメールアドレスやアカウントを使ったご応募は無効です。
第2条（応募方法）応募ページの案内にしたがってご応募ください。応募は締切日の23:59までに送信されたものが対象です。
第3条（当選の通知）結果は応募画面とメールでお知らせします。ギフトコードは受取期限までにお受け取りください。期限を過ぎると無効になります。
第4条（無効となる応募）レシートの加工・使い回し、他の方のレシートでのご応募は無効です。
第5条（個人情報）お預かりした情報は、応募の確認と賞品のお届けにのみ使い、キャンペーン終了後に定めた期間で消去します。"""


@dataclass(frozen=True)
class Scene:
    """Where and when the demo takes place."""

    agency: Agency
    sponsor: Sponsor
    operator: User
    now: datetime


@transaction.atomic
def load_demo(*, now: datetime) -> dict[str, Any]:
    """Fill an empty database; returns what the demo client and the reader of the terminal need to get in."""
    sync_roles()
    agency = create_agency(name="みずひき広告社", slug="mizuhiki-ad")
    scene = Scene(agency, _sponsor(agency), _people(agency), now)
    stores = [_store(agency, code, name) for code, name in (("0001", "渋谷店"), ("0002", "梅田店"))]
    campaigns = [_must_buy(scene), _instant_win(scene), _later_draw(scene), _goods(scene)]
    for campaign in campaigns:
        publish_campaign(campaign_id=campaign.pk, now=now, actor_id=scene.operator.pk)
    _key, secret = issue_api_key(agency_id=agency.pk, name="デモ用", scopes=list(Scope), actor_id=scene.operator.pk)
    return {
        "campaigns": [campaign.slug for campaign in campaigns],
        "api_key": secret,
        "stores": [store.code for store in stores],
        "staff_pin": STAFF_PIN,
        "operators": [scene.operator.get_username(), COLLEAGUE],
        "password": settings.DEMO_PASSWORD,
        "serials": SERIALS,
        "members": MEMBERS,
        "links": {link.name: link.token for link in TrackedLink.objects.order_by("pk")},
    }


def _sponsor(agency: Agency) -> Sponsor:
    return Sponsor.objects.create(
        agency=agency,
        name="ミズヒキ飲料株式会社",
        inquiry_name="ミズヒキ飲料キャンペーン事務局",
        inquiry_email="support@mizuhiki-drinks.example",
        inquiry_phone="0120-000-000",
        inquiry_hours="平日10:00〜17:00",
    )


def _people(agency: Agency) -> User:
    operator = User.objects.create_superuser(
        settings.DEMO_OPERATOR, f"operator@{agency.slug}.example", settings.DEMO_PASSWORD
    )
    add_member(user_id=operator.pk, agency_id=agency.pk, role=Role.OPERATOR)
    for name, role in (
        (COLLEAGUE, Role.OPERATOR),
        ("reviewer", Role.REVIEWER),
        ("support", Role.SUPPORT),
        ("viewer", Role.VIEWER),
    ):
        user = User.objects.create_user(name, password=settings.DEMO_PASSWORD)
        add_member(user_id=user.pk, agency_id=agency.pk, role=role)
    return operator


def _store(agency: Agency, code: str, name: str) -> Store:
    store = Store.objects.create(agency=agency, code=code, name=name)
    return set_store_pin(store_id=store.pk, pin=STAFF_PIN)


def _must_buy(scene: Scene) -> Campaign:
    campaign = _campaign(
        scene,
        slug="green-tea",
        title="ミズヒキ緑茶 レシートで500円クーポンがもらえる！",
        summary="対象のお茶を含むお買い物2,500円以上のレシートを送ると、全員に500円クーポンをプレゼント。",
        how_to_enter="対象商品を含む2,500円（税込）以上のレシートを撮影して送ってください。",
        objective=Objective.REPEAT,
        mechanic=Mechanic.EVERYONE,
        entries_per_person=3,
        entries_per_person_a_day=3,
    )
    _rule(campaign, RuleKind.PURCHASE, {"minimum_spend_jpy": 2500, "spend_counts": "receipt", "minimum_quantity": 1})
    for name, forms in (
        ("ミズヒキ緑茶 525ml", ["ﾐｽﾞﾋｷ緑茶525", "ミズヒキ緑茶525ml", "ﾐｽﾞﾋｷﾘﾖｸﾁﾔ"]),
        ("ミズヒキほうじ茶 525ml", ["ﾐｽﾞﾋｷほうじ茶525", "ミズヒキほうじ茶525ml"]),
    ):
        TargetProduct.objects.create(campaign=campaign, name=name, printed_forms=forms)
    course = PrizeCourse.objects.create(campaign=campaign, name="全員プレゼント", position=1, daily_cap=500)
    _stock(scene, _prize(course, "ミズヒキ 500円クーポン", 500), 300)
    return campaign


def _instant_win(scene: Scene) -> Campaign:
    campaign = _campaign(
        scene,
        slug="lucky-serial",
        title="キャップのシリアルでその場で当たる！",
        summary="対象ボトルのキャップ裏のシリアルコードで、その場で抽選。",
        how_to_enter="キャップ裏の15文字のシリアルコードを入力してください。",
        objective=Objective.TRIAL,
        mechanic=Mechanic.INSTANT,
        trade_value_jpy=150,
        projected_sales_jpy=5_000_000,
        entries_per_person=10,
        entries_per_person_a_day=3,
    )
    _rule(campaign, RuleKind.SERIAL)
    create_serial_batch(campaign_id=campaign.pk, name="キャップ第1版", values=SERIALS)
    for position, (name, value, chance, cap) in enumerate((("A賞", 1000, 100_000, 20), ("B賞", 200, 400_000, 100)), 1):
        course = PrizeCourse.objects.create(
            campaign=campaign, name=name, position=position, win_rate_per_million=chance, total_cap=cap, daily_cap=cap
        )
        _stock(scene, _prize(course, f"ミズヒキ {value:,}円クーポン", value), cap)
    return campaign


def _later_draw(scene: Scene) -> Campaign:
    campaign = _campaign(
        scene,
        slug="members-voice",
        title="会員さま限定 アンケートで10名さまに3,000円分",
        summary="会員番号とアンケートの回答でご応募。締切後に抽選で10名さまに3,000円分のギフトコードが当たります。",
        how_to_enter="会員番号を入力し、アンケートに答えてください。",
        objective=Objective.RESEARCH,
        mechanic=Mechanic.LATER,
        announced_winner_count=10,
    )
    references = create_reference_list(campaign_id=campaign.pk, name="会員名簿", label="会員番号", values=MEMBERS)
    group = _rule(campaign, RuleKind.REFERENCE, {"list": str(references.public_id)}).group
    EntryRule.objects.create(group=group, kind=RuleKind.SURVEY, position=2)
    _survey(campaign)
    course = PrizeCourse.objects.create(campaign=campaign, name="抽選コース", position=1, total_cap=10)
    _stock(scene, _prize(course, "ミズヒキ 3,000円ギフト", 3000), 10)
    return campaign


def _goods(scene: Scene) -> Campaign:
    campaign = _campaign(
        scene,
        slug="new-tea",
        title="アンケートに答えて新茶のサンプルをご自宅へ",
        summary="アンケートに答えた方全員に、発売前の新茶のサンプルをお届けします。1世帯1点。",
        how_to_enter="アンケートに答えてください。お届け先は当選のあとでうかがいます。",
        objective=Objective.TRIAL,
        mechanic=Mechanic.EVERYONE,
        goods_per_household=1,
    )
    _rule(campaign, RuleKind.SURVEY)
    _survey(campaign)
    course = PrizeCourse.objects.create(campaign=campaign, name="新茶サンプル", position=1, total_cap=1000)
    Prize.objects.create(course=course, name="新茶サンプル 3袋", kind=PrizeKind.SAMPLE, face_value_jpy=100)
    return campaign


def _survey(campaign: Campaign) -> None:
    survey = Survey.objects.create(campaign=campaign, introduction="商品づくりの参考にします。1分ほどで終わります。")
    green_tea = Question.objects.create(
        survey=survey,
        position=1,
        text="ふだん緑茶を飲みますか",
        kind=QuestionKind.SINGLE,
        choices=["ほぼ毎日", "ときどき", "飲まない"],
    )
    Question.objects.create(
        survey=survey,
        position=2,
        text="飲まない理由を教えてください",
        kind=QuestionKind.TEXT,
        shown_if_question=green_tea,
        shown_if_answer="飲まない",
    )
    Question.objects.create(
        survey=survey,
        position=3,
        text="お茶を選ぶときに大切にすること",
        kind=QuestionKind.MULTIPLE,
        choices=["味", "香り", "価格", "産地", "容器"],
    )


def _campaign(scene: Scene, **details: Any) -> Campaign:
    today = jst_day(scene.now)
    campaign = Campaign.objects.create(
        agency=scene.agency,
        sponsor=scene.sponsor,
        entry_opens_at=scene.now - timedelta(days=1),
        entry_closes_at=end_of_jst_day(today + timedelta(days=30)),
        purchase_from_on=today - timedelta(days=30),
        purchase_until_on=today + timedelta(days=30),
        **details,
    )
    TermsVersion.objects.create(campaign=campaign, body=TERMS)
    KpiTarget.objects.create(campaign=campaign, metric=KpiMetric.ENTRIES, target=300)
    KpiTarget.objects.create(campaign=campaign, metric=KpiMetric.REDEMPTION_RATE, target=60)
    for name, channel in (("公式X", TrackedLinkChannel.X), ("店頭ポスター", TrackedLinkChannel.STORE)):
        TrackedLink.objects.create(campaign=campaign, name=f"{campaign.slug} {name}", channel=channel)
    return campaign


def _rule(campaign: Campaign, kind: RuleKind, parameters: dict[str, Any] | None = None) -> EntryRule:
    group = RuleGroup.objects.create(campaign=campaign, position=1, combination=Combination.ALL)
    return EntryRule.objects.create(group=group, kind=kind, position=1, parameters=parameters or {})


def _prize(course: PrizeCourse, name: str, value_jpy: int) -> Prize:
    return Prize.objects.create(
        course=course,
        name=name,
        kind=PrizeKind.OWN_CODE,
        brand="ミズヒキ飲料",
        face_value_jpy=value_jpy,
        how_to_use="お会計のときに、この画面をスタッフにお見せください。おつりは出ませんが、残高は次回も使えます。",
    )


def _stock(scene: Scene, prize: Prize, count: int) -> None:
    batch = generate_codes(
        prize_id=prize.pk,
        name=f"{prize.name} 第1便",
        count=count,
        expires_at=end_of_jst_day(jst_day(scene.now) + timedelta(days=180)),
        now=scene.now,
        actor_id=scene.operator.pk,
    )
    activate_batch(batch_id=batch.pk, now=scene.now, actor_id=scene.operator.pk)
