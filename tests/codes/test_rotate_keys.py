"""What an administrator types to replace keys, and what he is told."""

import pytest
from django.core.management import CommandError, call_command

from accounts.models import DataKey
from codes.models import CodeJob, GiftCode, JobStatus
from codes.selectors import open_code
from codes.services import rotation
from core.errors import KeyUnavailable
from tests.codes.test_sealing import NEW
from tests.factories import NOW
from tests.worlds import open_campaign

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_files(settings) -> None:
    """Files that other tests have held need a key as well."""
    settings.STORAGES = settings.STORAGES | {"default": {"BACKEND": "django.core.files.storage.InMemoryStorage"}}


@pytest.fixture
def slug() -> str:
    return open_campaign(codes=2).campaign.slug


@pytest.fixture
def told(capsys):
    """Call the command and give the lines it writes."""

    def call(*arguments: str) -> list[str]:
        call_command("rotate_keys", *arguments)
        return capsys.readouterr().out.splitlines()

    return call


def test_every_key_is_replaced_by_one_line_each(slug, told, settings):
    assert told("status") == [
        "master key test1: 1 data keys",
        "index key 0: 2 codes",
    ]
    settings.ENCRYPTION_KEYS, settings.ENCRYPTION_KEY_ID = {**settings.ENCRYPTION_KEYS, "test2": NEW}, "test2"
    settings.INDEX_KEYS, settings.INDEX_KEY_ID = {**settings.INDEX_KEYS, "1": NEW}, "1"

    with pytest.raises(CommandError, match="master_key_needed: 1 data keys"):
        told("retire", "test1")
    assert told("master")[-1].endswith("done 1 of 1 done=1 data keys left=nothing passes=1")
    assert told("campaign", slug)[-1].endswith("done 2 of 2 chunks=1 left=0")
    with pytest.raises(CommandError, match="index_key_needed: 2 codes"):
        told("retire-index", "0")
    assert told("index")[-1].endswith("done 2 of 2 done=2 codes left=nothing passes=2")
    assert told("status") == [
        "master key test1: nothing",
        "master key test2: 2 data keys",
        "index key 0: nothing",
        "index key 1: 2 codes",
    ]
    assert told("retire-index", "0") == ["nothing needs 0: it may be taken out of INDEX_KEYS"]
    assert told("retire", "test1") == ["nothing needs test1: it may be taken out of ENCRYPTION_KEYS"]
    assert told("finish") == ["0 keys destroyed"]  # the old one rests for an hour
    DataKey.objects.filter(retired_at__isnull=False).update(retired_at=NOW)
    assert told("finish") == ["1 keys destroyed"]


def test_what_was_broken_off_is_told_and_gone_on_with(slug, told, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(rotation, "open_column", lambda *_a: (_ for _ in ()).throw(KeyUnavailable(key_id="lost")))
        with pytest.raises(CommandError, match="key_unavailable"):
            told("campaign", slug)
    assert "failed 0 of 2" in told("status")[-1]

    told("resume")

    assert CodeJob.objects.get().status == JobStatus.DONE


def test_shredding_asks_first_and_an_unknown_campaign_is_refused(slug, told):
    assert "--yes" in told("shred", slug, "--reason", "over")[0]
    assert open_code(GiftCode.objects.first()).code

    assert told("shred", slug, "--reason", "over", "--yes") == ["1 keys destroyed"]

    with pytest.raises(KeyUnavailable):
        open_code(GiftCode.objects.first())
    with pytest.raises(CommandError, match="no campaign"):
        told("campaign", "nothing")
