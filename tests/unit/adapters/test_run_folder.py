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


def test_ids_are_those_of_whole_runs_the_newest_first(tmp_path):
    folders = RunFolders(tmp_path)
    names = [
        "20260401T000001Z-a-00000001",
        "20260401T000000Z-b-00000002-2",
        "20250401T000000Z-c-00000003",
    ]
    for name in sorted(names):
        (tmp_path / name).mkdir()
    (tmp_path / ".20260401T000002Z-draft-1").mkdir()
    (tmp_path / "20260401T000003Z-a-00000004").touch()
    (tmp_path / "circle").symlink_to("circle")

    assert folders.ids() == names


@pytest.mark.parametrize(
    "name", ["docs", "20260401T000000Z", "20260401T000000Z-photos", "20260401T000000Z-a-0000000g"]
)
def test_folder_that_is_no_run_is_not_named_as_one(tmp_path, name):
    (tmp_path / name / "manifest.json").mkdir(parents=True)
    (tmp_path / name / "thesis.txt").touch()

    assert RunFolders(tmp_path).ids() == []


def test_run_that_was_renamed_is_known_by_its_manifest(tmp_path):
    (tmp_path / "best").mkdir()
    (tmp_path / "best" / "manifest.json").touch()

    assert RunFolders(tmp_path).ids() == ["best"]


def test_of_runs_of_one_second_the_one_written_last_is_the_newest(tmp_path):
    folders = RunFolders(tmp_path)
    for age, name in enumerate(("z", "m", "a")):
        place = tmp_path / f"20260401T000000Z-{name}-00000000"
        place.mkdir()
        os.utime(place, ns=(0, 10**18 + age))

    assert [name[17] for name in folders.ids()] == ["a", "m", "z"]


def test_renamed_run_is_as_old_as_its_folder(tmp_path):
    names = ["20260403T000000Z-c-00000000", "best so far", "20260401T000000Z-a-00000000"]
    for name in names:
        (tmp_path / name).mkdir()
        (tmp_path / name / "manifest.json").touch()
    os.utime(tmp_path / "best so far", (1_775_088_000, 1_775_088_000))  # 2026-04-02

    assert RunFolders(tmp_path).ids() == names


def test_no_place_no_ids_and_a_file_is_no_place(tmp_path):
    (tmp_path / "file").touch()

    assert RunFolders(tmp_path / "none").ids() == []
    with pytest.raises(SettingsError, match=r"file, which is not a folder$"):
        RunFolders(tmp_path / "file").ids()


def test_files_are_read_back(tmp_path):
    folders = RunFolders(tmp_path)
    place = folders.write("id", FILES)
    (place / "folder").mkdir()

    assert folders.place("id") == place
    assert folders.names("id") == ["a.txt", "b.txt", "folder/"]
    assert folders.read("id", "b.txt") == "é\n".encode()
    assert folders.read("id", "c.txt") is None
    assert list(folders.lines("id", "a.txt")) == [b"1\n", b"2\n"]
    assert folders.lines("id", "c.txt") is None
    with pytest.raises(StoreError, match="folder cannot be read"):
        list(folders.lines("id", "folder"))
    with pytest.raises(StoreError, match="folder cannot be read"):
        folders.read("id", "folder")
    with pytest.raises(StoreError, match="cannot be read"):
        folders.names("other")


def test_removed_run_is_gone_and_so_is_what_an_earlier_removal_left(tmp_path):
    folders = RunFolders(tmp_path)
    folders.write("id", FILES)
    folders.write("other", FILES)
    (tmp_path / ".removed-before-1").mkdir()
    (tmp_path / ".removed-before-1" / "a.txt").touch()

    folders.remove("id")

    assert [each.name for each in tmp_path.iterdir()] == ["other"]
    with pytest.raises(StoreError, match="id cannot be removed: No such file"):
        folders.remove("id")


def test_removal_that_is_interrupted_leaves_no_half_run(tmp_path, monkeypatch):
    folders = RunFolders(tmp_path)
    folders.write("id", FILES)

    def interrupted(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr("shutil.rmtree", interrupted)
    with pytest.raises(KeyboardInterrupt):
        folders.remove("id")

    assert folders.ids() == []


def test_removed_link_leaves_what_it_leads_to(tmp_path):
    folders = RunFolders(tmp_path / "runs")
    place = RunFolders(tmp_path / "elsewhere").write("id", FILES)
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "link").symlink_to(place)

    folders.remove("link")

    assert not list((tmp_path / "runs").iterdir())
    assert (place / "a.txt").exists()


def test_clock_tells_milliseconds():
    assert 1_700_000_000_000 < SystemClock().now_ms() < 4_102_444_800_000
