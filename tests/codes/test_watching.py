"""Before a prize runs out somebody is told, once."""

from datetime import date, timedelta

import pytest

from accounts.models import Role
from accounts.services import add_member, sync_roles
from campaigns.models import Campaign, CampaignStatus
from campaigns.services import set_budget
from codes import tasks
from codes.figures import forecast, stock_days, stock_of_prizes
from codes.models import Award, BudgetAlarm, StockAlarm
from codes.services import set_running_budget, watch_budgets, watch_stock
from tests.factories import NOW, UserFactory
from tests.worlds import World, open_campaign, stock, win

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def issue(world: World, *ages: timedelta) -> None:
    """Have somebody win, so long before NOW each."""
    for age in ages:
        award = win(world)
        Award.objects.filter(pk=award.pk).update(created_at=NOW - age)


def outlook(world: World, **states: int):
    (stock,) = stock_of_prizes([world.prize])
    stock.states |= states
    return forecast(stock=stock, now=NOW)


def test_the_rate_is_of_the_last_day_or_the_last_week_whichever_is_higher():
    world = open_campaign(codes=30)
    issue(world, 10 * HOUR, 5 * HOUR, HOUR, HOUR, HOUR)
    issue(world, *[100 * HOUR] * 15)

    found = outlook(world)

    assert (found.per_hour_day, found.per_hour_week) == (0.5, 0.2)
    assert found.runs_out_at == NOW + timedelta(hours=20)
    assert not found.is_low


@pytest.mark.parametrize(
    ("left", "came_in", "is_low"),
    [(29, 100, True), (30, 100, False), (0, 0, True), (1_000_000, 1_000_000, False)],
)
def test_less_than_three_hours_is_low(left, came_in, is_low):
    world = open_campaign(codes=10)
    issue(world, *[HOUR] * 10)

    assert outlook(world, available=left, issued=came_in - left).is_low is is_low


def test_a_tenth_of_the_stock_is_low_without_any_issue():
    world = open_campaign(codes=1)

    assert outlook(world, available=10, issued=90).is_low
    assert not outlook(world, available=11, issued=89).is_low
    assert outlook(world, available=10, issued=90).runs_out_at is None


def test_a_prize_that_is_all_on_paper_waits_for_no_codes():
    world = open_campaign(codes=1)

    assert not outlook(world, available=0, printed=100).is_low
    assert outlook(world, available=0, printed=0).is_low
    assert not outlook(world, available=11, issued=89, printed=1000).is_low


def operator(world: World, email: str, role: Role = Role.OPERATOR) -> None:
    sync_roles()
    user = UserFactory(email=email)
    add_member(user_id=user.pk, agency_id=world.agency.pk, role=role)


def test_an_alarm_is_raised_once_mailed_once_and_ended_by_new_codes(mailoutbox):
    world = open_campaign(codes=1)
    operator(world, "desk@example.jp")
    operator(world, "viewer@example.jp", Role.VIEWER)
    win(world)

    changes = [watch_stock(now=NOW), watch_stock(now=NOW)]
    alarm = StockAlarm.objects.get()
    for _time in range(2):
        tasks.mail_stock_alarm(alarm_id=alarm.pk)
    stock(world.prize, 50)
    changes.append(watch_stock(now=NOW + HOUR))

    alarm.refresh_from_db()
    assert changes == [1, 0, 1]
    assert (alarm.left_count, alarm.ended_at) == (0, NOW + HOUR)
    assert [mail.to for mail in mailoutbox] == [["desk@example.jp"]]
    assert "残り0件" in mailoutbox[0].subject
    assert world.campaign.title in mailoutbox[0].body
    assert f"/admin/codes/stockcount/stock/{world.prize.pk}/" in mailoutbox[0].body


def test_an_alarm_that_reached_nobody_is_mailed_once_somebody_has_an_address(mailoutbox):
    world = open_campaign(codes=0)
    watch_stock(now=NOW)
    alarm = StockAlarm.objects.get()
    tasks.mail_stock_alarm(alarm_id=alarm.pk)

    operator(world, "desk@example.jp")
    tasks.mail_stock_alarm(alarm_id=alarm.pk)

    assert [mail.to for mail in mailoutbox] == [["desk@example.jp"]]


def test_a_mail_that_was_lost_is_asked_for_again(settings, monkeypatch, django_capture_on_commit_callbacks):
    settings.TASKS_ON_COMMIT = True
    sent = []
    monkeypatch.setattr("core.queueing.current_app.send_task", lambda name, **options: sent.append(name))
    open_campaign(codes=0)
    for _time in range(2):
        with django_capture_on_commit_callbacks(execute=True):
            watch_stock(now=NOW)

    assert sent.count("codes.tasks.mail_stock_alarm") >= 2


def test_the_alarm_of_a_campaign_that_is_over_ends():
    world = open_campaign(codes=0)
    watch_stock(now=NOW)

    Campaign.objects.filter(pk=world.campaign.pk).update(status=CampaignStatus.SETTLED)
    watch_stock(now=NOW)

    assert StockAlarm.objects.get().ended_at == NOW


def test_the_days_tell_what_came_in_went_out_and_was_left():
    world = open_campaign(codes=5)
    issue(world, 24 * HOUR, HOUR, HOUR)
    world.prize.batches.update(activated_at=NOW - 48 * HOUR)

    days = stock_days(prize=world.prize, left=2, days=3, now=NOW)

    assert [(row.day, row.came_in, row.went_out, row.left) for row in days] == [
        (date(2026, 11, 20), 5, 0, 5),
        (date(2026, 11, 21), 0, 1, 4),
        (date(2026, 11, 22), 0, 2, 2),
    ]


def test_a_budget_is_told_of_at_eighty_percent_and_when_it_is_used_up(mailoutbox):
    world = open_campaign(codes=10)
    operator(world, "desk@example.jp")
    operator(world, "viewer@example.jp", Role.VIEWER)
    set_running_budget(campaign_id=world.campaign.pk, total_jpy=2750, now=NOW)
    changes = []
    for _win in range(5):
        win(world)
        changes.append(watch_budgets(now=NOW))
        changes.append(watch_budgets(now=NOW))
        for alarm in BudgetAlarm.objects.filter(ended_at__isnull=True):
            for _time in range(2):
                tasks.mail_budget_alarm(alarm_id=alarm.pk)

    levels = BudgetAlarm.objects.order_by("pk").values_list("level_percent", "used_jpy", "total_jpy")
    assert list(levels) == [(100, 2500, 2750)]  # 2,000 of 2,750 is 72 percent; after the fifth no prize fits
    assert changes == [0] * 8 + [1, 0]
    assert [mail.to for mail in mailoutbox] == [["desk@example.jp"]]
    assert mailoutbox[0].subject == f"【予算】{world.campaign.title}：予算を使い切りました"
    assert "予算：2,750円、配布済み：2,500円、残り：250円" in mailoutbox[0].body
    assert f"/admin/codes/stockcount/stock/?campaign={world.campaign.pk}" in mailoutbox[0].body


def test_a_larger_budget_ends_the_warning_and_the_next_level_is_told_anew(mailoutbox):
    world = open_campaign(codes=10)
    operator(world, "desk@example.jp")
    set_running_budget(campaign_id=world.campaign.pk, total_jpy=625, now=NOW)
    win(world)
    watch_budgets(now=NOW)
    assert BudgetAlarm.objects.get().level_percent == 100
    set_budget(campaign_id=world.campaign.pk, total_jpy=2000, now=NOW)
    assert watch_budgets(now=NOW + HOUR) == 1
    assert BudgetAlarm.objects.get().ended_at == NOW + HOUR
    set_budget(campaign_id=world.campaign.pk, total_jpy=1250, now=NOW)
    win(world)

    assert watch_budgets(now=NOW + 2 * HOUR) == 1
    alarm = BudgetAlarm.objects.latest("pk")
    tasks.mail_budget_alarm(alarm_id=alarm.pk)

    assert (alarm.level_percent, alarm.used_jpy) == (100, 1000)
    assert len(mailoutbox) == 1


def test_a_budget_at_eighty_percent_tells_until_when_it_lasts(mailoutbox):
    world = open_campaign(codes=10)
    operator(world, "desk@example.jp")
    set_running_budget(campaign_id=world.campaign.pk, total_jpy=5000, now=NOW)
    issue(world, *[10 * HOUR] * 8)

    watch_budgets(now=NOW)
    alarm = BudgetAlarm.objects.get()
    tasks.mail_budget_alarm(alarm_id=alarm.pk)

    assert (alarm.level_percent, alarm.runs_out_at) == (80, NOW + timedelta(hours=2.5))  # 400 yen an hour
    assert mailoutbox[0].subject == f"【予算】{world.campaign.title}：80%を配布しました"
    assert "いまのペースでは2026年11月22日(日) 14:30ごろになくなる見込みです。" in mailoutbox[0].body


def test_the_budget_warning_of_a_campaign_that_is_over_ends():
    world = open_campaign(codes=1)
    set_running_budget(campaign_id=world.campaign.pk, total_jpy=500, now=NOW)
    win(world)
    watch_budgets(now=NOW)

    Campaign.objects.filter(pk=world.campaign.pk).update(status=CampaignStatus.SETTLED)
    watch_budgets(now=NOW)

    assert BudgetAlarm.objects.get().ended_at == NOW
