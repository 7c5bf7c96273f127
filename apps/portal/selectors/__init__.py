"""Reads of the portal. Figures come from the ledger's query service alone."""
