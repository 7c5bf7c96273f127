"""Finding a TCP port, and saying who has it when it is taken."""

import errno
import socket

import psutil

from tokenops.run.errors import RunError

ATTEMPTS = 20


def is_free(host: str, port: int) -> bool:
    """Whether a server could listen there now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno in {errno.EADDRINUSE, errno.EACCES}:
                return False
            raise RunError(f"Cannot listen on {host}:{port}: {error.strerror}.") from error
    return True


def holder(port: int) -> str:
    """Who listens on `port`, as ` by name (pid n)`, or nothing where that cannot be seen."""
    try:
        for connection in psutil.net_connections("tcp"):
            here = connection.laddr and connection.laddr.port == port
            if here and connection.status == psutil.CONN_LISTEN and connection.pid:
                return f" by {psutil.Process(connection.pid).name()} (pid {connection.pid})"
    except psutil.Error:
        pass
    return ""


def chosen_port(host: str, port: int, *, variable: str) -> int:
    """`port`, which a person asked for; RunError when it is taken."""
    if is_free(host, port):
        return port
    message = f"Port {port} is in use{holder(port)}. Stop that, or choose another: {variable}=PORT."
    raise RunError(message)


def first_free_port(host: str, port: int, *, variable: str) -> int:
    """`port` or the next free one after it; RunError when none of the next twenty is free."""
    for candidate in range(port, port + ATTEMPTS):
        if is_free(host, candidate):
            return candidate
    message = f"Ports {port} to {port + ATTEMPTS - 1} are all in use. Choose one: {variable}=PORT."
    raise RunError(message)
