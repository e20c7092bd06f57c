"""Where campaigns are planned, checked, published and watched; brands and stores beside them."""

from campaigns.admin import brands, campaign, gift_brands, prizes

__all__ = ["brands", "campaign", "gift_brands", "prizes"]
