"""Signals: the first is a request, the second ends at once."""

import os
import signal

import pytest

from tradekit.cli.stopping import StopFlag


@pytest.fixture
def stop():
    before = [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)]
    flag = StopFlag()
    flag.install()
    yield flag
    signal.signal(signal.SIGINT, before[0])
    signal.signal(signal.SIGTERM, before[1])


def test_nothing_is_requested_at_first(stop):
    assert not stop.requested()
    assert stop.exit_code == 130


@pytest.mark.parametrize(("signum", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_signal_interrupts_what_is_not_gentle(stop, signum, code):
    with pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signum)

    assert stop.requested()
    assert stop.exit_code == code


def test_first_signal_is_a_request_and_the_second_interrupts(stop):
    told = []

    with stop.gently(lambda: told.append(1)):
        os.kill(os.getpid(), signal.SIGTERM)
        assert stop.requested()
        assert told == [1]
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)

    assert told == [1]
    assert stop.exit_code == 143


def test_gentleness_ends(stop):
    with stop.gently(lambda: None):
        pass

    with pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGINT)
