"""Ready-made rules: what each lets pass at its limit, and what it says one step beyond."""

from tests.unit.api.asks import HOUR_MS, MINUTE_MS, NOW_MS, ask_of, ended, held
from tradekit.api import rules
from tradekit.domain.time import parse_time_ms


def average(**changes):
    return ask_of(kind="average", own=held("X"), **changes)


# --- how much there is ------------------------------------------------------------------------


def test_positions_are_counted_whether_open_or_waiting():
    rule = rules.max_open_positions(2)

    assert rule(ask_of()) is None
    assert rule(ask_of(exposures=(held("Y"),))) is None
    two = (held("Y"), held("Z", is_open=False))
    assert rule(ask_of(exposures=two)) == "2 positions are open or wanted, must be at most 2"


def test_an_average_is_no_further_position():
    rule = rules.max_open_positions(1)

    assert rule(average(exposures=(held("Y"), held("Z")))) is None


def test_exposure_may_reach_its_limit_and_not_pass_it():
    rule = rules.max_exposure(300)
    others = (held("Y", 120.0), held("Z", 80.0, is_open=False))

    assert rule(ask_of(exposures=others, cost=100.0)) is None
    assert rule(ask_of(exposures=others, cost=100.5)) == (
        "exposure would be 300.5, must be at most 300"
    )


def test_what_an_average_adds_comes_on_top_of_its_own_position():
    rule = rules.max_exposure(300)
    others = (held("Y", 150.0),)

    assert rule(ask_of(kind="average", own=held("X", 100.0), exposures=others, cost=50.0)) is None
    assert rule(ask_of(kind="average", own=held("X", 100.0), exposures=others, cost=60.0)) == (
        "exposure would be 310, must be at most 300"
    )


def test_sums_that_differ_in_their_last_digits_keep_a_limit():
    assert rules.max_exposure(0.3)(ask_of(exposures=(held("Y", 0.1),), cost=0.2)) is None
    assert 0.1 + 0.2 > 0.3


def test_exposure_of_a_symbol_leaves_other_symbols_out():
    rule = rules.max_symbol_exposure(250)
    others = (held("Y", 9000.0), held("X", 150.0, strategy="t"))

    assert rule(ask_of(exposures=others, cost=100.0)) is None
    assert rule(ask_of(exposures=others, cost=101.0)) == (
        "exposure in X would be 251, must be at most 250"
    )
    asked = average(exposures=others, cost=1.0)
    assert rule(asked) == "exposure in X would be 251, must be at most 250"


GROUPS = {"majors": ("X", "Y", "Z"), "pair": ["X", "W"]}


class TestCorrelated:
    def test_symbols_of_a_group_are_counted_once_each(self):
        rule = rules.max_correlated(GROUPS, 2)

        assert rule(ask_of(exposures=(held("Y"), held("Y", strategy="t"), held("V")))) is None
        assert rule(ask_of(exposures=(held("Y"), held("Z")))) == (
            "3 symbols of 'majors' would be held, must be at most 2"
        )

    def test_a_symbol_that_is_held_already_is_no_further_one(self):
        rule = rules.max_correlated(GROUPS, 2)

        assert rule(ask_of(exposures=(held("Y"), held("X", strategy="t")))) is None

    def test_every_group_of_a_symbol_counts_and_those_of_others_do_not(self):
        rule = rules.max_correlated(GROUPS, 1)

        assert rule(ask_of(exposures=(held("W", is_open=False),))) == (
            "2 symbols of 'pair' would be held, must be at most 1"
        )
        assert rule(ask_of(symbol="V", exposures=(held("X"), held("Y"), held("Z")))) is None

    def test_an_average_passes(self):
        rule = rules.max_correlated(GROUPS, 1)

        assert rule(average(exposures=(held("Y"), held("Z")))) is None


# --- what has happened ------------------------------------------------------------------------


class TestCooldown:
    def test_it_ends_when_its_time_is_over(self):
        rule = rules.cooldown_after_stop("4h")

        assert rule(ask_of(closed=(ended(4 * HOUR_MS),))) is None
        assert rule(ask_of(closed=(ended(4 * HOUR_MS - MINUTE_MS),))) == (
            "X was stopped 239m ago, must be 4h"
        )

    def test_minutes_are_a_time_too(self):
        assert rules.cooldown_after_stop(5)(ask_of(closed=(ended(MINUTE_MS),))) == (
            "X was stopped 1m ago, must be 5m"
        )

    def test_only_stops_of_the_same_symbol_count(self):
        rule = rules.cooldown_after_stop(60)
        others = (ended(MINUTE_MS, "Y"), ended(MINUTE_MS, reason="take_profit"))

        assert rule(ask_of(closed=others)) is None
        assert rule(ask_of(closed=(ended(2 * MINUTE_MS), *others))) is not None

    def test_an_average_passes(self):
        assert rules.cooldown_after_stop(60)(average(closed=(ended(MINUTE_MS),))) is None


class TestStopGuard:
    def test_that_many_stops_of_any_symbol_are_too_many(self):
        rule = rules.stop_guard(2, "1h")

        assert rule(ask_of(closed=(ended(MINUTE_MS),))) is None
        assert rule(ask_of(closed=(ended(2 * MINUTE_MS, "Y"), ended(MINUTE_MS)))) == (
            "2 stops within 1h, must be fewer than 2"
        )

    def test_its_window_leaves_out_what_is_exactly_as_old(self):
        rule = rules.stop_guard(2, "1h")

        assert rule(ask_of(closed=(ended(HOUR_MS), ended(MINUTE_MS)))) is None
        assert rule(ask_of(closed=(ended(HOUR_MS - 1), ended(MINUTE_MS)))) is not None

    def test_other_exits_do_not_count(self):
        rule = rules.stop_guard(1, "1h")

        assert rule(ask_of(closed=(ended(MINUTE_MS, reason="time_expired"),))) is None

    def test_an_average_passes(self):
        assert rules.stop_guard(1, "1h")(average(closed=(ended(MINUTE_MS),))) is None


class TestDrawdown:
    def test_of_the_run_is_below_the_highest_balance(self):
        rule = rules.max_drawdown(10)

        assert rule(ask_of(peak_equity=1200.0, equity=1080.1, day_equity=9e9)) is None
        assert rule(ask_of(peak_equity=1200.0, equity=1080.0)) == (
            "drawdown of the run was 10.000 %, must be below 10 %"
        )

    def test_of_the_day_is_below_the_balance_at_midnight(self):
        rule = rules.max_drawdown(5, since="day")

        assert rule(ask_of(day_equity=1000.0, equity=950.1, peak_equity=9e9)) is None
        assert rule(ask_of(day_equity=1000.0, equity=949.0)) == (
            "drawdown of the day was 5.100 %, must be below 5 %"
        )

    def test_an_average_is_refused_too(self):
        assert rules.max_drawdown(10)(average(equity=800.0)) is not None

    def test_an_account_that_is_worth_nothing_has_lost_all(self):
        assert rules.max_drawdown(100)(ask_of(peak_equity=0.0, equity=0.0)) == (
            "drawdown of the run was 100.000 %, must be below 100 %"
        )


class TestOrders:
    def test_that_many_are_too_many(self):
        rule = rules.max_orders(2)

        assert rule(ask_of(sent_ms=(NOW_MS - MINUTE_MS,))) is None
        assert rule(ask_of(sent_ms=(NOW_MS - MINUTE_MS, NOW_MS))) == (
            "2 orders within 1h, must be fewer than 2"
        )

    def test_an_average_is_an_order(self):
        assert rules.max_orders(1)(average(sent_ms=(NOW_MS,))) is not None

    def test_its_window_leaves_out_what_is_exactly_as_old(self):
        rule = rules.max_orders(1, within=30)

        assert rule(ask_of(sent_ms=(NOW_MS - 30 * MINUTE_MS,))) is None
        assert rule(ask_of(sent_ms=(NOW_MS - 29 * MINUTE_MS,))) == (
            "1 orders within 30m, must be fewer than 1"
        )


# --- what is asked for ------------------------------------------------------------------------


class TestRewardRisk:
    def test_the_target_has_to_be_so_much_farther_than_the_stop(self):
        rule = rules.min_reward_risk(2)

        assert rule(ask_of(stop_loss_price=95.0, take_profit_price=110.0)) is None
        assert rule(ask_of(stop_loss_price=95.0, take_profit_price=109.0)) == (
            "reward to risk was 1.800, must be at least 2"
        )

    def test_a_short_is_measured_the_other_way_round(self):
        rule = rules.min_reward_risk(2)
        short = {"direction": "short", "stop_loss_price": 105.0}

        assert rule(ask_of(**short, take_profit_price=90.0)) is None
        assert rule(ask_of(**short, take_profit_price=91.0)) is not None

    def test_it_is_measured_from_where_it_enters(self):
        rule = rules.min_reward_risk(2)
        asked = {"stop_loss_price": 95.0, "take_profit_price": 104.0}

        assert rule(ask_of(price=100.0, entry_price=98.0, **asked)) is None
        assert rule(ask_of(price=98.0, entry_price=100.0, **asked)) is not None

    def test_what_is_missing_decides(self):
        rule = rules.min_reward_risk(2)

        assert rule(ask_of(take_profit_price=None)) is None
        assert rule(ask_of(stop_loss_price=None)) == (
            "there is no stop, must be one where reward is compared with risk"
        )

    def test_an_average_passes(self):
        assert rules.min_reward_risk(2)(average(take_profit_price=101.0)) is None


class TestStopDistance:
    def test_a_stop_has_to_be_so_far_away(self):
        rule = rules.min_stop_distance(5)

        assert rule(ask_of(stop_loss_price=95.0)) is None
        assert rule(ask_of(direction="short", stop_loss_price=105.0)) is None
        assert rule(ask_of(stop_loss_price=95.5)) == "stop was 4.500 % away, must be at least 5 %"

    def test_there_has_to_be_one(self):
        assert rules.min_stop_distance(5)(ask_of(stop_loss_price=None)) == (
            "there is no stop, must be one"
        )

    def test_an_average_passes(self):
        assert rules.min_stop_distance(5)(average(stop_loss_price=None)) is None


class TestHours:
    def passes(self, rule, time):
        return rule(ask_of(now=parse_time_ms(time))) is None

    def test_since_is_inside_and_until_is_not(self):
        rule = rules.trading_hours("08:00", "20:00")

        assert not self.passes(rule, "2026-04-01T07:59")
        assert self.passes(rule, "2026-04-01T08:00")
        assert self.passes(rule, "2026-04-01T19:59")
        assert not self.passes(rule, "2026-04-01T20:00")

    def test_past_midnight_belongs_to_the_day_on_which_it_began(self):
        # 2026-04-03 was a Friday.
        rule = rules.trading_hours("22:00", "04:00", days=["fri"])

        assert not self.passes(rule, "2026-04-03T03:59")
        assert not self.passes(rule, "2026-04-03T21:59")
        assert self.passes(rule, "2026-04-03T22:00")
        assert self.passes(rule, "2026-04-04T03:59")
        assert not self.passes(rule, "2026-04-04T04:00")
        assert not self.passes(rule, "2026-04-04T22:00")

    def test_days_are_those_of_the_calendar(self):
        names = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

        for number, name in enumerate(names):
            rule = rules.trading_hours("00:00", "24:00", days=[name])
            # 2026-03-30 was a Monday.
            of_day = [f"2026-{day}T23:59" for day in ("03-30", "03-31")]
            of_day += [f"2026-04-0{day}T00:00" for day in range(1, 6)]
            assert [self.passes(rule, time) for time in of_day] == [
                each == number for each in range(7)
            ]

    def test_the_same_time_twice_is_the_whole_day(self):
        rule = rules.trading_hours("06:00", "06:00")

        assert self.passes(rule, "2026-04-01T05:59")
        assert self.passes(rule, "2026-04-01T06:00")

    def test_it_says_when_it_would_be(self):
        rule = rules.trading_hours("8:00", "9:30", days=("mon", "tue"))

        assert rule(ask_of()) == "it is outside 8:00 to 9:30 UTC on mon, tue"

    def test_an_average_passes(self):
        assert rules.trading_hours("08:00", "09:00")(average()) is None
