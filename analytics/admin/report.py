"""The funnel's page stands in the place of a list: a report has no rows of its own."""
