"""The desk's way in for files of codes: sealed while they stream, the form's token checked all the same."""

from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from core.sealed_uploads import SealingUploadHandler, let_go_of_files

View = Callable[[HttpRequest], HttpResponse]


def sealed_upload(view: View) -> View:
    """Seal the files of a view's form.

    The check of the form's token reads the form, hence the handler is set first and the check comes after it.
    """
    checked = csrf_protect(view)

    @csrf_exempt
    @wraps(view)
    def sealing(request: HttpRequest) -> HttpResponse:
        request.upload_handlers = [SealingUploadHandler(request)]
        try:
            return checked(request)
        finally:
            if request.method == "POST":
                let_go_of_files(request)

    return sealing
