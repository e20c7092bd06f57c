"""What is wrong with a row of a file, in the words of the person who has to correct it."""

from django.utils.translation import gettext_lazy as _

from accounts.desk.importing import FILE_PROBLEMS

PROBLEMS = FILE_PROBLEMS | {
    "too_many_rows": _("The file has more than 50,000 rows."),
    "columns_differ": _("the number of columns differs from the first row"),
    "has_controls": _("a cell holds invisible control characters"),
    "cell_too_long": _("a cell is longer than 100 characters"),
    "damaged_by_spreadsheet": _("a spreadsheet has changed a number (like 4.9E+12); format the column as text"),
    "no_chain_column": _("the first row names no column for the chain"),
    "no_product_column": _("the first row names no column for the product"),
    "chain_missing": _("the chain is missing"),
    "product_missing": _("the product is missing"),
    "telephone_malformed": _("the telephone number is not 0 and 9 or 10 more digits; a leading 0 may be lost"),
    "registration_malformed": _("the registration number is not T and 13 digits"),
    "registration_check_digit": _("the registration number has a wrong check digit, so a digit is mistyped"),
    "jan_malformed": _("the JAN code is not 8 or 13 digits"),
    "jan_check_digit": _("the JAN code has a wrong check digit, so a digit is mistyped"),
    "status_unknown": _("the state is neither in use, switched off nor proposed"),
    "shop_twice": _("the same shop stands in the file before"),
    "telephone_of_other_shop": _("the telephone number belongs to another shop of the master"),
    "shops_overlap": _("Two rows come to the same shop. Please check telephone numbers and branches."),
    "chain_unknown": _("the chain is not in the shop master"),
    "form_too_short": _("the name on receipts has fewer than three letters, so it would match other goods"),
    "form_taught_otherwise": _("this name on receipts stands for another product already"),
}
