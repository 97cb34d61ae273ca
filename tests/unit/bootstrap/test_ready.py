"""Waiting until everything is ready: in parallel, under one deadline, with a line if it takes."""

import asyncio
import time

import pytest

from tradekit.bootstrap.ready import wait_until_ready
from tradekit.errors import NotReadyError, StoreError


async def at_once():
    """Be ready."""


def ready_after(seconds):
    async def wait():
        await asyncio.sleep(seconds)

    return wait


def failing(error):
    async def wait():
        raise error

    return wait


def wait_for(things, *, wait_s=5.0, silent_s=0.02):
    told = []
    asyncio.run(wait_until_ready(things, wait_s=wait_s, on_waiting=told.append, silent_s=silent_s))
    return told


def test_nothing_is_said_about_what_is_ready_at_once():
    assert wait_for({"a": at_once, "b": at_once}) == []


def test_what_takes_a_while_is_named_once():
    assert wait_for({"a": at_once, "b": ready_after(0.1)}) == [("b",)]


def test_all_are_awaited_at_the_same_time():
    began = time.monotonic()

    wait_for({str(number): ready_after(0.1) for number in range(20)})

    assert time.monotonic() - began < 1.0


def test_deadline_names_what_is_not_ready():
    with pytest.raises(NotReadyError) as caught:
        wait_for({"a": at_once, "the exchange": ready_after(9.0)}, wait_s=0.05)

    assert caught.value.message == "the exchange was not ready after 0.05 s"
    assert caught.value.exit_code == 3


def test_failures_are_told_together_and_the_others_waited_for():
    with pytest.raises(ExceptionGroup) as caught:
        wait_for(
            {
                "a": failing(StoreError("broken")),
                "b": failing(StoreError("worse")),
                "c": ready_after(9.0),
            },
            wait_s=0.05,
        )

    assert [error.message for error in caught.value.exceptions] == [
        "broken",
        "worse",
        "c was not ready after 0.05 s",
    ]


def test_one_failure_is_raised_alone():
    with pytest.raises(StoreError, match="broken"):
        wait_for({"a": failing(StoreError("broken")), "b": at_once})
