"""The whole schema in place of the steps that led to it: an empty database is ready sooner."""

import django.db.models.deletion
import uuid
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [('participants', '0001_initial'), ('participants', '0002_traces_of_entries')]

    initial = True

    dependencies = [
        ('accounts', '0001_squashed_0002_data_keys_and_second_person'),
        ('campaigns', '0001_squashed_0005_appeal_days'),
    ]

    operations = [
        migrations.CreateModel(
            name='Participant',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created at')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='updated at')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name='public id')),
                ('agency', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='participants', to='accounts.agency', verbose_name='agency')),
                ('merged_into', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='merged', to='participants.participant')),
            ],
            options={
                'verbose_name': 'participant',
                'verbose_name_plural': 'participants',
            },
        ),
        migrations.CreateModel(
            name='Entry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created at')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='updated at')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name='public id')),
                ('status', models.CharField(choices=[('started', 'started'), ('submitted', 'submitted'), ('in_review', 'in review'), ('sent_back', 'sent back'), ('refused', 'not eligible'), ('accepted', 'accepted'), ('won', 'won'), ('lost', 'not won'), ('withdrawn', 'withdrawn')], default='started', max_length=10, verbose_name='status')),
                ('submitted_at', models.DateTimeField(blank=True, null=True, verbose_name='submitted at')),
                ('decided_at', models.DateTimeField(blank=True, null=True, verbose_name='decided at')),
                ('advance_after', models.DateTimeField(blank=True, editable=False, null=True)),
                ('advance_failures', models.PositiveSmallIntegerField(default=0, editable=False)),
                ('external_reference', models.CharField(blank=True, max_length=100, verbose_name="client's reference")),
                ('agency', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.agency', verbose_name='agency')),
                ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='campaigns.campaign', verbose_name='campaign')),
                ('link', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='campaigns.trackedlink', verbose_name='came by')),
                ('participant', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='participants.participant', verbose_name='participant')),
            ],
            options={
                'verbose_name': 'entry',
                'verbose_name_plural': 'entries',
                'ordering': ['-pk'],
                'indexes': [models.Index(condition=models.Q(('advance_after__isnull', False)), fields=['advance_after'], name='entry_waiting'), models.Index(fields=['campaign', 'status'], name='entry_by_campaign'), models.Index(fields=['participant', 'campaign'], name='entry_by_person')],
                'constraints': [models.CheckConstraint(condition=models.Q(('status__in', ['started', 'submitted', 'in_review', 'sent_back', 'refused', 'accepted', 'won', 'lost', 'withdrawn'])), name='entry_status_known'), models.CheckConstraint(condition=models.Q(('status__in', ['started', 'withdrawn']), ('submitted_at__isnull', False), _connector='OR'), name='entry_beyond_start_has_a_time')],
            },
        ),
        migrations.CreateModel(
            name='Consent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created at')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='updated at')),
                ('kind', models.CharField(choices=[('terms', 'terms'), ('marketing', 'news from the sponsor')], max_length=9, verbose_name='kind')),
                ('granted_at', models.DateTimeField(verbose_name='granted at')),
                ('withdrawn_at', models.DateTimeField(blank=True, null=True, verbose_name='withdrawn at')),
                ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='campaigns.campaign', verbose_name='campaign')),
                ('terms_version', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='campaigns.termsversion')),
                ('participant', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='consents', to='participants.participant', verbose_name='participant')),
            ],
            options={
                'verbose_name': 'consent',
                'verbose_name_plural': 'consents',
            },
        ),
        migrations.CreateModel(
            name='Touch',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('link', 'opened a tracked link'), ('page', 'saw the campaign page'), ('started', 'started an entry'), ('submitted', 'submitted an entry'), ('verified', 'confirmed a contact'), ('claim_opened', 'opened the claim page'), ('revealed', 'saw the code'), ('redeemed', 'used the code'), ('note', 'note by the desk')], max_length=12, verbose_name='what')),
                ('at', models.DateTimeField(verbose_name='at')),
                ('note', models.CharField(blank=True, max_length=500, verbose_name='note')),
                ('agency', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.agency')),
                ('campaign', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='touches', to='campaigns.campaign')),
                ('entry', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='touches', to='participants.entry')),
                ('link', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='touches', to='campaigns.trackedlink')),
                ('participant', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='touches', to='participants.participant')),
            ],
            options={
                'verbose_name': 'touch',
                'verbose_name_plural': 'timeline',
                'ordering': ['at', 'pk'],
                'indexes': [models.Index(fields=['campaign', 'kind', 'at'], name='touch_by_campaign')],
            },
        ),
        migrations.CreateModel(
            name='TypedProof',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created at')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='updated at')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name='public id')),
                ('kind', models.CharField(choices=[('serial', 'serial code'), ('reference', 'reference number')], max_length=9, verbose_name='kind')),
                ('value_ciphertext', models.TextField(editable=False)),
                ('value_index', models.CharField(editable=False, max_length=64)),
                ('masked', models.CharField(max_length=50, verbose_name='masked')),
                ('entry', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='typed_proofs', to='participants.entry', verbose_name='entry')),
            ],
            options={
                'verbose_name': 'typed number',
                'verbose_name_plural': 'typed numbers',
                'constraints': [models.UniqueConstraint(fields=('entry', 'kind'), name='typed_proof_once')],
            },
        ),
        migrations.CreateModel(
            name='Answer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created at')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='updated at')),
                ('values', models.JSONField(default=list, verbose_name='answer')),
                ('question', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='answers', to='campaigns.question', verbose_name='question')),
                ('entry', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='answers', to='participants.entry', verbose_name='entry')),
            ],
            options={
                'verbose_name': 'answer',
                'verbose_name_plural': 'answers',
                'constraints': [models.UniqueConstraint(fields=('entry', 'question'), name='answer_once')],
            },
        ),
        migrations.CreateModel(
            name='EntryTrace',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('device', 'browser'), ('network', 'network'), ('mailbox', 'mailbox'), ('mail_domain', 'mail domain')], max_length=11, verbose_name='what')),
                ('value_index', models.CharField(editable=False, max_length=64)),
                ('at', models.DateTimeField(verbose_name='at')),
                ('agency', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.agency')),
                ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='campaigns.campaign')),
                ('entry', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='traces', to='participants.entry')),
            ],
            options={
                'verbose_name': 'trace',
                'verbose_name_plural': 'traces',
                'indexes': [models.Index(fields=['campaign', 'kind', 'value_index'], name='trace_shared'), models.Index(fields=['at'], name='trace_by_age')],
                'constraints': [models.UniqueConstraint(fields=('entry', 'kind', 'value_index'), name='trace_once')],
            },
        ),
        migrations.CreateModel(
            name='Identity',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created at')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='updated at')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name='public id')),
                ('kind', models.CharField(choices=[('email', 'e-mail'), ('line', 'LINE'), ('x', 'X')], max_length=5, verbose_name='kind')),
                ('value_ciphertext', models.TextField(editable=False)),
                ('value_index', models.CharField(editable=False, max_length=64)),
                ('masked', models.CharField(max_length=254, verbose_name='masked')),
                ('verified_at', models.DateTimeField(blank=True, null=True, verbose_name='verified at')),
                ('unreachable_at', models.DateTimeField(blank=True, null=True, verbose_name='unreachable since')),
                ('facts', models.JSONField(blank=True, default=dict, verbose_name='checked facts')),
                ('agency', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.agency', verbose_name='agency')),
                ('participant', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='identities', to='participants.participant', verbose_name='participant')),
            ],
            options={
                'verbose_name': 'contact',
                'verbose_name_plural': 'contacts',
                'constraints': [models.UniqueConstraint(condition=models.Q(('verified_at__isnull', False)), fields=('agency', 'kind', 'value_index'), name='identity_verified_once'), models.UniqueConstraint(fields=('participant', 'kind', 'value_index'), name='identity_once_per_person')],
            },
        ),
    ]
