"""Reads are kept while a request that only reads is answered, and never elsewhere."""

from apps.common.memo import kept, once, reading, remembering

asked: list[tuple[int, str]] = []


@once
def read(number: int, *, word: str = "") -> int:
    asked.append((number, word))
    return len(asked)


def test_each_question_is_asked_once_inside_and_each_time_outside():
    asked.clear()
    assert (read(1), read(1)) == (1, 2)
    with remembering():
        assert reading()
        assert (read(1), read(1), read(1, word="x"), read(2), read(1)) == (3, 3, 4, 5, 3)
        kept("names")["a"] = "b"
        assert kept("names") == {"a": "b"}
    assert not reading()
    assert kept("names") == {}
    assert read(1) == 6
    with remembering():
        assert read(1) == 7
