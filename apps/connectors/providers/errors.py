"""What can go wrong with a provider, in words a person can act on."""


class ProviderError(Exception):
    """A pull that cannot go on. `retry_after` is in seconds, when the provider said so."""

    def __init__(
        self, message: str, *, code: str, status: int = 0, retry_after: float | None = None
    ) -> None:
        super().__init__(message)
        self.message, self.code, self.status = message, code, status
        self.retry_after = retry_after

    @property
    def needs_person(self) -> bool:
        """Whether trying again cannot help until somebody changes the credential."""
        return self.code == "credential_refused"
