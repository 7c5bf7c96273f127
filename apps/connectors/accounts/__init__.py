"""Provider accounts known to the organization, and how much of them, of the spend and of the days
is covered."""
