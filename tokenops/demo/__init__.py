"""The demonstration organization: made through the same services a person's clicks call.

Its people, units, capabilities and rules match the provider simulator's company, and its usage
comes from the real connectors reading that simulator and, for one agentic capability, over the
records API: nothing is written into the ledger here.
"""
