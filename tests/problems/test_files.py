"""Files of users: finding them, TOML in them, and its fields."""

import gzip
import os
import zipfile
from pathlib import Path

import pytest

from edgeopt.problems.errors import InputError
from edgeopt.problems.files import (
    check_fields,
    check_file,
    check_no_special,
    check_strings,
    check_tables,
    check_unpacked,
    file_exists,
    locate,
    read_content,
    read_lines,
    read_toml,
)


@pytest.fixture
def odd(tmp_path: Path) -> Path:
    """Return a folder with a file, a pipe, a loop of links and a link to a device."""
    (tmp_path / "file").write_text("x = 1\n")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "endless").symlink_to("/dev/zero")
    return tmp_path


@pytest.mark.parametrize("name", ["pipe", "loop", "endless", ".", "missing", "nul\0", "x" * 400])
def test_what_is_no_file_is_not_opened(odd: Path, name: str):
    assert not file_exists(odd / name)
    assert locate(name, odd) == name
    with pytest.raises(InputError, match=r"field: .* must be an existing file"):
        check_file("field", str(odd / name))


def test_a_file_is_found_and_located(odd: Path):
    assert check_file("field", odd / "file") == odd / "file"
    assert locate("file", odd) == str(odd / "file")
    assert locate("../" + odd.name + "/file", odd) == str(odd / "file")


@pytest.mark.parametrize("value", [3, None, 1.5, ["file"]])
def test_what_is_no_path_is_no_file(value: object):
    with pytest.raises(InputError):
        check_file("field", value)  # type: ignore[arg-type]


BROKEN = {
    "syntax": "x = ",
    "nested lists": "x = " + "[" * 5000 + "]" * 5000,
    "endless integer": "x = " + "9" * 5000,
    "twice": "x = 1\nx = 2\n",
}


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
def test_broken_toml_is_refused_with_its_name(tmp_path: Path, text: str):
    path = tmp_path / "broken.toml"
    path.write_text(text)
    with pytest.raises(InputError, match=r"broken\.toml: .* must be TOML"):
        read_toml(path)


def test_toml_in_another_encoding_is_refused(tmp_path: Path):
    path = tmp_path / "utf16.toml"
    path.write_bytes("x = 'é'\n".encode("utf-16"))
    with pytest.raises(InputError, match="must be TOML"):
        read_toml(path)


def test_toml_is_read(odd: Path):
    assert read_toml(odd / "file") == {"x": 1}


def test_fields_of_a_file():
    path, known = Path("my.toml"), ("budget", "seed")
    check_fields(path, {"budget": 1}, known, ("budget",))
    with pytest.raises(
        InputError, match=r"^my\.toml field: got 'bugdet', must be one of budget, s"
    ):
        check_fields(path, {"bugdet": 1, "budget": 1}, known, ("budget",))
    with pytest.raises(InputError, match=r"^my\.toml field budget: got None, must be given$"):
        check_fields(path, {"seed": 1}, known, ("budget",))


@pytest.mark.parametrize("value", ["ab", {"a": 1}, ["a", 1], None])
def test_what_is_no_list_of_strings_is_refused(value: object):
    assert check_strings("solvers", ["a", "b"]) == ["a", "b"]
    with pytest.raises(InputError, match=r"^solvers: got .*, must be a list of strings$"):
        check_strings("solvers", value)


@pytest.mark.parametrize("value", ["ab", {"a": 1}, [{"a": 1}, 1], None])
def test_what_is_no_list_of_tables_is_refused(value: object):
    assert check_tables("claims", [{"a": 1}, {}]) == [{"a": 1}, {}]
    with pytest.raises(InputError, match=r"^claims: got .*, must be tables \[\[claims\]\]$"):
        check_tables("claims", value)


def test_packed_content_is_unpacked_up_to_a_limit(tmp_path):
    path = tmp_path / "zeros.gz"
    path.write_bytes(gzip.compress(bytes(10_000_000)))
    assert path.stat().st_size < 20_000
    assert len(read_content(path)) == 10_000_000
    with pytest.raises(InputError, match="more than 20000 bytes', must be a file of at most 2"):
        read_content(path, 20_000)
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(InputError, match="an undamaged gzip file"):
        read_content(path)


def test_content_of_what_is_no_file_is_not_read(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (pipe, tmp_path, tmp_path / "missing", Path("/dev/zero")):
        with pytest.raises(InputError, match="an existing file"):
            read_content(path)


def test_sizes_that_files_state_are_refused_before_there_is_memory(tmp_path):
    sparse = tmp_path / "sparse"
    with sparse.open("wb") as file:
        file.truncate(10**12)
    for read in (read_content, read_toml):
        with pytest.raises(InputError, match="'1000000000000 bytes', must be a file of at most"):
            read(sparse)
    with pytest.raises(InputError, match="lines shorter than 16777216 characters"):
        next(read_lines(sparse))
    with zipfile.ZipFile(tmp_path / "zeros", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", bytes(1000))
        archive.writestr("b", bytes(1000))
    check_unpacked(tmp_path / "zeros", 2000)
    with pytest.raises(InputError, match="'2000 bytes', must be at most 1999 bytes once unpacked"):
        check_unpacked(tmp_path / "zeros", 1999)


def test_lines_keep_their_ends_and_no_mark(tmp_path):
    (tmp_path / "lines").write_bytes(b"\xef\xbb\xbfa\r\nb\n\nc")
    assert [*read_lines(tmp_path / "lines")] == ["a\r\n", "b\n", "\n", "c"]


@pytest.mark.parametrize("name", ["pipe", "endless", "."])
def test_what_is_no_file_is_told_from_none(odd: Path, name: str):
    check_no_special(odd / "file")
    check_no_special(odd / "missing")
    with pytest.raises(InputError, match=r"'a (folder|device or pipe)', must be a file"):
        check_no_special(odd / name)
