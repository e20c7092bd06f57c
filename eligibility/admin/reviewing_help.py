"""What a reviewer looks at for each reason, and the figure it is about."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from eligibility.reasons import described

LOOK_AT = {
    "reading_uncertain": _("Compare the tinted figures with the photo, and correct what was misread."),
    "tel_near_shop": _(
        "The number is one digit off a shop of the same company in the shop master. Compare it with the photo digit by "
        "digit. If it is printed so, it may be a new branch, or the photo may be edited there."
    ),
    "registration_no_differs": _(
        "The telephone is that of a shop in the shop master, the registration number is another company's. "
        "Compare both with the photo. "
        "If they are printed so, the shop may have changed hands, or the receipt may be forged."
    ),
    "shop_differs": _(
        "The telephone is that of a shop in the shop master, the printed name is another chain's. "
        "Compare both with the photo. "
        "If they are printed so, the shop master may be out of date, or the receipt may be forged."
    ),
    "store_unclear": _("Is this one of the shops that take part? Look at name, branch and telephone."),
    "product_unclear": _("Is the marked line one of the products? If so, choose the product beside it."),
    "looks_like_another": _("Lay it beside the look-alikes: is it the same paper, or another purchase?"),
    "screen_photo": _("Do lines of a display, a frame or reflections show that a screen was photographed?"),
}
FIGURE_OF = {
    "tel_near_shop": "telephone",
    "registration_no_differs": "registration_no",
    "shop_differs": "store_name",
    "store_unclear": "store_name",
    "date_unread": "purchased_on",
    "purchased_outside_period": "purchased_on",
    "total_unread": "total_jpy",
    "spend_too_small": "total_jpy",
}


def reasons_to_review(reasons: Sequence[Mapping[str, Any]], figures: Any) -> list[dict[str, Any]]:
    """Give the reasons in words, what to look at, and where a figure is concerned its field's id."""
    return [
        {
            **reason,
            "look": LOOK_AT.get(reason["code"], ""),
            "field": figures[FIGURE_OF[reason["code"]]].id_for_label if figures and reason["code"] in FIGURE_OF else "",
        }
        for reason in described(list(reasons))
    ]
