"""Cut an OpenAPI file down to the paths that the fakes answer, and to the parts those paths use.

    python tests/contracts/specs/reduce.py openapi.json x/openapi.reduced.json /2/users/me '/2/users/{id}' ...

Nothing that is kept is changed. Repeat it with a newer file of the vendor to see what the vendor changed.
"""

import json
import sys
from pathlib import Path
from typing import Any


def reduced(spec: dict[str, Any], paths: list[str]) -> dict[str, Any]:
    """Give a specification of only these paths."""
    kept = {path: spec["paths"][path] for path in paths}
    components: dict[str, dict[str, Any]] = {"securitySchemes": spec["components"]["securitySchemes"]}
    waiting: list[Any] = [kept]
    while waiting:
        for reference in _references(waiting.pop()):
            kind, name = reference.removeprefix("#/components/").split("/")
            if name not in components.setdefault(kind, {}):
                components[kind][name] = spec["components"][kind][name]
                waiting.append(components[kind][name])
    head = {name: spec[name] for name in ("openapi", "info", "servers")}
    return {**head, "paths": kept, "components": components}


def _references(part: Any) -> list[str]:
    if isinstance(part, dict):
        own = [part["$ref"]] if isinstance(part.get("$ref"), str) else []
        mapped = list(part.get("mapping", {}).values()) if "propertyName" in part else []
        return own + mapped + [reference for value in part.values() for reference in _references(value)]
    return [reference for item in part for reference in _references(item)] if isinstance(part, list) else []


if __name__ == "__main__":
    source, target, *wanted = sys.argv[1:]
    smaller = reduced(json.loads(Path(source).read_text(encoding="utf-8")), wanted)
    Path(target).write_text(json.dumps(smaller, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
