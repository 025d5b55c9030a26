"""HTTP and sockets in one process: what `manage.py serve` runs. Any ASGI server may."""

import os
import warnings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ordersite.settings")
os.environ.setdefault("ORDERSITE_PROCESS", "asgi")

from channels.routing import ProtocolTypeRouter  # noqa: E402
from django.core.asgi import get_asgi_application  # noqa: E402

http = get_asgi_application()

from ordersite.web.request_gate import Door  # noqa: E402
from ordersite.web.start_checks import refuse_unsafe_start, set_code_aside  # noqa: E402  needs the apps
from tracking.feed.routing import application as sockets  # noqa: E402
from tracking.metrics.pool import watch_pool  # noqa: E402

refuse_unsafe_start()
set_code_aside()
watch_pool()

# whitenoise reads files synchronously, in a thread, which is what Django warns of; in production a proxy caches them.
warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume synchronous iterators")

application = Door(ProtocolTypeRouter({"http": http, "websocket": sockets}))
