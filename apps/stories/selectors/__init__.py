"""Reads, split by question."""
