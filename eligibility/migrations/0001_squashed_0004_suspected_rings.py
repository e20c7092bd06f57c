"""The whole schema in place of the steps that led to it: an empty database is ready sooner."""

import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [('eligibility', '0001_initial'), ('eligibility', '0002_review_desk'), ('eligibility', '0003_appeals'), ('eligibility', '0004_suspected_rings')]

    initial = True

    dependencies = [
        ('accounts', '0001_squashed_0002_data_keys_and_second_person'),
        ('accounts', '__first__'),
        ('campaigns', '0001_squashed_0005_appeal_days'),
        ('participants', '0001_squashed_0002_traces_of_entries'),
    ]

    operations = [
        migrations.CreateModel(
            name='AttemptBudget',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('scope', models.CharField(max_length=80)),
                ('window_started_at', models.DateTimeField()),
                ('used_count', models.PositiveIntegerField(default=0)),
            ],
            options={
                'verbose_name': 'attempts',
                'verbose_name_plural': 'attempts',
                'constraints': [models.UniqueConstraint(fields=('scope', 'window_started_at'), name='budget_once_per_window')],
            },
        ),
        migrations.CreateModel(
            name='Decision',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created at')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='updated at')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name='public id')),
                ('number', models.PositiveSmallIntegerField(verbose_name='number')),
                ('verdict', models.CharField(choices=[('eligible', 'eligible'), ('unclear', 'to be reviewed'), ('sent_back', 'sent back'), ('refused', 'not eligible')], max_length=9, verbose_name='verdict')),
                ('reasons', models.JSONField(default=list, verbose_name='reasons')),
                ('inputs', models.JSONField(default=dict, verbose_name='inputs')),
                ('decided_at', models.DateTimeField(verbose_name='decided at')),
                ('agency', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.agency', verbose_name='agency')),
                ('decided_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('entry', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='decisions', to='participants.entry', verbose_name='entry')),
                ('rule_version', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='campaigns.ruleversion', verbose_name='rules')),
            ],
            options={
                'verbose_name': 'decision',
                'verbose_name_plural': 'decisions',
                'ordering': ['-pk'],
                'indexes': [models.Index(condition=models.Q(('decided_by__isnull', False)), fields=['decided_at'], name='decision_by_person')],
                'constraints': [models.UniqueConstraint(fields=('entry', 'number'), name='decision_number_once'), models.CheckConstraint(condition=models.Q(('verdict__in', ['eligible', 'unclear', 'sent_back', 'refused'])), name='decision_verdict_known')],
            },
        ),
        migrations.CreateModel(
            name='Appeal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created at')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='updated at')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name='public id')),
                ('status', models.CharField(choices=[('open', 'waiting'), ('upheld', 'the result stays'), ('changed', 'the result was changed')], default='open', max_length=7, verbose_name='status')),
                ('text', models.TextField(max_length=1000, verbose_name='what the entrant says')),
                ('opened_at', models.DateTimeField(verbose_name='received at')),
                ('answer_due_at', models.DateTimeField(verbose_name='to be answered until')),
                ('answered_at', models.DateTimeField(blank=True, null=True, verbose_name='answered at')),
                ('message', models.CharField(blank=True, max_length=500, verbose_name='answer to the entrant')),
                ('agency', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.agency', verbose_name='agency')),
                ('answered_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='answered by')),
                ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='campaigns.campaign', verbose_name='campaign')),
                ('entry', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='appeals', to='participants.entry', verbose_name='entry')),
                ('decision', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='appeal', to='eligibility.decision', verbose_name='decision')),
                ('outcome', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='answers_appeal', to='eligibility.decision')),
            ],
            options={
                'verbose_name': 'appeal',
                'verbose_name_plural': 'appeals',
                'ordering': ['answer_due_at', 'pk'],
                'indexes': [models.Index(fields=['agency', 'status', 'answer_due_at'], name='appeal_by_deadline')],
                'constraints': [models.CheckConstraint(condition=models.Q(('status__in', ['open', 'upheld', 'changed'])), name='appeal_status_known'), models.CheckConstraint(condition=models.Q(models.Q(('answered_at__isnull', True), ('outcome__isnull', True), ('status', 'open')), models.Q(('answered_at__isnull', False), ('outcome__isnull', True), ('status', 'upheld'), models.Q(('message', ''), _negated=True)), models.Q(('answered_at__isnull', False), ('outcome__isnull', False), ('status', 'changed'), models.Q(('message', ''), _negated=True)), _connector='OR'), name='appeal_answered_in_full')],
            },
        ),
        migrations.CreateModel(
            name='ReferenceList',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created at')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='updated at')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name='public id')),
                ('name', models.CharField(max_length=100, verbose_name='name')),
                ('label', models.CharField(default='会員番号', max_length=50, verbose_name='what entrants call it')),
                ('agency', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.agency', verbose_name='agency')),
                ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='reference_lists', to='campaigns.campaign', verbose_name='campaign')),
            ],
            options={
                'verbose_name': 'list of reference numbers',
                'verbose_name_plural': 'lists of reference numbers',
            },
        ),
        migrations.CreateModel(
            name='ReferenceNumber',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('value_index', models.CharField(editable=False, max_length=64)),
                ('uses_allowed', models.PositiveSmallIntegerField(default=1, verbose_name='uses allowed')),
                ('used_count', models.PositiveSmallIntegerField(default=0, verbose_name='used')),
                ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='campaigns.campaign')),
                ('list', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='numbers', to='eligibility.referencelist')),
            ],
            options={
                'verbose_name': 'reference number',
                'verbose_name_plural': 'reference numbers',
                'constraints': [models.UniqueConstraint(fields=('campaign', 'value_index'), name='reference_once_per_campaign'), models.CheckConstraint(condition=models.Q(('used_count__lte', models.F('uses_allowed'))), name='reference_not_overused')],
            },
        ),
        migrations.CreateModel(
            name='ReviewCase',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created at')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='updated at')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name='public id')),
                ('status', models.CharField(choices=[('open', 'waiting'), ('resolved', 'done')], default='open', max_length=8, verbose_name='status')),
                ('resolved_at', models.DateTimeField(blank=True, null=True, verbose_name='resolved at')),
                ('note', models.CharField(blank=True, max_length=500, verbose_name='note')),
                ('claimed_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('claimed_until', models.DateTimeField(blank=True, editable=False, null=True)),
                ('due_at', models.DateTimeField(blank=True, null=True, verbose_name='due')),
                ('is_sampled', models.BooleanField(default=False, editable=False, verbose_name='two people look')),
                ('risk', models.PositiveSmallIntegerField(default=0, verbose_name='risk')),
                ('value_jpy', models.PositiveBigIntegerField(default=0, verbose_name='value at stake (yen)')),
                ('agency', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.agency', verbose_name='agency')),
                ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='campaigns.campaign', verbose_name='campaign')),
                ('claimed_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='in the hands of')),
                ('decision', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='review_case', to='eligibility.decision')),
                ('entry', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='review_cases', to='participants.entry', verbose_name='entry')),
                ('outcome', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='eligibility.decision')),
                ('resolved_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'review',
                'verbose_name_plural': 'reviews',
                'ordering': ['pk'],
                'permissions': [('settle_reviewcase', 'Can decide where two reviewers disagree')],
                'indexes': [models.Index(fields=['agency', 'status', 'due_at'], name='review_by_due')],
                'constraints': [models.CheckConstraint(condition=models.Q(('status__in', ['open', 'resolved'])), name='review_status_known'), models.UniqueConstraint(condition=models.Q(('status', 'open')), fields=('entry',), name='review_open_once'), models.CheckConstraint(condition=models.Q(('risk__lte', 100)), name='review_risk_in_bounds'), models.CheckConstraint(condition=models.Q(models.Q(('claimed_at__isnull', True), ('claimed_by__isnull', True), ('claimed_until__isnull', True)), models.Q(('claimed_at__isnull', False), ('claimed_by__isnull', False), ('claimed_until__isnull', False)), _connector='OR'), name='review_claim_is_whole')],
            },
        ),
        migrations.CreateModel(
            name='ReviewOpinion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveSmallIntegerField(verbose_name='number')),
                ('verdict', models.CharField(choices=[('eligible', 'eligible'), ('unclear', 'to be reviewed'), ('sent_back', 'sent back'), ('refused', 'not eligible')], max_length=9, verbose_name='verdict')),
                ('reason_code', models.CharField(blank=True, max_length=40, verbose_name='reason')),
                ('note', models.CharField(blank=True, max_length=500, verbose_name='note')),
                ('seconds', models.PositiveIntegerField(blank=True, null=True, verbose_name='seconds')),
                ('given_at', models.DateTimeField(verbose_name='given at')),
                ('case', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='opinions', to='eligibility.reviewcase')),
                ('reviewer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='reviewer')),
            ],
            options={
                'verbose_name': 'opinion',
                'verbose_name_plural': 'opinions',
                'ordering': ['number'],
                'indexes': [models.Index(fields=['reviewer', 'given_at'], name='opinion_by_reviewer')],
                'constraints': [models.UniqueConstraint(fields=('case', 'number'), name='opinion_number_once'), models.UniqueConstraint(fields=('case', 'reviewer'), name='opinion_once_per_reviewer'), models.CheckConstraint(condition=models.Q(('number__range', (1, 3))), name='opinion_of_three_at_most'), models.CheckConstraint(condition=models.Q(('verdict__in', ['eligible', 'sent_back', 'refused'])), name='opinion_verdict_known')],
            },
        ),
        migrations.CreateModel(
            name='ReviewPolicy',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('due_hours', models.PositiveSmallIntegerField(default=24, verbose_name='hours until a case is due')),
                ('second_share', models.PositiveSmallIntegerField(default=0, verbose_name='share that two people review (%)')),
                ('campaign', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='review_policy', to='campaigns.campaign')),
            ],
            options={
                'verbose_name': 'review policy',
                'verbose_name_plural': 'review policies',
                'constraints': [models.CheckConstraint(condition=models.Q(('due_hours__range', (1, 720))), name='review_policy_hours_in_bounds'), models.CheckConstraint(condition=models.Q(('second_share__lte', 100)), name='review_policy_share_in_bounds')],
            },
        ),
        migrations.CreateModel(
            name='RingScan',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('scanned_at', models.DateTimeField()),
                ('campaign', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='campaigns.campaign')),
            ],
            options={
                'verbose_name': 'search for rings',
                'verbose_name_plural': 'searches for rings',
            },
        ),
        migrations.CreateModel(
            name='SerialBatch',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created at')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='updated at')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name='public id')),
                ('name', models.CharField(max_length=100, verbose_name='name')),
                ('uses_allowed', models.PositiveSmallIntegerField(default=1, verbose_name='uses per code')),
                ('agency', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.agency', verbose_name='agency')),
                ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='serial_batches', to='campaigns.campaign', verbose_name='campaign')),
            ],
            options={
                'verbose_name': 'batch of serial codes',
                'verbose_name_plural': 'batches of serial codes',
            },
        ),
        migrations.CreateModel(
            name='Serial',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('value_index', models.CharField(editable=False, max_length=64)),
                ('value_ciphertext', models.TextField(editable=False)),
                ('uses_allowed', models.PositiveSmallIntegerField(default=1, verbose_name='uses allowed')),
                ('used_count', models.PositiveSmallIntegerField(default=0, verbose_name='used')),
                ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='campaigns.campaign')),
                ('batch', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='serials', to='eligibility.serialbatch')),
            ],
            options={
                'verbose_name': 'serial code',
                'verbose_name_plural': 'serial codes',
                'constraints': [models.UniqueConstraint(fields=('campaign', 'value_index'), name='serial_once_per_campaign'), models.CheckConstraint(condition=models.Q(('used_count__lte', models.F('uses_allowed'))), name='serial_not_overused')],
            },
        ),
        migrations.CreateModel(
            name='NumberUse',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created at')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='updated at')),
                ('entry', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='number_uses', to='participants.entry')),
                ('reference', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='uses', to='eligibility.referencenumber')),
                ('serial', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='uses', to='eligibility.serial')),
            ],
            options={
                'verbose_name': 'use of a number',
                'verbose_name_plural': 'uses of numbers',
                'constraints': [models.UniqueConstraint(condition=models.Q(('serial__isnull', False)), fields=('entry',), name='serial_use_once_per_entry'), models.UniqueConstraint(condition=models.Q(('reference__isnull', False)), fields=('entry',), name='reference_use_once_per_entry'), models.CheckConstraint(condition=models.Q(models.Q(('reference__isnull', True), ('serial__isnull', False)), models.Q(('reference__isnull', False), ('serial__isnull', True)), _connector='OR'), name='number_use_of_one_kind')],
            },
        ),
        migrations.CreateModel(
            name='SuspectedRing',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created at')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='updated at')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name='public id')),
                ('score', models.PositiveSmallIntegerField(verbose_name='score')),
                ('evidence', models.JSONField(default=dict, verbose_name='evidence')),
                ('found_at', models.DateTimeField(verbose_name='found at')),
                ('agency', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.agency', verbose_name='agency')),
                ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='campaigns.campaign', verbose_name='campaign')),
            ],
            options={
                'verbose_name': 'suspected ring',
                'verbose_name_plural': 'suspected rings',
                'ordering': ['-score', 'pk'],
                'indexes': [models.Index(fields=['campaign', 'score'], name='ring_by_score')],
                'constraints': [models.CheckConstraint(condition=models.Q(('score__lte', 100)), name='ring_score_in_bounds')],
            },
        ),
        migrations.CreateModel(
            name='RingMember',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('entry', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='ring_member', to='participants.entry')),
                ('ring', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='members', to='eligibility.suspectedring')),
            ],
            options={
                'verbose_name': 'entry of a ring',
                'verbose_name_plural': 'entries of rings',
            },
        ),
    ]
