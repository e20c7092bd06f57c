"""The audit trail, to read: what each line says in words."""

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from accounts.desk import ExportMixin, ReadOnlyAdmin
from accounts.models import AuditEntry

ACTIONS = {
    "agency.created": _("agency made"),
    "api_key.issued": _("API key issued"),
    "api_key.revoked": _("API key revoked"),
    "award.voided": _("award withdrawn"),
    "batch.activated": _("batch put into stock"),
    "batch.discarded": _("batch discarded"),
    "batch.staged": _("codes came in"),
    "code.issued": _("code issued"),
    "code.redeemed": _("code redeemed"),
    "code.revealed": _("code shown to its holder"),
    "code.revealed_at_desk": _("code shown at the desk"),
    "code.recovered": _("code known from the journal"),
    "use.recovered": _("use known from the journal"),
    "data_key.replaced": _("key replaced"),
    "data_key.destroyed": _("key destroyed"),
    "data_key.rewrapped": _("key wrapped anew"),
    "master_key.rotation_started": _("change of the master key begun"),
    "master_key.rotation_done": _("change of the master key done"),
    "master_key.retired": _("old master key let go"),
    "codes.rewrap_started": _("sealing under a new key begun"),
    "codes.rewrap_done": _("sealing under a new key done"),
    "codes.reindex_started": _("indexing under a new key begun"),
    "codes.reindex_done": _("indexing under a new key done"),
    "codes.shredded": _("codes made unreadable"),
    "batch.recovered": _("batch made anew from the journal"),
    "batch.print_recovered": _("print run known from the journal"),
    "batch.quarantined": _("batch held back after a restore"),
    "batch.cleared": _("batch released after a restore"),
    "code.reversed": _("redemption reversed"),
    "code.voided": _("code blocked"),
    "delivery.cancelled": _("delivery cancelled"),
    "delivery.failed": _("delivery failed"),
    "delivery.resent": _("delivery sent again"),
    "draw.held": _("draw held"),
    "entry.decided": _("entry judged"),
    "entry.result": _("result fixed"),
    "entry.submitted": _("entry submitted"),
    "entry.withdrawn": _("entry withdrawn"),
    "member.added": _("member added"),
    "participant.merged": _("two persons merged"),
    "participant.noted": _("note written"),
    "participant.viewed": _("person looked at"),
    "receipt.corrected": _("receipt corrected"),
    "chain.added": _("chain added to the shop master"),
    "shop.learned": _("shop learned from a receipt"),
    "shop.confirmed": _("shop put in use"),
    "shop.switched_off": _("shop switched off"),
    "shops.imported": _("shops imported"),
    "dictionary.taught": _("name on receipts learned"),
    "dictionary.undone": _("name on receipts undone"),
    "dictionary.imported": _("names on receipts imported"),
    "receipt.set_aside": _("receipt set aside"),
    "receipt.uploaded": _("receipt uploaded"),
    "references.added": _("reference list added"),
    "review.resolved": _("review finished"),
    "rules.frozen": _("rules frozen"),
    "serials.added": _("serial codes added"),
    "store.pin_set": _("store PIN set"),
    "terms.written": _("terms written"),
    "campaign.archived": _("campaign archived"),
    "campaign.closed": _("campaign closed"),
    "campaign.opened": _("campaign opened"),
    "campaign.paused": _("campaign paused"),
    "campaign.resumed": _("campaign resumed"),
    "campaign.settled": _("campaign settled"),
    "campaign.unpublished": _("campaign back to draft"),
    "campaign.cloned": _("campaign copied"),
    "campaign.published": _("campaign published"),
    "list.exported": _("list exported"),
    "photo.viewed": _("photo looked at"),
    "photo.revealed": _("original photo looked at"),
    "photos.purged": _("photos deleted after their retention period"),
    "receipt.read_again": _("receipt given to the reader again"),
    "figures.exported": _("figures exported"),
}


class ActionFilter(admin.SimpleListFilter):
    title = _("action")
    parameter_name = "action"

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[str, Any]]:
        return list(ACTIONS.items())

    def queryset(self, request: Any, queryset: Any) -> Any:
        return queryset.filter(action=self.value()) if self.value() else queryset


@admin.register(AuditEntry)
class AuditEntryAdmin(ExportMixin, ReadOnlyAdmin):
    list_display = ("at", "who", "act", "subject", "subject_id", "reason")
    list_select_related = ("actor", "agency")
    list_filter = (ActionFilter,)
    search_fields = ("subject_id", "request_id")
    search_help_text = _("Id of a row, or of a request")
    date_hierarchy = "at"
    fields = ("at", "who", "act", "subject", "subject_id", "reason", "facts", "request_id")
    readonly_fields = ("who", "act", "subject")

    @admin.display(description=_("actor"), ordering="actor")
    def who(self, entry: AuditEntry) -> str:
        return str(entry.actor or entry.actor_label or _("the system"))

    @admin.display(description=_("action"), ordering="action")
    def act(self, entry: AuditEntry) -> str:
        return str(ACTIONS.get(entry.action, entry.action))

    @admin.display(description=_("subject type"), ordering="subject_type")
    def subject(self, entry: AuditEntry) -> str:
        try:
            return str(apps.get_model(entry.subject_type)._meta.verbose_name)
        except (LookupError, ValueError):
            return entry.subject_type
