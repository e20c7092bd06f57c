"""The operators' admin: brand, colours, and the sidebar in the order of the work."""

from pathlib import Path
from typing import Any

from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

CONFIG_DIR = Path(__file__).resolve().parents[1]
STATICFILES_DIRS = [CONFIG_DIR / "static"]
# The first holds the texts of libraries.
LOCALE_PATHS = [CONFIG_DIR.parent / "locale", CONFIG_DIR.parent / "core" / "locale", CONFIG_DIR / "locale"]
FORMAT_MODULE_PATH = ["config.formats"]
LOGIN_REDIRECT_URL = "admin:index"
AXES_LOCKOUT_TEMPLATE = "admin/locked.html"
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000  # a campaign with a hundred target products


def _item(title: Any, icon: str, model: str, **more: Any) -> dict[str, Any]:
    """Link to the list of a model, for those who may see it."""
    app, name = model.split(".")
    return {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(f"admin:{app}_{name}_changelist"),
        "permission": lambda request: request.user.has_perm(f"{app}.view_{name}"),
        **more,
    }


def _shows(names: str) -> Any:
    """Tell of a page whether its name begins so."""
    return lambda request: (request.resolver_match.url_name or "").startswith(names)


def _group(title: Any, *items: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"title": title, "separator": True, "items": list(items), **more}


SIDEBAR = [
    {
        "items": [
            {
                "title": _("Today"),
                "icon": "today",
                "link": reverse_lazy("admin:index"),
            }
        ]
    },
    _group(
        _("Campaigns"),
        _item(_("Campaigns"), "campaign", "campaigns.campaign"),
        _item(_("Sponsors"), "storefront", "campaigns.sponsor"),
        {
            **_item(_("Gift brands"), "featured_seasonal_and_gifts", "campaigns.giftbrand"),
            "permission": lambda request: request.user.has_perm("campaigns.view_prize"),
        },
    ),
    _group(
        _("Entries and review"),
        _item(
            _("Review by eye"),
            "fact_check",
            "eligibility.reviewcase",
            badge="eligibility.admin.open_case_badge",
            badge_variant="danger",
        ),
        _item(
            _("Suspected rings"),
            "hub",
            "eligibility.suspectedring",
            badge="journeys.admin.suspected_ring_badge",
            badge_variant="danger",
        ),
        _item(_("Appeals"), "gavel", "eligibility.appeal", badge="eligibility.admin.open_appeal_badge"),
        _item(
            _("Returned purchases"),
            "assignment_return",
            "eligibility.purchasereturn",
            badge="journeys.admin.open_return_badge",
        ),
        _item(_("Entries"), "inbox", "participants.entry"),
        _item(_("Receipts"), "receipt_long", "receipts.receipt"),
        _item(_("Shop master"), "store", "receipts.shop"),
        _item(_("Chains"), "hub", "receipts.shopchain"),
        _item(_("Product dictionary"), "menu_book", "receipts.printedform"),
        _item(_("Products of the dictionary"), "local_offer", "receipts.product"),
        _item(_("Serial codes"), "pin", "eligibility.serialbatch"),
        _item(_("Reference lists"), "list_alt", "eligibility.referencelist"),
    ),
    _group(
        _("Draws"),
        _item(_("Draw desk"), "casino", "draws.draw"),
        _item(_("Results"), "emoji_events", "draws.drawresult"),
    ),
    _group(
        _("Code stock"),
        {
            "title": _("Code stock"),
            "icon": "inventory",
            "link": reverse_lazy("admin:codes_stock"),
            "permission": lambda request: request.user.has_perm("codes.view_codebatch"),
        },
        _item(_("Batches and imports"), "inventory_2", "codes.codebatch"),
        _item(_("Bulk work on codes"), "autorenew", "codes.codejob"),
        _item(_("Codes"), "qr_code_2", "codes.giftcode"),
        _item(_("Reservations"), "lock_clock", "codes.reservation"),
        # whose address the stock page's begins with
        _item(_("Stock counts"), "checklist", "codes.stockcount", active=_shows("codes_stockcount_")),
        _item(_("Awards"), "redeem", "codes.award"),
    ),
    _group(
        _("Deliveries"),
        _item(_("Deliveries"), "outgoing_mail", "distribution.delivery"),
        _item(_("Parcels"), "local_shipping", "codes.shipment"),
        _item(_("Shipping lists"), "list_alt", "codes.shippinglist"),
    ),
    _group(
        _("Stores and redemptions"),
        _item(_("Stores"), "store", "campaigns.store"),
        _item(_("Terminals"), "dock", "codes.terminal"),
        _item(_("Conditions of use"), "rule", "campaigns.prize"),
        _item(_("Redemptions"), "point_of_sale", "codes.redemption"),
        _item(_("Settlements"), "receipt", "codes.settlement"),
        _item(_("Disputed uses"), "gavel", "codes.offlinedispute"),
    ),
    _group(
        _("Participants"),
        _item(_("Participants"), "group", "participants.participant"),
    ),
    _group(
        _("Analysis"),
        _item(_("Funnel"), "filter_alt", "analytics.report"),
    ),
    _group(
        _("Settings"),
        _item(_("Agencies"), "apartment", "accounts.agency"),
        _item(_("Users"), "person", "accounts.user"),
        _item(_("Members"), "badge", "accounts.membership"),
        _item(_("API keys"), "key", "accounts.apikey"),
        _item(_("Audit trail"), "history", "accounts.auditentry"),
        _item(_("Groups"), "groups", "auth.group"),
        _item(_("Refused logins"), "gpp_bad", "axes.accessattempt"),
        _item(_("Schedules"), "schedule", "django_celery_beat.periodictask"),
        collapsible=True,
    ),
]

UNFOLD = {
    "SITE_TITLE": _("Mizuhiki desk"),
    "SITE_HEADER": _("Mizuhiki desk"),
    "SITE_SYMBOL": "redeem",
    "SITE_URL": None,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_HISTORY": False,  # the audit trail tells more
    "SHOW_BACK_BUTTON": True,
    "BORDER_RADIUS": "6px",
    "DASHBOARD_CALLBACK": "analytics.admin.today_context",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("desk/knot.svg")}],
    "STYLES": [lambda request: static("desk/desk.css")],
    "SCRIPTS": [lambda request: static("desk/desk.js")],
    "SIDEBAR": {"show_search": False, "navigation": SIDEBAR},
    "COLORS": {
        "primary": {
            "50": "oklch(97.5% .012 17)",
            "100": "oklch(94% .03 17)",
            "200": "oklch(88% .06 17)",
            "300": "oklch(80% .11 18)",
            "400": "oklch(69% .17 19)",
            "500": "oklch(59% .19 20)",
            "600": "oklch(49.5% .18 20)",
            "700": "oklch(43% .16 20)",
            "800": "oklch(37% .13 20)",
            "900": "oklch(32% .11 20)",
            "950": "oklch(22% .07 20)",
        }
    },
}
