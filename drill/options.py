"""What a drill may be told on the command line."""

from dataclasses import dataclass

VICTIMS = ("web", "worker", "importer", "postgres", "redis")


@dataclass(frozen=True)
class Options:
    """How long, what to kill, and the seed that the moments of the kills are drawn with."""

    seconds: float = 120
    seed: int = 1
    victims: tuple[str, ...] = VICTIMS
