"""What every test may rely on: hypothesis profiles, closed sockets, the shared test data."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parent.parent
LOOPBACK = ["127.0.0.0/8", "::1", "localhost"]

# `ci` draws the same examples every time. The long search is asked for by hand:
#   pytest tests/property --hypothesis-profile=long
settings.register_profile("ci", derandomize=True, deadline=None, database=None, print_blob=True)
settings.register_profile(
    "long",
    max_examples=20_000,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("ci")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let unit tests connect to this machine only; the other layers start real servers."""
    unit = ROOT / "tests" / "unit"
    for item in items:
        if item.path.is_relative_to(unit):
            item.add_marker(pytest.mark.allow_hosts(LOOPBACK))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of shared test data beside the checkout.

    TRADEKIT_TEST_DATA names another folder. Without the data a test is skipped, but where CI=true
    it fails: there a skip would pass for a success.
    """
    named = os.environ.get("TRADEKIT_TEST_DATA")
    folder = Path(named) if named else ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        reason = f"test data was not found in {folder}; TRADEKIT_TEST_DATA can name the folder"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return folder
