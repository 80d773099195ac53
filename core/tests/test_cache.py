"""The cache on disk: half a file is no entry."""

from pathlib import Path

import pytest

from core.cache import FileCache


@pytest.fixture
def cache(tmp_path):
    return FileCache(str(tmp_path / "cache"), {})


def kept_file(cache):
    [file] = Path(cache._dir).glob("*.djcache")
    return file


def test_it_keeps_what_it_is_given(cache):
    cache.set("page", {"a": [1]})
    assert cache.get("page") == {"a": [1]}


def test_a_file_cut_off_at_any_byte_is_no_entry(cache):
    cache.set("page", {"a": list(range(50))})
    whole = kept_file(cache).read_bytes()
    for length in range(len(whole)):
        cache.set("page", "x")
        kept_file(cache).write_bytes(whole[:length])
        assert cache.get("page", "none") == "none", length
        assert not [*Path(cache._dir).glob("*.djcache")]


@pytest.mark.parametrize("content", [b"\0" * 100, b"x" * 100, b"\x80\x05K\x01.", b"\xff" * 9])
def test_a_file_overwritten_raises_nothing(cache, content):
    def overwritten(name, *arguments):
        cache.set("page", 1)
        kept_file(cache).write_bytes(content)
        return getattr(cache, name)("page", *arguments)

    assert overwritten("get") is None
    assert overwritten("has_key") is False
    assert overwritten("add", 2) is True
    assert cache.get("page") == 2
    assert overwritten("get_or_set", 3) == 3
    with pytest.raises(ValueError, match="not found"):
        overwritten("incr")
    assert overwritten("delete") is True
