"""PnL P01 to P24, effective prices and closed shares of engine spec 5.4, on `Position`.

An entry is (price, cost); a partial is percent of the remaining cost at a price, with the cost
basis and number of entries that it was taken at. The spec prints PnL to nine digits and effective
prices to six; where it prints six, the test holds `Position` to the formula and the formula to the
printed digits.
"""

import pytest

from tradekit.domain.costs import CostModel
from tradekit.domain.order import Fill
from tradekit.domain.position import Position
from tradekit.errors import TradekitError

COSTS = CostModel()

# name: direction, entries (price at 100 each), partials (percent, price, basis, entries), close, %
PNL = {
    "P01": ("long", (100, 80), (), 100, 12.062949550),
    "P02": ("long", (100, 80), ((50, 120, 100, 1),), 90, 8.324184565),
    "P03": ("long", (100, 80), ((50, 110, 200, 2),), 120, 28.887391983),
    "P04": ("long", (100, 80), ((30, 75, 200, 2),), 100, 3.650728334),
    "P05": ("long", (100, 80), ((30, 120, 100, 1),), 105, 19.914356019),
    "P06": ("long", (100, 60), ((30, 80, 100, 1),), 90, 18.044973526),
    "P07": ("long", (100, 80, 70), ((25, 115, 100, 1), (25, 112, 175, 2)), 105, 30.258272478),
    "P08": ("long", (100, 85, 75), ((30, 110, 200, 2), (20, 88, 240, 3)), 95, 12.636520085),
    "P09": ("long", (100, 70, 60), ((20, 85, 100, 1), (30, 95, 280, 3)), 80, 14.936853133),
    "P10": ("long", (100, 80, 70), ((40, 100, 200, 2), (30, 110, 220, 3)), 95, 21.689972659),
    "P11": ("long", (100, 70), ((20, 120, 100, 1), (20, 90, 80, 1)), 95, 17.005240788),
    "P12": ("short", (100, 110, 120), ((30, 90, 200, 2), (30, 85, 240, 3)), 88, 19.483799382),
    "P13": ("short", (100, 115), ((25, 105, 100, 1), (25, 88, 175, 2)), 92, 12.823989348),
    "P14": ("short", (100, 120), ((30, 80, 100, 1),), 85, 22.501524358),
    "P15": (
        "long",
        (100, 80, 72, 65),
        ((20, 115, 100, 1), (20, 108, 180, 2), (20, 83, 244, 3), (20, 100, 295.2, 4)),
        100,
        27.944430716,
    ),
    "P16": ("long", (100,), ((60, 110, 100, 1), (100, 115, 40, 1)), 999, 11.564447552),
    "P17": ("long", (100, 40), ((50, 120, 100, 1),), 90, 64.405659341),
    "P18": (
        "long",
        (100, 80, 70),
        ((30, 115, 100, 1), (25, 110, 170, 2), (20, 95, 227.5, 3)),
        105,
        28.149727717,
    ),
    "P19": (
        "long",
        (100, 90, 80, 70),
        ((25, 110, 200, 2), (30, 105, 250, 3), (20, 95, 275, 4)),
        100,
        20.807703250,
    ),
    "P20": (
        "long",
        (1000, 950, 880, 920, 980),
        ((30, 1150, 100, 1), (20, 860, 270, 3), (40, 1050, 316, 4)),
        1200,
        18.349878168,
    ),
    "P21": (
        "short",
        (100, 110, 120, 130),
        ((30, 85, 200, 2), (25, 80, 240, 3), (20, 75, 280, 4)),
        70,
        34.146190424,
    ),
    "P22": ("long", ((100, 100), (80, 200)), (), 95, 10.401276224),
    "P23": ("long", ((100, 100), (80, 200)), ((40, 95, 300, 2),), 110, 20.869818182),
}

# entries, partials, the blend by hand, the printed effective price
EFFECTIVE = {
    "two": ((100, 80), (), 200 / (100 / 100 + 100 / 80), 88.888889),
    "three": ((100, 80, 70), (), 300 / (1 + 100 / 80 + 100 / 70), 81.553398),
    "more below": (((100, 100), (80, 200)), (), 300 / (1 + 200 / 80), 85.714286),
    "more above": (((100, 200), (80, 100)), (), 300 / (2 + 100 / 80), 92.307692),
    "deep": ((100, 80, 60), (), 300 / (1 + 100 / 80 + 100 / 60), 76.595745),
    "partial before the second": (
        (100, 80),
        ((30, 110, 100, 1),),
        170 / (70 / 100 + 100 / 80),
        87.179487,
    ),
    "partial before a deep second": (
        (100, 60),
        ((30, 110, 100, 1),),
        170 / (70 / 100 + 100 / 60),
        71.830986,
    ),
    "partial before the third": (
        (100, 80, 60),
        ((30, 110, 200, 2),),
        240 / (140 / (200 / 2.25) + 100 / 60),
        74.035990,
    ),
    "P20 at its second partial": (
        (1000, 950, 880),
        ((30, 1150, 100, 1),),
        270 / (70 / 1000 + 100 / 950 + 100 / 880),
        934.580987,
    ),
    "P20 at its third partial": (
        (1000, 950, 880, 920),
        ((30, 1150, 100, 1), (20, 860, 270, 3)),
        316 / (216 / (270 / (70 / 1000 + 100 / 950 + 100 / 880)) + 100 / 920),
        929.917012,
    ),
}

# entries, partials, percent of all that was invested which is closed, cost left
CLOSED = {
    "30 % of 100": ((100,), ((30, 110, 100, 1),), 30.0, 70.0),
    "40 % of 200": ((100, 80), ((40, 110, 200, 2),), 40.0, 120.0),
    "30 % then 40 %": ((100,), ((30, 110, 100, 1), (40, 110, 70, 1)), 58.0, 42.0),
    "60 %, an entry of 200, 80 %": (
        ((100, 100), (80, 200)),
        ((60, 110, 100, 1), (80, 110, 240, 2)),
        84.0,
        48.0,
    ),
    "30 %, then an entry of 200": (((100, 100), (80, 200)), ((30, 110, 100, 1),), 10.0, 270.0),
    "P15": (*PNL["P15"][1:3], 40.96, 236.16),
    "P16": (*PNL["P16"][1:3], 100.0, 0.0),
}


def position_of(direction, entries, partials) -> Position:
    """Book entries and partials in the order that the partials' entry counts tell."""
    position = Position("s-1", direction, COSTS)
    pending = list(partials)
    for count, entry in enumerate(entries, start=1):
        price, cost = entry if isinstance(entry, tuple) else (entry, 100)
        buy(position, float(price), float(cost))
        while pending and pending[0][3] == count:
            percent, at_price, basis, _ = pending.pop(0)
            take_off(position, float(at_price), percent / 100.0 * basis)
    assert not pending
    return position


def buy(position: Position, price: float, cost: float) -> None:
    paid = COSTS.paid_price(price, buying=position.side > 0, maker=False)
    fee = COSTS.fee(cost, maker=False)
    position.add_entry(Fill(0, price, paid, cost / paid, fee), cost)


def take_off(position: Position, price: float, cost: float) -> None:
    """Sell what `cost` of the remaining cost stands for."""
    quantity = position.quantity * (cost / position.cost_left)
    paid = COSTS.paid_price(price, buying=position.side < 0, maker=False)
    fee = COSTS.fee(quantity * paid, maker=False)
    position.add_exit(Fill(0, price, paid, quantity, fee))


@pytest.mark.parametrize("name", PNL)
def test_pnl(name):
    direction, entries, partials, close, pnl_pct = PNL[name]
    position = position_of(direction, entries, partials)
    assert position.pnl_pct_at(float(close)) == pytest.approx(pnl_pct, rel=0, abs=1e-9)


@pytest.mark.parametrize("name", PNL)
def test_pnl_of_the_closed_position_is_the_same(name):
    direction, entries, partials, close, pnl_pct = PNL[name]
    position = position_of(direction, entries, partials)
    if position.quantity > 0.0:
        take_off(position, float(close), position.cost_left)
    earned = position.gross - position.fees
    assert earned / position.cost * 100.0 == pytest.approx(pnl_pct, rel=0, abs=1e-9)


def test_p24_takes_off_more_than_there_is():
    with pytest.raises(TradekitError):
        position_of("long", (100,), ((80, 110, 100, 1), (60, 115, 120, 1)))


def test_p24_counted_in_percent_of_all_entries_is_more_than_all():
    """80 % of 100 and 60 % of a basis of 120 are 152 of 100 invested."""
    position = position_of("long", (100,), ((80, 110, 100, 1),))
    assert position.cost_left == pytest.approx(20.0, rel=1e-12)
    with pytest.raises(TradekitError):
        take_off(position, 115.0, 0.60 * 120)


@pytest.mark.parametrize("name", EFFECTIVE)
def test_effective_price(name):
    entries, partials, by_hand, printed = EFFECTIVE[name]
    position = position_of("long", entries, partials)
    assert by_hand == pytest.approx(printed, rel=0, abs=5.1e-7)
    assert position.average_entry_price == pytest.approx(by_hand, rel=1e-9)


@pytest.mark.parametrize("name", CLOSED)
def test_closed_and_left(name):
    entries, partials, closed_pct, left = CLOSED[name]
    position = position_of("long", entries, partials)
    assert position.cost_left == pytest.approx(left, rel=1e-9, abs=1e-9)
    closed = sum(percent / 100.0 * basis for percent, _, basis, _ in partials)
    assert closed / position.cost * 100.0 == pytest.approx(closed_pct, rel=1e-9)


@pytest.mark.parametrize(
    ("direction", "entry", "close", "pnl_pct"),
    [
        ("long", 100, 110, 9.570439560),
        ("short", 100, 90, 9.629639640),
        ("long", 100, 100, -0.399600400),
        ("short", 100, 100, -0.400400400),
        ("long", 100, 102, 1.594407592),
        ("short", 100, 98, 1.605607608),
        ("long", 100, 98, -2.393608392),
        ("short", 100, 102, -2.406408408),
        ("long", 95, 98, 2.748833272),
        ("short", 105, 102, 2.465325325),
        ("long", 100, 100.400801, 0.0),
        ("short", 100, 99.600799, 0.0),
    ],
)
def test_single_leg(direction, entry, close, pnl_pct):
    """Table 5.1 and the two net-zero prices below it, which are printed to six digits."""
    tolerance = 1e-9 if pnl_pct else 1e-6
    position = position_of(direction, (entry,), ())
    assert position.pnl_pct_at(float(close)) == pytest.approx(pnl_pct, rel=0, abs=tolerance)
