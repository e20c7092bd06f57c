"""How the desk writes days and times, in every list and page alike."""

DATE_FORMAT = "Y/m/d"
DATETIME_FORMAT = "Y/m/d H:i"
