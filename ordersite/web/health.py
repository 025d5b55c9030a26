"""What a load balancer asks: does the process live, and may it have traffic."""

from functools import cache

from django.db import Error, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from ordersite.web.problems import Problem, problem_response


@cache
def newest_migrations() -> frozenset[tuple[str, str]]:
    """The last migration of each app, as the code of this process has them."""
    return frozenset(MigrationLoader(None).graph.leaf_nodes())


@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """200 while the process answers; asks nothing else."""
    return JsonResponse({"status": "ok"})


@never_cache
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """200 when the database answers and has every migration, else 503; costs two statements."""
    try:
        missing = newest_migrations() - set(MigrationRecorder(connection).applied_migrations())
    except Error:
        return not_ready("The database does not answer.")
    if missing:
        return not_ready(f"The database lacks {len(missing)} migrations: run `manage.py migrate`.")
    return JsonResponse({"status": "ok"})


def not_ready(detail: str) -> HttpResponse:
    return problem_response(Problem("not_ready", detail, status=503, headers={"Retry-After": "5"}))
