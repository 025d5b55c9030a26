"""One settings file for every process; everything that differs comes from the environment (docs/settings.md)."""

import os
import re
from datetime import timedelta
from pathlib import Path
from urllib.parse import urljoin

from django.core.exceptions import ImproperlyConfigured

from ordersite.databases import read_databases
from ordersite.environment import Environment
from ordersite.file_stores import read_media_url, read_stores

BASE_DIR = Path(__file__).resolve().parent.parent
env = Environment()

DEMO_SECRET_KEY = "demo-key-for-development-only-refused-everywhere-else"  # noqa: S105
ENVIRONMENT = env.str("ENVIRONMENT", "development")
if ENVIRONMENT not in ("development", "production"):
    raise ImproperlyConfigured(f'ENVIRONMENT is "{ENVIRONMENT}": set it to development or production.')
DEVELOPMENT = ENVIRONMENT == "development"
DEBUG = env.bool("DEBUG", False)
SECRET_KEY = env.str("SECRET_KEY", DEMO_SECRET_KEY)
if not DEVELOPMENT and (DEBUG or SECRET_KEY == DEMO_SECRET_KEY):
    raise ImproperlyConfigured("In production set SECRET_KEY to a secret of your own, and leave DEBUG unset.")
# Keys for what is encrypted at rest, newest first; the older ones still read (`ENCRYPTION_KEYS=new,old`).
ENCRYPTION_KEYS: list[str] = env.list("ENCRYPTION_KEYS", default=[SECRET_KEY])

ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"] if DEVELOPMENT else [])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
# The origins of pages that may call the API from a browser. Cookies never count there: they send a bearer.
CORS_ALLOWED_ORIGINS = env.origins("CORS_ALLOWED_ORIGINS", wildcard="*" if DEVELOPMENT else "")
CORS_ALLOW_ALL_ORIGINS = CORS_ALLOWED_ORIGINS == ["*"]
if CORS_ALLOW_ALL_ORIGINS:
    CORS_ALLOWED_ORIGINS = []
# The API and the dialects, nothing without origins; what browsers do not call is left out, payment notices too.
CORS_URLS = r"/(?!api/v1/payments/notices/)(api|dialects)/"
CORS_URLS_REGEX = CORS_URLS if CORS_ALLOWED_ORIGINS or CORS_ALLOW_ALL_ORIGINS else r"(?!)"
CORS_ALLOW_HEADERS = (
    "accept",
    "authorization",
    "content-type",
    "idempotency-key",
    "if-match",
    "order-token",
    "problem-language",
    "traceparent",
    "x-app-x",
    "x-request-id",
    "x-tenant",
    "x-uuid-access-x",
)
CORS_EXPOSE_HEADERS = (
    "Allow",
    "Content-Disposition",
    "Count-Exact",
    "ETag",
    "Feed-Epoch",
    "Feed-Position",
    "Idempotency-Replayed",
    "Retry-After",
    "Traceresponse",
    "WWW-Authenticate",
    "X-RateLimit-Limit",
    "X-RateLimit-Remaining",
    "X-Request-ID",
)
CORS_PREFLIGHT_MAX_AGE = 3600  # seconds for which a browser asks no more
DATA_DIR = Path(env.str("DATA_DIR", str(BASE_DIR / "var")))

INSTALLED_APPS = [
    "ordersite.core",
    "ordersite.accounts",
    "vendors",
    "orders",
    "tracking",
    "ordersite.demo",
    "ordersite.accounts.office.OfficeConfig",  # django.contrib.admin
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "corsheaders",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "channels",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "ordersite.apps.OrdersiteConfig",
]

MIDDLEWARE = [
    "ordersite.web.middleware.RequestIdMiddleware",
    "ordersite.web.response_headers.AnswerHeadersMiddleware",
    # Around all that refuses: a browser shows a page no refusal without these headers.
    "corsheaders.middleware.CorsMiddleware",
    "ordersite.web.middleware.BodyLimitMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "ordersite.web.middleware.DatabaseRefusalMiddleware",
]

ROOT_URLCONF = "ordersite.urls"
WSGI_APPLICATION = "ordersite.wsgi.application"
ASGI_APPLICATION = "ordersite.asgi.application"
APPEND_SLASH = False
# Refusals under /dialects/ have the shape of the foreign API: callable(request, problem) -> response or None.
PROBLEM_ANSWERS = "orders.dialects.urls.answer"
# The shapes in which webhooks are told, ours and those of the dialects: callable() -> services.outgoing.formats rows.
WEBHOOK_FORMATS = "orders.dialects.registry.webhook_formats"
CSRF_FAILURE_VIEW = "ordersite.web.problems.csrf_failure"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# --- database -------------------------------------------------------------------------------------------------

# "asgi", "wsgi", "worker" or "command": set by the entry point before the settings are read.
PROCESS = os.environ.get("ORDERSITE_PROCESS", "command")
DATABASE_URL = env.str("DATABASE_URL", "")
REDIS_URL = env.str("REDIS_URL", "")
DATABASES = read_databases(env, PROCESS, DATA_DIR)
DATABASE_ROUTERS = ["ordersite.core.replica.ReplicaRouter"] if "replica" in DATABASES else []
# A file on SQLite too: a shared in-memory database fails threaded writes. Two runs side by side take a suffix.
TEST_NAME = f"test_ordersite{env.str('TEST_DB_SUFFIX', '')}"
DATABASES["default"]["TEST"] = {"NAME": TEST_NAME if DATABASE_URL else DATA_DIR / f"{TEST_NAME}.sqlite3"}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
if REDIS_URL and not REDIS_URL.startswith(("redis://", "rediss://", "unix://")):
    raise ImproperlyConfigured("REDIS_URL must begin with redis://, rediss:// or unix://.")

# --- accounts -------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
# The first one hashes: a few at a time. The others read what older versions left.
PASSWORD_HASHERS = [
    "ordersite.accounts.hashers.BoundedHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2SHA1PasswordHasher",
]
# Passwords that one process hashes at once: each takes a core for a third of a second, and other calls need one too.
HASHES_AT_ONCE = env.int("HASHES_AT_ONCE", max(1, (os.cpu_count() or 1) // 2))
if HASHES_AT_ONCE < 1:
    raise ImproperlyConfigured("HASHES_AT_ONCE must be 1 or more.")
AUTHENTICATION_BACKENDS = ["ordersite.accounts.authentication.PasswordBackend"]
# Their password is public, so they are let in in development only.
DEMO_LOGINS = "staff vendor driver customer root brasserie till dispatcher courier"
SIMULATED_LOGINS = 40  # of customers, and of drivers (ordersite/demo/simulation)
DEMO_EMAILS = (
    *(f"{name}@example.com" for name in DEMO_LOGINS.split()),
    *(f"sim-{who}-{n + 1}@example.com" for who in ("customer", "driver") for n in range(SIMULATED_LOGINS)),
)
# What a caller is besides a user, read with the user in one statement: reverse one-to-ones of the apps above accounts.
PRINCIPAL_RELATED = ("customer", "driver")
# And the ids that its other rows come to: callable(reference to the user) -> an expression for each of callers.FACTS.
CALLER_FACTS = "vendors.permissions.caller_facts"
# What merchants somebody works at: callable(user) -> rows of id, name and role.
MEMBERSHIPS = "vendors.permissions.memberships_of"
# Who may make and revoke a merchant's API tokens: callable(user, merchant) -> queryset of what makes it so.
MERCHANT_ADMINS = "vendors.permissions.administering"
# The paired device behind a token: callable(the token's hash) -> callers.DevicePrincipal, or None.
DEVICE_BEHIND = "vendors.services.devices.find_principal"
# The rights of staff that somebody's rows amount to: a member of a vendor, a driver, a dispatcher.
RIGHTS_BY_ROWS = "vendors.permissions.rights_by_rows"
SIMPLE_JWT = {
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=15),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=30),
    # By how much the clocks of two hosts may differ; no token lasts longer for it (accounts/authentication.py).
    "LEEWAY": timedelta(minutes=5, seconds=30),
    "CHECK_REVOKE_TOKEN": True,
    "UPDATE_LAST_LOGIN": False,
}
LOGIN_URL = "/admin/login/"
LOGIN_REDIRECT_URL = "/admin/"
# A table of our own, which knows whose a session is.
SESSION_ENGINE = "ordersite.accounts.browser_sessions"
# Whether is_staff opens the back-office, and rights count, only for who has set up a second step at signing in.
SECOND_STEP_FOR_STAFF = env.bool("SECOND_STEP_FOR_STAFF", False)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not DEVELOPMENT
SESSION_COOKIE_HTTPONLY = True
# Holds the token of a paired device, where no script of the page can read it. Browsers keep none longer than 400 days.
DEVICE_COOKIE_NAME = "device"
DEVICE_COOKIE_AGE = timedelta(days=400)
# Holds a guest's token likewise, for the tracking page.
ORDER_TOKEN_COOKIE_NAME = "order_token"  # noqa: S105  a name
# Probes come without TLS, and so does who reads the metrics on this machine.
SECURE_REDIRECT_EXEMPT = [r"^(healthz|readyz|metrics)$"]
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", not DEVELOPMENT)
SECURE_HSTS_SECONDS = 0 if DEVELOPMENT else env.int("SECURE_HSTS_SECONDS", 31_536_000)
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = not DEVELOPMENT
if env.bool("BEHIND_PROXY", False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# How many proxies of ours append to X-Forwarded-For: throttles count by the address before them.
TRUSTED_PROXIES = 1 if env.bool("BEHIND_PROXY", False) else 0

# --- API ------------------------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "ordersite.accounts.authentication.BearerAuthentication",
        "ordersite.accounts.authentication.PageAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PARSER_CLASSES": ["ordersite.web.parsing.JsonParser"],
    "DEFAULT_RENDERER_CLASSES": ["ordersite.web.idempotency.WrittenOnceRenderer"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "ordersite.web.negotiation.WishNegotiation",
    "DEFAULT_METADATA_CLASS": None,
    "DEFAULT_SCHEMA_CLASS": "ordersite.web.schema.Schema",
    "EXCEPTION_HANDLER": "ordersite.web.problems.exception_handler",
    "DEFAULT_THROTTLE_CLASSES": ["ordersite.web.throttling.CallerThrottle"],
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
# Requests a minute; 0 switches the throttle off.
THROTTLE_ANONYMOUS = env.int("THROTTLE_ANONYMOUS", 600)
THROTTLE_CALLER = env.int("THROTTLE_CALLER", 6000)
# Of one till at /dialects/kaddy, as that system's documents say.
THROTTLE_TILL = env.int("THROTTLE_TILL", 60)
# Look-ups of addresses of one caller, of places and of webhooks.
THROTTLE_PLACES = env.int("THROTTLE_PLACES", 60)
# Reports of positions of one caller, each of up to a hundred.
THROTTLE_POSITIONS = env.int("THROTTLE_POSITIONS", 60)
# Radii of geofences on the whole site, in metres, 0 for off, where they differ from orders.lifecycle.geofences.
GEOFENCES = env.numbers("GEOFENCES")
# Orders an hour of those whom nobody knows, by network address and by phone; 0 switches it off.
GUEST_ORDERS_PER_ADDRESS = env.int("GUEST_ORDERS_PER_ADDRESS", 20)
GUEST_ORDERS_PER_PHONE = env.int("GUEST_ORDERS_PER_PHONE", 10)
# How often a minute the page of one payment asks its provider; 0 for each time.
PAYMENT_ASKS = env.int("PAYMENT_ASKS", 6)
# What one call may cost (docs/security.md).
MAX_BODY_BYTES = 1_000_000
MAX_MULTIPART_BYTES = 12_000_000
DATA_UPLOAD_MAX_MEMORY_SIZE = MAX_BODY_BYTES
# Values of a JSON body, nested ones counted, and how deeply they are nested.
MAX_JSON_VALUES = env.int("MAX_JSON_VALUES", 5000)
MAX_JSON_DEPTH = 20
# Faults of one input that are told, and characters of each sentence.
MAX_ERRORS = 50
MAX_ERROR_TEXT = 500
MAX_QUERY_BYTES = 8_000
# Of `manage.py serve`: connections in all, those of one address that wait, seconds for a request's head and body.
CONNECTIONS = env.int("CONNECTIONS", 1000)
CONNECTIONS_PER_ADDRESS = env.int("CONNECTIONS_PER_ADDRESS", 100)
HEAD_SECONDS = env.int("HEAD_SECONDS", 10)
BODY_SECONDS = env.int("BODY_SECONDS", 30)
WRITE_SECONDS = env.int("WRITE_SECONDS", 15)
# Rows of a list that are counted, and that its pages reach; beyond lie cursors and narrower filters.
MAX_LIST_DEPTH = 10_000

SPECTACULAR_SETTINGS = {
    "TITLE": "ordersite",
    "DESCRIPTION": "Orders for many vendors: place, follow, move on. Errors are RFC 9457 problems everywhere. "
    "Amounts are decimal texts in the currency's major unit, with its digits: 24.30 EUR, 1500 JPY. "
    "The live feed is described in the AsyncAPI document [/api/v1/asyncapi](/api/v1/asyncapi); clients are generated "
    "from the OpenAPI document [/api/v1/schema](/api/v1/schema).",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "PREPROCESSING_HOOKS": ["ordersite.web.schema.leave_dialects_out"],
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "ordersite.web.schema.add_problem_responses",
        "orders.api.webhook_document.add_webhooks",
        "ordersite.web.schema.bound_numbers",
        "ordersite.web.schema.explain_fields",
        "ordersite.web.schema.suit_generators",
        "ordersite.demo.examples.add_examples",
        "ordersite.web.schema.name_operations",
    ],
    "PATH_CONVERTER_OVERRIDES": {"id": {"type": "integer", "format": "int64", "minimum": 1, "maximum": 2**53 - 1}},
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_ADD_EXPLICIT_BLANK_NULL_CHOICE": False,
    "ENUM_NAME_OVERRIDES": {
        "DeliveryTypeEnum": "vendors.models.FULFILMENTS",
        "DocumentKindEnum": "orders.models.IssuedDocument.Kind",
        "DocumentSumEnum": "orders.services.money.documents.SUMS",
        "DeviceKindEnum": "vendors.models.Device.Kind",
        "OrderDeliveryTypeEnum": "orders.fields.DELIVERY_TYPES",
        "PaymentMethodEnum": "vendors.payment_methods.METHOD_NAMES",
        "PostingKindEnum": "orders.models.Posting.Kind",
        "OptionKindEnum": "vendors.models.Option.Kind",
        "ProblemReasonEnum": "orders.models.ProblemReport.Reason",
        "OrderStatusNameEnum": "orders.fields.STATUSES",
    },
}

# --- places ---------------------------------------------------------------------------------------------------

# Who finds the point of an address: "local" (the demo's streets), nominatim://…, photon://…, or nobody.
GEOCODER_URL = env.str("GEOCODER_URL", "local" if DEVELOPMENT else "").strip()
if not re.fullmatch(r"|local|(nominatim|photon)(\+https?)?://[^/?#\s]+[^\s]*", GEOCODER_URL):
    raise ImproperlyConfigured(
        "GEOCODER_URL must be local, or begin with nominatim:// or photon:// (nominatim+http:// for plain HTTP)."
    )
GEOCODER_TIMEOUT = env.float("GEOCODER_TIMEOUT", 3.0)  # seconds
if not 0 < GEOCODER_TIMEOUT <= 30:
    raise ImproperlyConfigured("GEOCODER_TIMEOUT must be above 0 and at most 30 seconds.")
# The maps of the back-office and of the tracking page; empty draws them without tiles.
MAP_TILES_URL = env.tiles("MAP_TILES_URL")
MAP_ATTRIBUTION = env.str("MAP_ATTRIBUTION", "")
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
    # What geocoders answered, for a day; the oldest of too many go.
    "places": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "LOCATION": "places",
        "OPTIONS": {"MAX_ENTRIES": 10_000},
    },
}

# --- where the site is ----------------------------------------------------------------------------------------

# The address under which everybody reaches the site: below it lies whatever is told to somebody, or sent by mail.
# Without it a call is told addresses of the host that it came to, and mails lead to the site of `make run`.
PUBLIC_URL = env.str("PUBLIC_URL", "").rstrip("/")
if PUBLIC_URL and not PUBLIC_URL.startswith(("http://", "https://")):
    raise ImproperlyConfigured("PUBLIC_URL must begin with https:// (or http://), such as https://orders.example.com.")
SITE_URL = PUBLIC_URL or f"http://127.0.0.1:{env.int('PORT', 8000)}"

# --- online payments ------------------------------------------------------------------------------------------

# When money that a provider can hold is taken: docs/payments.md.
PAYMENT_CAPTURE = env.str("PAYMENT_CAPTURE", "at_once")
if PAYMENT_CAPTURE not in ("at_once", "completion", "hand"):
    raise ImproperlyConfigured("PAYMENT_CAPTURE must be at_once, completion or hand.")
MOLLIE_API_KEY = env.str("MOLLIE_API_KEY", "").strip()
if MOLLIE_API_KEY and not re.fullmatch(r"(live|test)_[A-Za-z0-9_]+", MOLLIE_API_KEY):
    raise ImproperlyConfigured("MOLLIE_API_KEY must begin with live_ or test_, as Mollie's dashboard shows it.")
# A server of our own that speaks Mollie's protocol and moves no money.
FAKE_PAYMENTS_URL = env.str("FAKE_PAYMENTS_URL", "").rstrip("/")
if FAKE_PAYMENTS_URL and not DEVELOPMENT:
    raise ImproperlyConfigured("FAKE_PAYMENTS_URL lets anybody pay with nothing: leave it unset in production.")
if FAKE_PAYMENTS_URL and not FAKE_PAYMENTS_URL.startswith(("http://", "https://")):
    raise ImproperlyConfigured("FAKE_PAYMENTS_URL must begin with http://, such as http://127.0.0.1:8001.")
# Called by `manage.py serve` with its port; the lines that it returns are told.
SERVE_BESIDE = "ordersite.demo.beside.serve_beside" if DEVELOPMENT else ""
# Whether customers, kitchens and drivers of the demo act beside it.
SIMULATE = env.bool("SIMULATE", False)

# --- webhooks -----------------------------------------------------------------------------------------------------

# Plain HTTP, and receivers on this machine. Nothing else that is not on the public internet is ever called.
WEBHOOKS_TO_LOOPBACK = DEVELOPMENT

# --- the rest -------------------------------------------------------------------------------------------------

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
# Pages alone are translated (ordersite/web/pages.py): no middleware activates a language of a client's for the rest.
USE_I18N = True
LANGUAGES = [("en", "English"), ("fr", "Français"), ("nl", "Nederlands"), ("es", "Español")]
LOCALE_PATHS = [BASE_DIR / "locale"]
LANGUAGE_COOKIE_NAME = "language"
FORMAT_MODULE_PATH = "ordersite.formats"
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = DATA_DIR / "static"
STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # whitenoise warns of a folder that is not there
MEDIA_URL = read_media_url(env)
MEDIA_ROOT = DATA_DIR / "media"
# What only its owner and staff may see; outside of MEDIA_ROOT, which the web server shows to everybody.
PRIVATE_ROOT = DATA_DIR / "private"
WHITENOISE_USE_FINDERS = DEVELOPMENT
WHITENOISE_AUTOREFRESH = False
S3_BUCKET = env.str("S3_BUCKET", "")
STORAGES = {
    "default": {"BACKEND": "ordersite.core.storage.PublicStorage"},
    **read_stores(env),
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEVELOPMENT
        else "ordersite.web.static_storage.HashedStorage"
    },
}
try:
    MAIL = env.email_url_config(env.str("EMAIL_URL", "consolemail://"))
except (ImproperlyConfigured, KeyError, ValueError) as error:
    raise ImproperlyConfigured(
        "EMAIL_URL must be like smtp+tls://user:password@mail.example.com:587 (or smtp:// or smtp+ssl://; "
        "consolemail:// in development)."
    ) from error
# In development mails are written to a file: those of the demo would flood the terminal.
KEPT_MAILS = DATA_DIR / "mails.txt"
WRITES_MAILS = DEVELOPMENT and not env.str("EMAIL_URL", "")
EMAIL_BACKEND = env.str(
    "EMAIL_BACKEND", "ordersite.accounts.mail_file.EmailBackend" if WRITES_MAILS else MAIL["EMAIL_BACKEND"]
)
EMAIL_HOST, EMAIL_PORT = MAIL["EMAIL_HOST"] or "localhost", MAIL["EMAIL_PORT"] or 25
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = MAIL["EMAIL_HOST_USER"] or "", MAIL["EMAIL_HOST_PASSWORD"] or ""
EMAIL_USE_TLS, EMAIL_USE_SSL = MAIL.get("EMAIL_USE_TLS", False), MAIL.get("EMAIL_USE_SSL", False)
EMAIL_FILE_PATH = MAIL["EMAIL_FILE_PATH"] or None
EMAIL_TIMEOUT = 10  # seconds
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", "orders@localhost")
# The pages of the client where a customer sets a new password, and confirms an address; both parts are filled in.
PASSWORD_RESET_URL = env.str("PASSWORD_RESET_URL", SITE_URL + "/password-reset/{uid}/{token}")
REGISTER_CONFIRM_URL = env.str("REGISTER_CONFIRM_URL", urljoin(PASSWORD_RESET_URL, "/register/{uid}/{token}"))
for name, link in (("PASSWORD_RESET_URL", PASSWORD_RESET_URL), ("REGISTER_CONFIRM_URL", REGISTER_CONFIRM_URL)):
    if not {"{uid}", "{token}"} <= set(re.findall(r"{.*?}", link)):
        raise ImproperlyConfigured(f"{name} must hold {{uid}} and {{token}}, which are filled in.")

# What stays how long (the worker prunes): hours for keys, days for the feed and for accounts that were never confirmed.
KEEP_IDEMPOTENCY_KEYS = timedelta(hours=24)
KEEP_FEED = timedelta(days=7)
KEEP_UNCONFIRMED = timedelta(days=30)


def kept_days(name: str, default: int) -> timedelta:
    days = env.int(name, default)
    if not 1 <= days <= 36_500:
        raise ImproperlyConfigured(f"{name} must be between 1 and 36500 days.")
    return timedelta(days=days)


KEEP_POSITIONS = kept_days("KEEP_POSITIONS", 7)
KEEP_DRIVER_OFFERS = kept_days("KEEP_DRIVER_OFFERS", 90)
KEEP_MAILS = kept_days("KEEP_MAILS", 30)  # whom they went to, and what came of it
KEEP_GUEST_CONTACTS = kept_days("KEEP_GUEST_CONTACTS", 730)
KEEP_AUDIT = kept_days("KEEP_AUDIT", 1095)  # who changed what of the set-up data
KEEP_PROOF_PHOTOS = kept_days("KEEP_PROOF_PHOTOS", 180)
KEEP_EXPORTS = kept_days("KEEP_EXPORTS", 2)  # files that the worker makes, to be fetched
# After so many days the history of a closed order is packed (orders.services.record.archive); 0: never.
ARCHIVE_AFTER = kept_days("ARCHIVE_AFTER", 0) if env.int("ARCHIVE_AFTER", 0) else None
KEEP_OUTBOX = timedelta(days=30)  # and what came of telling it: so far back webhooks can be sent again
# Entries that wait for one slow socket before it is cut, and the bytes that its kernel buffer may hold besides.
FEED_QUEUE = env.int("FEED_QUEUE", 1000)
FEED_SEND_BUFFER = env.int("FEED_SEND_BUFFER", 65_536)
# Sockets that one process holds at once; 0 switches a limit off.
FEED_SOCKETS_ADDRESS = env.int("FEED_SOCKETS_ADDRESS", 2000)
FEED_SOCKETS_CALLER = env.int("FEED_SOCKETS_CALLER", 1000)
FEED_SOCKETS_GUESTS = env.int("FEED_SOCKETS_GUESTS", 100)
# Called after commit with the streams that have grown.
FEED_WAKE = "tracking.feed.wake.wake"
# A tracking code shows an order for so long after it was closed.
TRACKING_LAPSES = timedelta(days=7)

# Bearer of who may read /metrics from anywhere; without it this machine alone may.
METRICS_TOKEN = env.str("METRICS_TOKEN", "").strip()
if METRICS_TOKEN and len(METRICS_TOKEN) < 20:
    raise ImproperlyConfigured("METRICS_TOKEN must have 20 characters or more: take random ones.")
# One JSON object a line, or words for people.
LOG_FORMAT = env.str("LOG_FORMAT", "text" if DEVELOPMENT else "json")
if LOG_FORMAT not in ("json", "text"):
    raise ImproperlyConfigured(f'LOG_FORMAT is "{LOG_FORMAT}": set it to json or text.')
# One line for each request, socket and piece of work.
LOG_REQUESTS = env.bool("LOG_REQUESTS", not DEVELOPMENT)
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {"()": "ordersite.web.logs.JsonFormatter"},
        "text": {"()": "ordersite.web.logs.TextFormatter"},
    },
    "handlers": {
        "stderr": {"class": "ordersite.web.logs.RepeatHandler", "formatter": LOG_FORMAT},
        "lines": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT},
    },
    "root": {"handlers": ["stderr"], "level": env.log_level("LOG_LEVEL", "INFO")},
    "loggers": {
        "ordersite.lines": {
            "handlers": ["lines"],
            "level": "INFO" if LOG_REQUESTS else "WARNING",
            "propagate": False,
        },
        "django.server": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
        # Refused requests are answers, not incidents: 4xx are not worth a line each.
        "django.request": {"level": "ERROR"},
        "django.security": {"level": "CRITICAL"},
        "django.security.csrf": {"level": "WARNING"},
    },
}
