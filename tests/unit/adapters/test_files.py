"""One file, whole or not at all, and never in the place of something that is no file."""

import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradekit.adapters.files import write_file
from tradekit.errors import SettingsError, StoreError


def names(folder):
    return sorted(each.name for each in folder.iterdir())


@given(pieces=st.lists(st.binary(max_size=50), max_size=8))
def test_file_holds_the_pieces_one_after_the_other(tmp_path_factory, pieces):
    path = tmp_path_factory.mktemp("files") / "x"

    assert write_file(path, iter(pieces)) == len(b"".join(pieces))
    assert path.read_bytes() == b"".join(pieces)
    assert names(path.parent) == ["x"]


def test_file_is_on_disk_before_it_has_its_name_and_the_folder_after(tmp_path, monkeypatch):
    calls = []
    sync, replace = os.fsync, Path.replace

    def synced(handle):
        calls.append("folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else "file")
        sync(handle)

    def replaced(self, target):
        calls.append("rename")
        return replace(self, target)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(Path, "replace", replaced)

    write_file(tmp_path / "x", [b"new"])

    assert calls == ["file", "rename", "folder"]


def test_file_that_is_replaced_keeps_who_may_read_it(tmp_path):
    path = tmp_path / "x"
    path.write_text("old")
    path.chmod(0o600)

    write_file(path, [b"new"])

    assert (path.read_text(), stat.S_IMODE(path.stat().st_mode)) == ("new", 0o600)


def test_link_stays_and_what_it_leads_to_is_replaced(tmp_path):
    (tmp_path / "far").mkdir()
    for name, target in (("link", "far/x"), ("to-nothing-yet", "far/y")):
        (tmp_path / name).symlink_to(target)
        write_file(tmp_path / name, [b"new"])

        assert (tmp_path / name).is_symlink()
        assert (tmp_path / target).read_bytes() == b"new"
    assert names(tmp_path / "far") == ["x", "y"]


def test_pipe_stays_a_pipe(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("pipe")

    for name in ("pipe", "link"):
        with pytest.raises(SettingsError, match=f"{name} cannot be written: it is no regular file"):
            write_file(tmp_path / name, [b"new"])

    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)
    assert names(tmp_path) == ["link", "pipe"]


def test_device_stays_a_device():
    for path in ("/dev/null", "/dev/full"):
        with pytest.raises(SettingsError, match=f"{path} cannot be written: it is no regular file"):
            write_file(Path(path), [b"new"])

        assert stat.S_ISCHR(Path(path).stat().st_mode)


def loop(folder):
    (folder / "loop").symlink_to("loop")
    return folder / "loop"


def file_as_folder(folder):
    (folder / "file").write_text("x")
    return folder / "file" / "x"


@pytest.mark.parametrize(
    ("made", "sentence"),
    [
        (lambda folder: folder, "it is a folder"),
        (lambda folder: folder / "gone" / "x", "there is no folder .*gone"),
        (file_as_folder, "there is no folder .*file"),
        (lambda folder: folder / "zero\0byte", "null byte"),
        (loop, "loop"),
    ],
)
def test_place_where_no_file_can_be_is_one_sentence(tmp_path, made, sentence):
    path = made(tmp_path)
    before = names(tmp_path)

    with pytest.raises(SettingsError, match=sentence) as told:
        write_file(path, [b"new"])

    assert "\n" not in told.value.message
    assert names(tmp_path) == before


@pytest.mark.parametrize("name", ["os.fsync", "pathlib.Path.replace"])
def test_failure_leaves_what_was_there(tmp_path, monkeypatch, name):
    path = tmp_path / "x"
    path.write_text("old")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(name, full)
    with pytest.raises(StoreError, match="the disk is full: No space left on device"):
        write_file(path, [b"new"])

    assert (path.read_text(), names(tmp_path)) == ("old", ["x"])


def test_pieces_that_fail_leave_nothing(tmp_path):
    def pieces():
        yield b"new"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_file(tmp_path / "x", pieces())

    assert names(tmp_path) == []


def test_draft_of_a_process_that_was_killed_is_in_nobodys_way(tmp_path):
    (tmp_path / f".x-{os.getpid()}").write_text("half")

    write_file(tmp_path / "x", [b"new"])

    assert names(tmp_path) == ["x"]


def test_name_may_be_as_long_as_the_file_system_takes(tmp_path):
    name = "ä" * 127

    write_file(tmp_path / name, [b"new"])

    assert names(tmp_path) == [name]
