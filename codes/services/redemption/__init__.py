"""At the till: check, set aside, redeem, reverse, report later, settle the day, and the books of all of it."""
