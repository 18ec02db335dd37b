"""The Celery application that both a Python worker and a Python client of the interop tests run.

Everything about it comes from two environment variables: INTEROP_SETTINGS, the settings as kombu's JSON under Celery's
own names (queues as objects), and INTEROP_LEDGER, the file that the marking tasks write to.
"""
import os
import time
from contextlib import contextmanager

from celery import Celery
from celery.exceptions import Ignore, Reject, SoftTimeLimitExceeded
from celery.worker.control import inspect_command
from kombu import Exchange, Queue
from kombu.utils.json import loads

ALL_CONTENT = ["json", "msgpack", "yaml"]


def queue_of(description):
    """A queue from {name, exchange, exchange_type, routing_key}; only the name is needed."""
    name = description["name"]
    exchange = Exchange(description.get("exchange", name), type=description.get("exchange_type", "direct"))
    return Queue(name, exchange, routing_key=description.get("routing_key", name))


def settings():
    given = loads(os.environ.get("INTEROP_SETTINGS", "{}"))
    queues = given.pop("task_queues", None)
    return {
        "accept_content": ALL_CONTENT,
        "result_accept_content": ALL_CONTENT,
        "broker_connection_retry_on_startup": True,
        "task_queues": [queue_of(queue) for queue in queues] if queues else None,
        **given,
    }


app = Celery("interop")
app.conf.update(settings())


@inspect_command(args=[("text", str)], signature="<text>")
def shout(state, text):
    """A command of the application's own."""
    return f"{text}.{state.hostname}"


class OrderError(Exception):
    """An error of the application's own, with more than a text."""

    def __init__(self, number, reason):
        super().__init__(number, reason)
        self.number = number


@app.task(name="interop.add")
def add(x, y):
    return x + y


@app.task(name="interop.echo")
def echo(value):
    return value


@contextmanager
def canvas_pause():
    """For tests that kill workers: where CANVAS_MARKS names a folder, tells there which process is inside of a task, for a while."""
    marks = os.environ.get("CANVAS_MARKS")
    if marks is None:
        yield
        return
    mark = os.path.join(marks, str(os.getpid()))
    with open(mark, "w"):
        pass
    try:
        # sleeps: that is the task
        time.sleep(0.1)
        yield
    finally:
        os.unlink(mark)


@app.task(name="canvas.tag")
def canvas_tag(value, label):
    with canvas_pause():
        return [label, value]


def until_retry_is_stored(task):
    """Celery stores RETRY after it has sent the next run, also over the result of that run if it has ended by then."""
    deadline = time.monotonic() + 10
    while task.backend.get_state(task.request.id) != "RETRY" and time.monotonic() < deadline:
        time.sleep(0.005)


@app.task(bind=True, name="canvas.again")
def canvas_again(self, value, label):
    if self.request.retries == 0:
        raise self.retry(countdown=0)
    until_retry_is_stored(self)
    with canvas_pause():
        return [label, value]


@app.task(bind=True, name="canvas.become")
def canvas_become(self, value, shape):
    return self.replace(app.signature(shape))


@app.task(name="canvas.boom")
def canvas_boom(value):
    raise ValueError("boom")


@app.task(name="interop.describe", typing=False)
def describe(*args, **kwargs):
    """What Python makes of the arguments, types included."""
    return repr(args), {key: repr(value) for key, value in sorted(kwargs.items())}


@app.task(name="interop.defaults")
def defaults(first, second=2, *, third="three"):
    return [first, second, third]


@app.task(name="interop.fail")
def fail(kind="value"):
    if kind == "value":
        raise ValueError("went wrong", 7)
    if kind == "own":
        raise OrderError(42, "out of stock")
    if kind == "key":
        raise KeyError("missing")
    if kind == "empty":
        raise RuntimeError
    if kind == "unicode":
        raise ValueError("h\u00e9llo \u2603 \U0001f600")
    if kind == "argument":
        raise ValueError("outer", ValueError("inner"), object)
    if kind == "cause":
        try:
            1 / 0
        except ZeroDivisionError as error:
            raise RuntimeError("outer") from error
    if kind == "result":
        return object()
    raise LookupError(kind)


@app.task(name="interop.retry", bind=True, max_retries=5, default_retry_delay=0)
def retry(self, times, countdown=0):
    """Fails so many times before it tells how often it was tried again."""
    if self.request.retries < times:
        raise self.retry(exc=ValueError(f"attempt {self.request.retries}"), countdown=countdown)
    return self.request.retries


@app.task(name="interop.give_up", bind=True, max_retries=1, default_retry_delay=0)
def give_up(self):
    raise self.retry(exc=OrderError(1, "never in stock"))


@app.task(name="interop.ignore")
def ignore():
    raise Ignore


@app.task(name="interop.reject", acks_late=True)
def reject(reason):
    raise Reject(reason, requeue=False)


@app.task(name="interop.progress", bind=True)
def progress(self, gate):
    """Reports progress until the file is there."""
    self.update_state(state="PROGRESS", meta={"current": 3, "total": 10, "note": "h\u00e9"})
    wait_for(gate)
    return "done"


@app.task(name="interop.hold")
def hold(gate):
    wait_for(gate)
    return "released"


def wait_for(path):
    deadline = time.monotonic() + 60
    while not os.path.exists(path):
        if time.monotonic() > deadline:
            raise TimeoutError(path)
        time.sleep(0.01)


@app.task(name="interop.request", bind=True)
def request(self, *args, **kwargs):
    """What a worker knows of the run."""
    names = (
        "id root_id parent_id group group_index correlation_id reply_to retries eta expires hostname delivery_info headers "
        "origin argsrepr kwargsrepr timelimit stamps stamped_headers replaced_task_nesting shadow properties lang "
        "ignore_result"
    )
    found = {name: getattr(self.request, name, None) for name in names.split()}
    return {**found, "queue_priority": (self.request.delivery_info or {}).get("priority")}


@app.task(name="interop.sleep")
def sleep(seconds):
    try:
        time.sleep(seconds)
    except SoftTimeLimitExceeded:
        return "asked to stop"
    return "slept"


@app.task(name="interop.silent", ignore_result=True)
def silent(line):
    mark(line)
    return line


@app.task(name="interop.mark")
def mark(line):
    """One line in the ledger, written at once or not at all."""
    ledger = os.open(os.environ["INTEROP_LEDGER"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(ledger, f"{line}\n".encode())
    finally:
        os.close(ledger)
    return line


@app.task(name="interop.mark_late", acks_late=True)
def mark_late(line, seconds=0):
    time.sleep(seconds)
    return mark(line)


@app.task(name="interop.stamps", bind=True, typing=False)
def stamps(self, *args):
    """What the task is stamped with, behind what the steps before it were."""
    before = args[0] if args else []
    return [*before, {"names": sorted(self.request.stamped_headers or []), "stamps": self.request.stamps or {}}]


@app.task(name="interop.alert")
def alert(request, exc, traceback, label):
    """An errback that is called where the task failed."""
    mark(f"{label} {request.id} {type(exc).__name__} {exc}")


@app.task(name="faults.late", bind=True, acks_late=True, reject_on_worker_lost=True)
def late(self, milliseconds):
    """The task of the fault tests that takes so long: writes down when it starts and ends, as the Swift one does."""
    return noted(self.request.id, milliseconds)


@app.task(name="faults.early", bind=True)
def early(self, milliseconds):
    """The same, acknowledged when it starts."""
    return noted(self.request.id, milliseconds)


def noted(id, milliseconds):
    me = f"{id} {os.getpid()} {os.getppid()}"
    mark(f"started {me} 1 {time.time_ns() // 1000}")
    time.sleep(milliseconds / 1000)
    mark(f"ended {me} {time.time_ns() // 1000}")
    return milliseconds


import canvas_shapes  # noqa: E402,F401 its tasks need the app
