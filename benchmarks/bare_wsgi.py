"""HTTP for the bare views, served as ordersite.wsgi is."""

import os

os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.bare_settings"
os.environ["ORDERSITE_PROCESS"] = "wsgi"

from django.core.wsgi import get_wsgi_application  # noqa: E402

application = get_wsgi_application()
