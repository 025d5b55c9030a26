"""HTTP for production: any WSGI server with one blocking thread a process."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ordersite.settings")
os.environ.setdefault("ORDERSITE_PROCESS", "wsgi")

from django.core.wsgi import get_wsgi_application  # noqa: E402

django = get_wsgi_application()

from ordersite.web.request_headers import WsgiDoor  # noqa: E402
from ordersite.web.start_checks import refuse_unsafe_start, set_code_aside  # noqa: E402  needs the apps

refuse_unsafe_start()
set_code_aside()

application = WsgiDoor(django)
