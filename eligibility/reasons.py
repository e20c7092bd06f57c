"""Why an entry was not accepted at once: a stable code, a sentence, and what the entrant can do."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class ReasonText:
    """What is shown for a reason; `can_fix` tells whether sending again may help.

    `counted` is the message where the reason says how much is missing.
    """

    message: str | Promise
    fix: str | Promise
    can_fix: bool
    counted: str | Promise = ""


REASONS: dict[str, ReasonText] = {
    "outside_period": ReasonText(
        _("The entry arrived outside of the entry period."),
        _("Please look out for our next campaign."),
        can_fix=False,
    ),
    "limit_reached": ReasonText(
        _("You have already entered as often as one person may."),
        _("Each person may enter only as often as the terms say."),
        can_fix=False,
    ),
    "daily_limit_reached": ReasonText(
        _("You have already entered as often as one person may on one day."),
        _("You may enter again tomorrow, within the entry period."),
        can_fix=False,
    ),
    "no_receipt": ReasonText(
        _("There is no photo of a receipt."),
        _("Please take a photo of the receipt."),
        can_fix=True,
    ),
    "not_a_receipt": ReasonText(
        _("The photo does not seem to show a receipt."),
        _("Please take a photo of the whole receipt, in a bright place. Your number of entries is unchanged."),
        can_fix=True,
    ),
    "receipt_cut_off": ReasonText(
        _("Part of the receipt is not in the photo."),
        _("Please take the photo again with the whole receipt, from the shop's name to the total."),
        can_fix=True,
    ),
    "unreadable": ReasonText(
        _("The receipt could not be read."),
        _("Please take the photo again from above, in a bright place and in focus."),
        can_fix=True,
    ),
    "date_unread": ReasonText(
        _("The date on the receipt could not be read."),
        _("Please take the photo again so that the date is clear, in a bright place."),
        can_fix=True,
    ),
    "purchased_outside_period": ReasonText(
        _("The purchase was not made within the purchase period."),
        _("Please send a receipt of a purchase within the period that the terms name."),
        can_fix=True,
    ),
    "product_missing": ReasonText(
        _("None of the products of this campaign was found on the receipt."),
        _("Please send a receipt that shows the product. If it is on this receipt, ask the inquiry desk."),
        can_fix=True,
    ),
    "product_unclear": ReasonText(
        _("It is not quite clear whether the product is on the receipt."),
        _("Our staff is looking at the photo. You need not do anything."),
        can_fix=False,
    ),
    "quantity_too_small": ReasonText(
        _("Fewer products were bought than the campaign asks for."),
        _("Please send a receipt that shows enough products."),
        can_fix=True,
    ),
    "spend_too_small": ReasonText(
        _("The amount is below the minimum of the campaign."),
        _("Please send a receipt that reaches the minimum amount."),
        can_fix=True,
    ),
    "sum_too_small": ReasonText(
        _("The receipts together do not reach the minimum amount yet."),
        _("Please add another receipt within the entry period. What you sent is kept."),
        can_fix=True,
        counted=_("The receipts together lack %(missing)s yen."),
    ),
    "sum_quantity_too_small": ReasonText(
        _("The receipts together do not show enough products yet."),
        _("Please add another receipt within the entry period. What you sent is kept."),
        can_fix=True,
        counted=_("The receipts together lack %(missing)s products."),
    ),
    "receipt_repeated": ReasonText(
        _("This receipt is among those you have added already."),
        _("Please send a receipt of another purchase instead."),
        can_fix=True,
    ),
    "receipt_over_limit": ReasonText(
        _("The campaign adds up fewer receipts than were sent."),
        _("The receipts sent first are counted. You need not do anything about this one."),
        can_fix=False,
    ),
    "total_unread": ReasonText(
        _("The total on the receipt could not be read."),
        _("Please take the photo again so that the total is clear."),
        can_fix=True,
    ),
    "store_not_included": ReasonText(
        _("The shop does not take part in this campaign."),
        _("Please send a receipt of a shop that takes part."),
        can_fix=True,
    ),
    "store_unclear": ReasonText(
        _("It is not quite clear at which shop the purchase was made."),
        _("Our staff is looking at the photo. You need not do anything."),
        can_fix=False,
    ),
    "receipt_already_used": ReasonText(
        _("This receipt has already been used for an entry."),
        _("Please send another receipt. One receipt is good for one entry."),
        can_fix=True,
    ),
    "looks_like_another": ReasonText(
        _("The receipt resembles one that was sent before."),
        _("Our staff is looking at the photo. You need not do anything."),
        can_fix=False,
    ),
    "reading_uncertain": ReasonText(
        _("Some figures on the receipt are hard to read."),
        _("Our staff is looking at the photo. You need not do anything."),
        can_fix=False,
    ),
    "tel_near_shop": ReasonText(
        _("The telephone number of the shop on the receipt is not quite clear."),
        _("Our staff is looking at the photo. You need not do anything."),
        can_fix=False,
    ),
    "registration_no_differs": ReasonText(
        _("The registration number on the receipt is not quite clear."),
        _("Our staff is looking at the photo. You need not do anything."),
        can_fix=False,
    ),
    "shop_differs": ReasonText(
        _("The name of the shop on the receipt is not quite clear."),
        _("Our staff is looking at the photo. You need not do anything."),
        can_fix=False,
    ),
    "screen_photo": ReasonText(
        _("The photo may show a screen instead of paper."),
        _("Our staff is looking at the photo. You need not do anything."),
        can_fix=False,
    ),
    "suspected_ring": ReasonText(
        _("The entry is being checked."),
        _("Our staff is looking at the entry. You need not do anything."),
        can_fix=False,
    ),
    "entered_as_one": ReasonText(
        _("Several entries under different names seem to have been made by one person or group."),
        _("If this is wrong, please object to the result on this page, or write to the inquiry desk."),
        can_fix=False,
    ),
    "serial_not_accepted": ReasonText(
        _("The serial code is not accepted."),
        _("Please check the code and type it again."),
        can_fix=True,
    ),
    "reference_not_accepted": ReasonText(
        _("The number is not accepted."),
        _("Please check the number and type it again."),
        can_fix=True,
    ),
    "survey_incomplete": ReasonText(
        _("Some questions are not answered yet."),
        _("Please answer the marked questions."),
        can_fix=True,
    ),
    "not_a_friend": ReasonText(
        _("The LINE official account is not among your friends yet."),
        _("Please add it as a friend and sign in with LINE again."),
        can_fix=True,
    ),
    "not_following": ReasonText(
        _("The account on X is not followed yet."),
        _("Please follow it and sign in with X again."),
        can_fix=True,
    ),
    "account_protected": ReasonText(
        _("Your account on X is private, so the follow could not be confirmed."),
        _("Please make the account public and sign in with X again."),
        can_fix=True,
    ),
    "account_suspended": ReasonText(
        _("Your account on X is suspended."),
        _("Please enter with another way to take part."),
        can_fix=False,
    ),
    "return_slip": ReasonText(
        _("The slip shows that goods were returned, so it is no proof of a purchase."),
        _("Please send the receipt of a purchase that you kept. If this is a mistake, you can object to the result."),
        can_fix=True,
    ),
    "purchase_returned": ReasonText(
        _("We were told that the goods on this receipt were returned."),
        _("An entry needs a purchase that you kept. If you did not return anything, please object to the result."),
        can_fix=False,
    ),
    "refused_by_desk": ReasonText(
        _("After a look at the photo by our staff the entry does not meet the conditions."),
        _("If you think this is wrong, please write to the inquiry desk."),
        can_fix=False,
    ),
    "taken_back_by_desk": ReasonText(
        _("Our staff is looking at the entry once more."),
        _("You need not do anything; we write to you when the result is there."),
        can_fix=False,
    ),
    "approved_by_desk": ReasonText(
        _("Our staff has confirmed the entry."), _("You need not do anything."), can_fix=False
    ),
}


# Why a person looks; said to the entrant while it is looked at, never as the outcome.
TO_REVIEW = frozenset(
    {
        "product_unclear",
        "store_unclear",
        "looks_like_another",
        "reading_uncertain",
        "tel_near_shop",
        "registration_no_differs",
        "shop_differs",
        "screen_photo",
        "suspected_ring",
        "taken_back_by_desk",
    }
)
# What the entries of a ring may be refused for.
REFUSALS_OF_RINGS = ("entered_as_one", "limit_reached", "receipt_already_used", "refused_by_desk")


def describe(code: str) -> ReasonText:
    """Give the texts of a reason; a code of an earlier release still gets a sentence."""
    return REASONS.get(code, REASONS["refused_by_desk"])


def described(reasons: list[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Add the texts, in the reader's language, to the reasons that a decision keeps."""
    texts = [(reason, describe(reason["code"])) for reason in reasons]
    return [
        {
            **reason,
            "message": _message(text, reason),
            "fix": str(text.fix),
            "can_fix": text.can_fix,
        }
        for reason, text in texts
    ]


def _message(text: ReasonText, reason: Mapping[str, Any]) -> str:
    missing = reason.get("missing")
    return str(text.counted) % {"missing": f"{missing:,}"} if missing and text.counted else str(text.message)
