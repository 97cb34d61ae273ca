"""Run folders: complete or not there, and never in place of another."""

import asyncio
import errno
import os
import stat

import pytest

from tradekit.adapters.clock import SystemClock
from tradekit.adapters.run_folder import RunFolders
from tradekit.errors import SettingsError, StoreError

FILES = {"a.txt": ["1\n", "2\n"], "b.txt": ["é\n"]}


def test_files_are_written_as_given(tmp_path):
    place = RunFolders(tmp_path / "deep" / "runs").write("id", FILES)

    assert place == tmp_path / "deep" / "runs" / "id"
    assert (place / "a.txt").read_bytes() == b"1\n2\n"
    assert (place / "b.txt").read_bytes() == "é\n".encode()
    assert [each.name for each in place.parent.iterdir()] == ["id"]


def test_taken_name_gets_a_counter(tmp_path):
    folders = RunFolders(tmp_path)
    (tmp_path / "id-2").write_text("a file of somebody else's")

    places = [folders.write("id", FILES).name for _ in range(3)]

    assert places == ["id", "id-3", "id-4"]
    assert (tmp_path / "id-2").read_text() == "a file of somebody else's"


def failing_fsync(number):
    def fsync(handle):
        if stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(number, os.strerror(number))

    return fsync


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_full_disk_is_one_sentence_and_leaves_nothing(tmp_path, monkeypatch, number):
    monkeypatch.setattr(os, "fsync", failing_fsync(number))
    folders = RunFolders(tmp_path / "runs")

    with pytest.raises(StoreError) as caught:
        folders.write("id", FILES)

    assert caught.value.message.startswith(
        f"the run could not be written to {tmp_path / 'runs'}: the disk is full ("
    )
    assert caught.value.fix
    assert not list(tmp_path.iterdir())


def test_other_failures_are_told_too_and_runs_before_stay(tmp_path, monkeypatch):
    folders = RunFolders(tmp_path)
    folders.write("before", FILES)
    monkeypatch.setattr(os, "fsync", failing_fsync(errno.EIO))

    with pytest.raises(StoreError, match=r"could not be written to .*: Input/output error"):
        folders.write("id", FILES)

    assert [each.name for each in tmp_path.iterdir()] == ["before"]


def test_interruption_leaves_nothing(tmp_path):
    def interrupted():
        yield "1\n"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        RunFolders(tmp_path / "runs").write("id", {"a.txt": interrupted()})

    assert not list(tmp_path.iterdir())


def test_ready_where_a_folder_could_be_made(tmp_path):
    asyncio.run(RunFolders(tmp_path / "a" / "b").wait_ready())

    assert not list(tmp_path.iterdir())


def test_not_ready_where_a_file_is_in_the_way(tmp_path):
    (tmp_path / "file").touch()

    with pytest.raises(SettingsError, match=r"file is not a folder$"):
        asyncio.run(RunFolders(tmp_path / "file" / "runs").wait_ready())


def test_not_ready_where_nothing_may_be_written(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: False)

    with pytest.raises(StoreError, match=r"may not be written to$"):
        asyncio.run(RunFolders(tmp_path / "runs").wait_ready())


def test_clock_tells_milliseconds():
    assert 1_700_000_000_000 < SystemClock().now_ms() < 4_102_444_800_000
