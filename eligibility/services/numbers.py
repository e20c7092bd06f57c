"""Numbers are taken by a conditional update, in the transaction of the verdict; a refused entry takes nothing (I15)."""

from django.db.models import F

from eligibility.models import NumberUse, ReferenceNumber, Serial
from eligibility.selectors import usable_reference, usable_serial
from participants.models import Entry


def take_serial(entry: Entry) -> bool:
    """Take one use of the entry's serial code; False when another entry was faster."""
    serial = usable_serial(entry)
    if serial is None:
        return False
    if NumberUse.objects.filter(entry=entry, serial=serial).exists():
        return True
    taken = Serial.objects.filter(pk=serial.pk, used_count__lt=F("uses_allowed")).update(used_count=F("used_count") + 1)
    if taken:
        NumberUse.objects.create(entry=entry, serial=serial)
    return bool(taken)


def take_reference(entry: Entry) -> bool:
    """Take one use of the entry's reference number; False when another entry was faster."""
    number = usable_reference(entry)
    if number is None:
        return False
    if NumberUse.objects.filter(entry=entry, reference=number).exists():
        return True
    free = ReferenceNumber.objects.filter(pk=number.pk, used_count__lt=F("uses_allowed"))
    taken = free.update(used_count=F("used_count") + 1)
    if taken:
        NumberUse.objects.create(entry=entry, reference=number)
    return bool(taken)


def give_back_numbers(entry: Entry) -> None:
    """Give back what an entry took, since it was refused or sent back."""
    for use in NumberUse.objects.select_for_update().filter(entry=entry):
        if use.serial_id is not None:
            Serial.objects.filter(pk=use.serial_id).update(used_count=F("used_count") - 1)
        if use.reference_id is not None:
            ReferenceNumber.objects.filter(pk=use.reference_id).update(used_count=F("used_count") - 1)
        use.delete()
