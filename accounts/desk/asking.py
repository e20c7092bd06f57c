"""A question before an act: what will happen in numbers, what is needed for it, one button."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django import forms
from django.contrib import messages
from django.http import HttpRequest
from django.utils.functional import Promise

from core.errors import DomainError

Text = str | Promise


@dataclass
class Question:
    """What a page asks: `figures` are label and value, `obstacles` keep the button away."""

    title: Text
    button: Text
    sentences: Sequence[Text] = ()
    figures: Sequence[tuple[Text, Text]] = ()
    obstacles: Sequence[Text] = ()
    form: forms.Form | None = None
    is_grave: bool = False
    accepts_files: bool = False


def attempt(request: HttpRequest, act: Callable[[], object], done: Text) -> bool:
    """Call a service; say what was done, or why it was refused."""
    try:
        act()
    except DomainError as refusal:
        messages.error(request, str(refusal))
        return False
    messages.success(request, str(done))
    return True
