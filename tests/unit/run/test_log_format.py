"""Log lines that a machine can read, whoever writes them."""

import io
import json
import logging
import logging.config

import pytest
import structlog

from tokenops import logs


@pytest.fixture
def lines():
    """Configure both kinds of loggers as in production; what they wrote, line by line."""
    before, out = structlog.get_config(), io.StringIO()
    logs.configure("INFO", "json")
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(out))
    config = logs.standard("json", tried="INFO")
    config["handlers"]["console"]["stream"] = out
    config["loggers"]["tried"] |= {"handlers": ["console"], "propagate": False}
    del config["root"]
    logging.config.dictConfig(config)
    yield lambda: [json.loads(line) for line in out.getvalue().splitlines()]
    structlog.configure(**before)
    structlog.contextvars.clear_contextvars()


def test_own_and_foreign_lines_are_json_with_their_context(lines):
    structlog.contextvars.bind_contextvars(request_id="r1", organization="acme")
    structlog.get_logger().info("folded", records=3)
    structlog.get_logger().debug("too fine")
    logging.getLogger("tried").warning("late by %d s", 5)
    own, foreign = lines()
    assert (own["event"], own["records"], own["level"]) == ("folded", 3, "info")
    assert (foreign["event"], foreign["logger"], foreign["level"]) == (
        "late by 5 s",
        "tried",
        "warning",
    )
    for line in (own, foreign):
        assert (line["request_id"], line["organization"]) == ("r1", "acme")
        assert line["timestamp"].endswith("Z")


def test_a_traceback_is_one_line_without_values(lines):
    secret = "sk-" + str(10**9)

    def fail(value):
        raise ValueError("wrong" if value else "")

    for log in (structlog.get_logger(), logging.getLogger("tried")):
        try:
            fail(secret)
        except ValueError:
            log.exception("failed")
    own, foreign = lines()
    for line in (own, foreign):
        assert "ValueError: wrong" in line["exception"]
        assert secret not in json.dumps(line)


@pytest.mark.parametrize(("level", "form"), [("INFO", "xml"), ("LOUD", "json")])
def test_settings_that_do_not_exist_are_named(level, form):
    with pytest.raises(ValueError, match="LOG_"):
        logs.configure(level, form)
