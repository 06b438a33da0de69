"""The tables of the embedded engine, for `db.create_all()`, migrations and the admin; `store.py` moves their rows.

Times are seconds since the epoch. Each index is of the few rows that one step looks for, so that no step takes longer
because of how many jobs wait for something else, or have ended.
"""

from spruce import db

__all__ = ["Job", "Tick", "Worker"]


class Job(db.Model):
    """One call of a task: what is to be done, where it stands, and what has come out."""

    id = db.CharField(max_length=32, primary_key=True)  # begins with the time, so it sorts in the order of entry
    task = db.CharField(max_length=250)
    queue = db.CharField(max_length=100)
    priority = db.IntegerField()
    run_after = db.FloatField()
    state = db.CharField(max_length=10)
    arguments = db.TextField()  # JSON: [args, kwargs, headers]
    attempts = db.IntegerField(default=0)
    lost = db.IntegerField(default=0)  # attempts that ended with their worker
    fence = db.IntegerField(default=0)
    worker = db.CharField(max_length=40, null=True)
    workers = db.TextField(default="")  # of all attempts, a word each
    result = db.TextField(null=True)  # JSON
    errors = db.TextField(default="")  # a line of JSON each
    progress = db.TextField(null=True)  # JSON: [part, note]
    unique_key = db.CharField(max_length=64, null=True)
    slot = db.CharField(max_length=250, null=True)
    slots = db.IntegerField(default=0)
    follows = db.CharField(max_length=32, null=True)  # the job or group that it waits for
    pending = db.IntegerField(default=0)  # how many of these have not ended
    group_id = db.CharField(max_length=32, null=True)
    leads = db.BooleanField(default=False)  # whether others wait for it
    cancelling = db.BooleanField(default=False)
    schedule = db.CharField(max_length=250, null=True)
    tick = db.FloatField(null=True)
    enqueued = db.FloatField()
    started = db.FloatField(null=True)
    attempted = db.FloatField(null=True)
    finished = db.FloatField(null=True)

    class Meta:
        """Its table and indexes."""

        db_table = "spruce_task"
        indexes = [  # noqa: RUF012 - as Django's options are written
            db.Index(
                fields=["queue", "priority", "run_after", "id"],
                name="spruce_task_ready",
                condition=db.Q(state="READY"),
            ),
            db.Index(fields=["run_after"], name="spruce_task_waiting", condition=db.Q(state="WAITING")),
            db.Index(fields=["slot", "priority", "id"], name="spruce_task_held", condition=db.Q(state="HELD")),
            db.Index(fields=["worker"], name="spruce_task_running", condition=db.Q(state="RUNNING")),
            db.Index(fields=["slot", "state"], name="spruce_task_slot", condition=db.Q(slot__isnull=False)),
            db.Index(fields=["follows"], name="spruce_task_blocked", condition=db.Q(state="BLOCKED")),
            db.Index(fields=["group_id"], name="spruce_task_group", condition=db.Q(group_id__isnull=False)),
            db.Index(fields=["state", "finished"], name="spruce_task_ended", condition=db.Q(finished__isnull=False)),
        ]
        constraints = [  # noqa: RUF012 - the same
            db.UniqueConstraint(
                fields=["unique_key"], name="spruce_task_unique", condition=db.Q(unique_key__isnull=False)
            ),
        ]


class Worker(db.Model):
    """A process that has jobs in hand; when its `beat` stands still, others take them over."""

    id = db.CharField(max_length=40, primary_key=True)
    beat = db.IntegerField(default=0)
    place = db.CharField(max_length=200)  # the machine, and where on it process numbers mean the same
    pid = db.IntegerField()
    born = db.CharField(max_length=40)  # tells it from a later process of the same number
    since = db.FloatField()

    class Meta:
        """Its table."""

        db_table = "spruce_task_worker"


class Tick(db.Model):
    """A schedule, and when it is due next: who moves that on enqueues the job."""

    name = db.CharField(max_length=250, primary_key=True)
    definition = db.TextField()  # what it was computed from
    next_at = db.FloatField()
    last_at = db.FloatField(null=True)
    paused = db.BooleanField(default=False)

    class Meta:
        """Its table."""

        db_table = "spruce_task_schedule"
