"""Functions of a strategy are looked at before anything calls them."""

from tradekit import strategy
from tradekit.registry.signatures import wrong_signatures


def test_functions_that_can_be_called_are_fine():
    made = strategy("fine")(lambda ctx: None)
    made.while_open(lambda ctx, position, more=1: None)
    made.on("closed")(lambda *anything: None)

    assert wrong_signatures(made) == []


def test_each_function_that_cannot_is_told():
    def asked(ctx, foo):
        del ctx, foo

    def heard():
        pass

    made = strategy("odd")(asked)
    made.while_open(lambda: None)
    made.on("opened", "closed")(heard)

    told = [error.message for error in wrong_signatures(made)]

    assert told[0] == "function 'asked' of strategy 'odd' takes (ctx, foo), must take (ctx)"
    assert told[1].endswith("takes (), must take (ctx, position)")
    assert told[2:] == ["function 'heard' of strategy 'odd' takes (), must take (ctx, event)"] * 2
