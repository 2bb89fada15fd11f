"""Files that are there whole or not at all."""

import stat
import threading

import pytest

from bayesmixed import files
from bayesmixed.errors import StorageError
from bayesmixed.files import check_writable, whole_file


def test_a_file_takes_its_place_when_the_block_ends(tmp_path):
    path = tmp_path / "page.html"
    path.write_text("old")
    with whole_file(str(path)) as temporary:
        assert temporary.parent == tmp_path
        assert temporary.name.startswith(".page.html.")
        assert temporary.read_bytes() == b""
        temporary.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("old", [True, False])
@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (OSError(28, "No space left on device"), StorageError),
        (KeyboardInterrupt(), KeyboardInterrupt),
        (ValueError("a bug"), ValueError),
    ],
)
def test_a_failure_in_the_block_leaves_the_old_file_and_nothing_else(tmp_path, error, raised, old):
    path = tmp_path / "file"
    if old:
        path.write_text("old")
    with pytest.raises(raised), whole_file(path) as temporary:  # noqa: PT012 - the block is what fails
        temporary.write_text("half")
        raise error
    assert [(one.name, one.read_text()) for one in tmp_path.iterdir()] == ([("file", "old")] if old else [])


def test_a_full_disk_is_told_in_one_line(tmp_path):
    with (
        pytest.raises(StorageError, match=r"file cannot be written: No space left on device$"),
        whole_file(tmp_path / "file"),
    ):
        raise OSError(28, "No space left on device")


def test_a_file_is_readable_by_others_as_the_umask_says(tmp_path):
    with whole_file(tmp_path / "whole") as temporary:
        temporary.write_text("")
    (tmp_path / "plain").write_text("")
    found, plain = (stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("whole", "plain"))
    assert found == plain


def test_the_umask_is_never_touched(tmp_path, monkeypatch):
    """It belongs to all threads of the process."""

    def refuse(mask):
        raise AssertionError("the umask was changed")

    monkeypatch.setattr(files.os, "umask", refuse)
    with whole_file(tmp_path / "file") as temporary:
        temporary.write_text("new")
    assert (tmp_path / "file").read_text() == "new"


def test_threads_that_write_one_file_do_not_share_a_temporary_one(tmp_path):
    path, together = tmp_path / "file", threading.Barrier(4)
    names = []

    def write(text):
        with whole_file(path) as temporary:
            names.append(temporary)
            together.wait(timeout=30)
            temporary.write_text(text * 1000)

    threads = [threading.Thread(target=write, args=(text,)) for text in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(names)) == 4
    assert path.read_text() in {text * 1000 for text in "abcd"}
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("attempt", [check_writable, lambda path: whole_file(path).__enter__()])
def test_where_nothing_can_be_written(tmp_path, attempt):
    with pytest.raises(StorageError, match="is a folder: give the name of a file"):
        attempt(tmp_path)
    with pytest.raises(StorageError, match="there is no folder"):
        attempt(tmp_path / "no" / "file")
    (tmp_path / "plain").write_text("")
    with pytest.raises(StorageError, match="there is no folder"):
        attempt(tmp_path / "plain" / "file")
    assert [path.name for path in tmp_path.iterdir()] == ["plain"]


def test_looking_whether_a_file_can_be_written_leaves_it_as_it_was(tmp_path):
    path = tmp_path / "file"
    check_writable(path)
    assert list(tmp_path.iterdir()) == []
    path.write_text("old")
    check_writable(path)
    assert path.read_text() == "old"


def test_a_folder_without_permission(tmp_path, monkeypatch):
    """The superuser may write anywhere, so the refusal is made up."""

    def refuse(*arguments, **options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(files.tempfile, "TemporaryFile", refuse)
    with pytest.raises(StorageError, match=r"file cannot be written: Permission denied"):
        check_writable(tmp_path / "file")
    assert list(tmp_path.iterdir()) == []
