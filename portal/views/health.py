"""What machines ask: does the process live, can it serve."""

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.wall import is_up


@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """Tell that the process answers; asks nothing of anybody else."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
@never_cache
def readyz(request: HttpRequest) -> HttpResponse:
    """Tell whether the database answers, and whether it keeps calls of agencies' keys apart."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        has_wall = is_up()
    except DatabaseError:
        return JsonResponse({"ready": False, "database": "unreachable"}, status=503)
    return JsonResponse({"ready": True, "database": connection.vendor, "agency_wall": has_wall})


ROBOTS = "User-agent: *\nDisallow: /\nAllow: /c/\nAllow: /static/\n"


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """Let search engines see campaigns and nothing else."""
    return HttpResponse(ROBOTS, content_type="text/plain")
