"""The WSGI application gunicorn serves."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tokenops.settings")

application = get_wsgi_application()

from tokenops.guard import refuse_unsafe_role  # noqa: E402 - needs the loaded apps

refuse_unsafe_role()
