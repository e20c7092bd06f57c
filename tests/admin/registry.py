"""Every model of ours that the admin shows, with a factory that makes a row of it in a given agency."""

from typing import Any

from django.contrib import admin
from django.urls import reverse

from accounts.desk import TenantModelAdmin
from accounts.models import Agency
from tests import factories

IN_AGENCY: dict[str, dict[str, str]] = {
    "accounts.agency": {},
    "accounts.membership": {"agency": ""},
    "accounts.apikey": {"agency": ""},
    "accounts.auditentry": {"agency": ""},
    "campaigns.campaign": {"sponsor__agency": ""},
    "campaigns.sponsor": {"agency": ""},
    "campaigns.store": {"agency": ""},
    "participants.participant": {"agency": ""},
    "participants.entry": {"campaign__sponsor__agency": ""},
    "receipts.receipt": {"entry__campaign__sponsor__agency": ""},
    "receipts.shop": {"chain__agency": ""},
    "receipts.shopchain": {"agency": ""},
    "receipts.product": {"sponsor__agency": ""},
    "receipts.printedform": {"product__sponsor__agency": ""},
    "eligibility.serialbatch": {"campaign__sponsor__agency": ""},
    "eligibility.referencelist": {"campaign__sponsor__agency": ""},
    "eligibility.reviewcase": {"decision__entry__campaign__sponsor__agency": ""},
    "eligibility.purchasereturn": {"entry__campaign__sponsor__agency": ""},
    "eligibility.suspectedring": {"sponsor__agency": ""},
    "eligibility.appeal": {"decision__entry__campaign__sponsor__agency": ""},
    "draws.draw": {"campaign__sponsor__agency": ""},
    "draws.drawresult": {"entry__campaign__sponsor__agency": ""},
    "codes.codebatch": {"prize__course__campaign__sponsor__agency": ""},
    "codes.giftcode": {"batch__prize__course__campaign__sponsor__agency": ""},
    "codes.reservation": {"gift_code__batch__prize__course__campaign__sponsor__agency": ""},
    "codes.codejob": {"batch__prize__course__campaign__sponsor__agency": ""},
    "codes.stockcount": {"batch__prize__course__campaign__sponsor__agency": ""},
    "codes.award": {"result__entry__campaign__sponsor__agency": ""},
    "codes.shipment": {"award__result__entry__campaign__sponsor__agency": ""},
    "codes.shippinglist": {"campaign__sponsor__agency": ""},
    "codes.redemption": {"gift_code__batch__prize__course__campaign__sponsor__agency": ""},
    "codes.terminal": {"store__agency": ""},
    "codes.settlement": {"store__agency": ""},
    "codes.offlinedispute": {"store__agency": ""},
    "campaigns.prize": {"course__campaign__sponsor__agency": ""},
    "distribution.delivery": {"award__result__entry__campaign__sponsor__agency": ""},
}
DETAILS: dict[str, dict[str, Any]] = {"campaigns.prize": {"kind": "own_code"}}  # the desk lists no others
FACTORIES = {
    made._meta.model._meta.label_lower: made
    for made in vars(factories).values()
    if isinstance(made, type) and hasattr(made, "_meta") and getattr(made._meta, "model", None)
}
TENANT_MODELS = sorted(
    model._meta.label_lower for model, shown in admin.site._registry.items() if isinstance(shown, TenantModelAdmin)
)


def make_row(label: str, agency: Agency) -> Any:
    """Make a row of a model within an agency."""
    if label == "accounts.agency":
        return agency
    return FACTORIES[label](**dict.fromkeys(IN_AGENCY[label], agency), **DETAILS.get(label, {}))


def list_url(label: str) -> str:
    """Give the address of a model's list."""
    return reverse(f"admin:{label.replace('.', '_')}_changelist")


def row_url(row: Any) -> str:
    """Give the address of a row's page."""
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def act_urls(row: Any) -> list[str]:
    """Give the addresses of everything that can be done to a row from its page."""
    shown = admin.site.get_model_admin(type(row))
    names = [action.action_name for action in shown._get_base_actions_detail()]
    return [reverse(f"admin:{name}", args=[row.pk]) for name in names]
