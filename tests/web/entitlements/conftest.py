from tests.services.entitlements.conftest import desk

__all__ = ["desk"]
