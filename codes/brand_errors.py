"""Refusals of codes that a gift brand does not allow."""

from django.utils.translation import gettext_lazy as _

from core.errors import DomainError


class BrandNotKept(DomainError):
    """Winners would get codes that the brand's supplier never made, or that its contract forbids to keep."""

    code = "brand_not_kept"
    message = _("Codes of this gift brand are not kept here. Please order them from the supplier.")
    status = 422


class BrandNotFetched(DomainError):
    code = "brand_not_fetched"
    message = _("Codes of this prize are not made by a supplier. Please import or generate them.")
    status = 422


class ValueNotOffered(DomainError):
    code = "value_not_offered"
    message = _("The gift brand does not offer this value. Please correct the value of the prize.")
    status = 422
