"""The API's own URL map, from which permission cases are made: a new endpoint is tested before anybody thinks of it."""

from typing import NamedTuple

from api.permissions import required_scopes
from api.v1.urls import urlpatterns
from api.views import AgencyView, UnknownAddress

PUBLIC = {"api-schema"}


class Call(NamedTuple):
    """One method of one endpoint; `path` still holds the names of its ids."""

    name: str
    method: str
    path: str
    scope: str

    @property
    def ids(self) -> list[str]:
        return [part[6:-1] for part in self.path.split("/") if part.startswith("<uuid:")]

    def address(self, **ids: object) -> str:
        """Fill the ids in."""
        path = self.path
        for name, value in ids.items():
            path = path.replace(f"<uuid:{name}>", str(value))
        return f"/{path}"


def views() -> dict[str, type[AgencyView]]:
    """Each named endpoint's view."""
    found = {str(pattern.name): getattr(pattern.callback, "view_class", None) for pattern in urlpatterns}
    return {name: view for name, view in found.items() if view not in (None, UnknownAddress) and name not in PUBLIC}


def calls() -> list[Call]:
    """Every method of every endpoint that asks for a key."""
    paths = {str(pattern.name): str(pattern.pattern) for pattern in urlpatterns}
    return [
        Call(name, method, paths[name], scope)
        for name, view in views().items()
        for method, scope in required_scopes(view).items()
    ]
