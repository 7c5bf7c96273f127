"""Makes `manage.py seed_demo` known."""

from django.apps import AppConfig


class DemoConfig(AppConfig):
    name = "tokenops.demo"
    label = "demo"
