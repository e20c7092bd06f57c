"""Refusals about codes that leave in plain text."""

from django.utils.translation import gettext_lazy as _

from core.errors import DomainError


class ExportReasonMissing(DomainError):
    code = "export_reason_missing"
    message = _("Please write down the reason.")
    status = 422


class BatchNotExportable(DomainError):
    """Bought codes never leave in plain text; neither do codes that are recalled, held back or discarded."""

    code = "batch_not_exportable"
    message = _("Only own codes that are waiting for activation or in stock can be written out.")


class BatchNotForPrint(DomainError):
    """Its codes go to winners: on paper, the same value would be handed out twice."""

    code = "batch_not_for_print"
    message = _("Codes of this batch go to winners. For vouchers, please make a batch that is to be printed.")


class PrintedBefore(DomainError):
    """The codes stand on paper already: who wants them a second time has to say so."""

    code = "printed_before"
    message = _("These codes have been written out before. Please confirm that the same codes are wanted once more.")


class SymbologyNotFitting(DomainError):
    code = "symbology_not_fitting"
    message = _("A barcode of this kind cannot hold codes of this form. Please choose another kind.")
    status = 422


class ExportNotYours(DomainError):
    code = "export_not_yours"
    message = _("Only the person who asked for this and the person who agreed to it can open it.")
    status = 403


class ExportNotReady(DomainError):
    code = "export_not_ready"
    message = _("This is not ready yet. Please wait for its end.")


class ExportEnded(DomainError):
    """A day has passed, or the batch has been called back."""

    code = "export_ended"
    message = _("The 24 hours in which this could be opened are over. Please ask for it anew.")
    status = 410


class CodeOnPaperOnly(DomainError):
    """After a restore the code is known by its keyed hash; its text is on the paper."""

    code = "code_on_paper_only"
    message = _("This code came back from the journal and can be read on its paper only. Tills accept it as before.")
