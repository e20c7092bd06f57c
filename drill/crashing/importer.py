"""`python -m drill.crashing.importer PRIZE COUNT NAME`: a process that makes a batch of codes and puts it in stock."""

import sys

import django


def make_batch(prize_id: int, count: int, name: str) -> str:
    """Bring the batch into stock; the process that is killed on the way is followed by one with the same name."""
    from codes.models import BatchStatus, CodeBatch
    from codes.services import activate_batch, generate_codes
    from core import clock

    batch = CodeBatch.objects.filter(prize_id=prize_id, name=name).first()
    if batch is None:
        batch = generate_codes(prize_id=prize_id, name=name, count=count, expires_at=None, now=clock.now())
    if batch.status == BatchStatus.STAGED:
        batch = activate_batch(batch_id=batch.pk, now=clock.now())
    return str(batch.public_id)


if __name__ == "__main__":
    django.setup()
    print("begun", flush=True)
    print(make_batch(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]), flush=True)
