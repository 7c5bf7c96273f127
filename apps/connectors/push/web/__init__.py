"""The page of pushed usage."""
