"""Errors of the tenancy layer: programming errors, never answers to a user."""


class TenantScopeRequired(RuntimeError):
    """A tenant table was touched without an open scope."""


class ScopeError(RuntimeError):
    """A scope of another organization was opened inside an open one."""
