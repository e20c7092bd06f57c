"""Rehearsals of what must not go wrong, on servers of their own: `./run drill`, or one by its name."""
