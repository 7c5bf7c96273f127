"""Pure rules of the ledger: keys, days, costs, deltas. No ORM, no clock, no I/O."""
