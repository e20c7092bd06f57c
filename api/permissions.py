"""What a key may do: nothing that its scopes do not name."""

from typing import TYPE_CHECKING, cast

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from accounts.errors import ScopeMissing
from accounts.models import ApiKey
from api.errors import KeyMissing

if TYPE_CHECKING:  # the framework imports this module while it makes APIView
    from rest_framework.views import APIView


ANY_KEY = "any"  # every live key may call it


class HasScope(BasePermission):
    """Default deny: a view names the scope of each of its methods in `required_scope`, or nobody passes."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        """Let the key pass if it has the scope.

        Raises:
            KeyMissing: no key was sent.
            ScopeMissing: the key lacks the scope, or the view names none.
        """
        if request.auth is None:
            raise KeyMissing
        scopes = required_scopes(view)
        if not scopes:
            raise ScopeMissing
        needed = scopes.get("GET" if request.method == "HEAD" else request.method or "")
        if needed not in (None, ANY_KEY) and needed not in cast("ApiKey", request.auth).scopes:
            raise ScopeMissing(scope=needed)
        return True  # a method that the view does not have is answered with 405


def required_scopes(view: "APIView | type[APIView]") -> dict[str, str]:
    """Give the scope of each method that a view has; empty if the view names none."""
    named: str | dict[str, str] = getattr(view, "required_scope", "")
    methods = [name.upper() for name in ("get", "post", "delete") if hasattr(view, name)]
    if isinstance(named, dict):
        return {method: str(named[method]) for method in methods} if set(named) == set(methods) else {}
    return {method: str(named) for method in methods} if named else {}
