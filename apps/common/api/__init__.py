"""Shared parts of every API view: problems, pagination, fields."""
