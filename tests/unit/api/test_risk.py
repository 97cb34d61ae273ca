"""Risk profiles as they are declared: named lists of rules, and strategies that are under them."""

import pytest

import tradekit
from tradekit.api import rules
from tradekit.api.declare import strategy
from tradekit.api.risk import Risk, RiskAsk
from tradekit.errors import SettingsError


def no(ask):
    return "no"


def yes(ask):
    return None


def refusal(make):
    with pytest.raises(SettingsError) as caught:
        make()
    return caught.value.message


def test_a_profile_keeps_its_rules_in_their_order():
    rule = rules.max_open_positions(1)

    assert Risk("careful", rules=[yes, rule, no]).rules == (yes, rule, no)
    assert Risk("empty").rules == ()


def test_a_list_that_changes_later_changes_no_profile():
    mine = [yes]
    profile = Risk("mine", mine)

    mine.append(no)

    assert profile.rules == (yes,)


def test_two_profiles_of_one_name_are_two():
    one, other = Risk("same", rules=[no]), Risk("same", rules=[no])

    assert one != other
    assert len({one, other}) == 2


@pytest.mark.parametrize("name", ["", "  "])
def test_a_profile_has_a_name(name):
    assert refusal(lambda: Risk(name)) == f"name of a Risk was {name!r}, must be text"


@pytest.mark.parametrize("rule", [None, 3, "max_open_positions"])
def test_a_rule_can_be_called(rule):
    message = f"rule of Risk 'mine' was {rule!r}, must be a function of a RiskAsk"

    assert refusal(lambda: Risk("mine", rules=[yes, rule])) == message


def test_public_names_are_these():
    assert (tradekit.Risk, tradekit.RiskAsk) == (Risk, RiskAsk)


class TestOfStrategy:
    def declared(self, risk):
        return strategy("s", risk=risk)(lambda ctx: None).risk

    def test_one_profile_or_several(self):
        one, other = Risk("one"), Risk("other")

        assert self.declared(one) == (one,)
        assert self.declared([other, one]) == (other, one)
        assert self.declared((one,)) == (one,)

    def test_none_unless_said(self):
        assert strategy("s")(lambda ctx: None).risk == ()

    @pytest.mark.parametrize("risk", [None, no, "careful", [no], {"careful": 1}])
    def test_what_is_no_profile_is_refused(self, risk):
        wrong = risk[0] if isinstance(risk, list) else risk
        message = f"strategy 's': risk was {wrong!r}, must be a Risk or a list of them"

        assert refusal(lambda: self.declared(risk)) == message

    def test_a_name_is_given_once(self):
        message = "strategy 's': risk was a, b, a, must name each profile once"

        assert refusal(lambda: self.declared([Risk("a"), Risk("b"), Risk("a")])) == message
