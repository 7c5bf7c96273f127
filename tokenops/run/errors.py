"""What can stop a start, each with a message that says what to do."""


class RunError(RuntimeError):
    """A start or stop that cannot go on; shown to the person as it is, without a traceback."""


class StopRequested(BaseException):
    """Ctrl-C or SIGTERM arrived while something was being waited for."""
