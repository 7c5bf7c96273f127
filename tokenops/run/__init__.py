"""Runs TokenOps from one command: embedded PostgreSQL and Valkey, web, worker and beat.

Nothing here is imported by the application except `run.testing`, which the tests' settings use.
"""
