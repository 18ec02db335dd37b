"""A Python peer of the interop tests.

    interop_peer.py worker OPTION…     becomes `celery worker OPTION…`
    interop_peer.py events OPTION…     becomes `celery events OPTION…`, and so on
    interop_peer.py client             one JSON command a line on stdin, one JSON answer a line on stdout

Lines are kombu's JSON, so that dates, decimals, UUIDs and bytes keep their types. A client ends, whatever it is doing,
when its stdin does.
"""
import os
import queue
import sys
import threading
import traceback

from celery.app.task import Context
from celery import chain, chord, group
from celery.exceptions import TimeoutError as ResultTimeout
from celery.result import AsyncResult, GroupResult, result_from_tuple
from kombu.utils.json import dumps, loads

import canvas_shapes
import http_peer
import screen_peer
from interop_app import app


def described(value):
    """An exception by its parts, anything else as it is."""
    if not isinstance(value, BaseException):
        return {"value": value}
    kind = type(value)
    return {
        "exception": {
            "type": kind.__qualname__,
            "module": kind.__module__,
            "bases": [base.__name__ for base in kind.__mro__],
            "args": [item if plain(item) else repr(item) for item in value.args],
            "text": str(value),
        }
    }


def plain(value):
    try:
        dumps(value)
    except Exception:  # noqa: BLE001 whatever has no form on the wire is shown as text
        return False
    return True


def op_hello(command):
    import celery
    import kombu
    import redis

    return {"celery": celery.__version__, "kombu": kombu.__version__, "redis": redis.__version__}


def op_celery(command):
    """One of Celery's own commands (inspect, control, status): its exit code and what it prints."""
    from celery.bin.celery import celery
    from click.testing import CliRunner

    result = CliRunner().invoke(celery, ["-A", "interop_app", "--no-color", *command["words"]])
    return {"code": result.exit_code, "output": result.output}


def op_remote(command):
    """A method of app.control, or of its inspect with these options, and what it returns."""
    target = app.control if command["inspect"] is None else app.control.inspect(**command["inspect"])
    return {"value": getattr(target, command["method"])(*command["args"], **command["kwargs"])}


watched = {"events": [], "lines": []}


def op_watch(command):
    """Listens to events from now on, and keeps them, also as `celery events --dump` prints them."""
    from celery.events.dumper import Dumper
    from kombu.utils.json import loads as copied_from

    class Lines:
        def write(self, text):
            if text.strip():
                watched["lines"].append(text)

        def flush(self):
            pass

    dumper = Dumper(out=Lines())
    ready = threading.Event()

    def on_event(event):
        watched["events"].append(copied_from(dumps(event)))
        dumper.on_event(event)

    def run():
        with app.connection_for_read() as connection:
            receiver = app.events.Receiver(connection, handlers={"*": on_event})
            original = receiver.on_consume_ready

            def on_consume_ready(*args, **kwargs):
                original(*args, **kwargs)
                ready.set()

            receiver.on_consume_ready = on_consume_ready
            receiver.capture(limit=None, timeout=None, wakeup=False)

    threading.Thread(target=run, daemon=True).start()
    return {"ready": ready.wait(30)}


def op_watched(command):
    """What was heard so far."""
    return {"events": list(watched["events"]), "lines": list(watched["lines"])}


def op_send(command):
    """Sends by name, which checks nothing; with "typed", as the registered task, which checks the arguments."""
    options = command.get("options") or {}
    args, kwargs = command.get("args") or [], command.get("kwargs") or {}
    if command.get("typed"):
        result = app.tasks[command["name"]].apply_async(args, kwargs, **options)
    else:
        result = app.send_task(command["name"], args, kwargs, **options)
    return {"id": result.id}


def op_get(command):
    """Waits for a result, an exception too; "timeout" in the answer when it did not come."""
    result = AsyncResult(command["id"], app=app)
    try:
        value = result.get(timeout=command.get("timeout", 20), propagate=False)
    except ResultTimeout:
        return {"timeout": True, "state": result.state}
    return {"state": result.state, "traceback": result.traceback, **described(value)}


def op_state(command):
    result = AsyncResult(command["id"], app=app)
    return {"state": result.state, **described(result.info)}


def op_meta(command):
    """What is stored, decoded but for exceptions."""
    meta = app.backend.get_task_meta(command["id"])
    return {"meta": {key: value if plain(value) else repr(value) for key, value in meta.items()}}


def op_stored(command):
    """The first bytes of what is stored, with escapes for what is no printable ASCII."""
    value = app.backend.client.get(app.backend.get_key_for_task(command["id"]))
    return {"text": "".join(chr(b) if 32 <= b < 127 else f"\\x{b:02x}" for b in (value or b"")[:80])}


def op_forget(command):
    AsyncResult(command["id"], app=app).forget()
    return {}


def op_chord_start(command):
    app.backend.set_chord_size(command["group"], command["size"])
    return {}


def op_chord_parts(command):
    """Counts parts of chords as a worker does whose tasks have ended; the last of a chord sends its body."""
    for part in command["parts"]:
        body = app.signature("interop.body", task_id=part["body"], queue=command["queue"])
        request = Context(id=part["id"], group=part["group"], group_index=part["index"], chord=body)
        if "error" in part:
            app.backend.on_chord_part_return(request, "FAILURE", ValueError(part["error"]))
        else:
            app.backend.on_chord_part_return(request, "SUCCESS", part["value"])
    return {}


def op_take(command):
    """The arguments of all messages in a queue, by their tasks' ids; they are gone then."""
    taken = []
    with app.connection_for_read() as connection, connection.SimpleQueue(command["queue"]) as waiting:
        while True:
            try:
                message = waiting.get_nowait()
            except waiting.Empty:
                return {"taken": taken}
            message.ack()
            taken.append({"id": message.headers["id"], "args": message.payload[0]})


def op_save_group(command):
    members = [AsyncResult(id, app=app) for id in command["members"]]
    GroupResult(command["id"], members, app=app).save()
    return {}


def op_restore_group(command):
    group = GroupResult.restore(command["id"], app=app)
    return {"members": None if group is None else [member.id for member in group.results]}


def op_send_signature(command):
    """Sends a signature, stamped if it is to be, and says what it is made of."""
    signature = app.signature(command["signature"])
    if command.get("stamps"):
        signature.stamp(**command["stamps"])
    # Sending gives its parts ids.
    before = loads(dumps(signature))
    return {"tuple": signature.apply_async().as_tuple(), "signature": before}


def op_collect(command):
    """The results that hang on one, in Celery's order."""
    result = result_from_tuple(command["tuple"], app=app)
    return {"collected": [[found.id, value] for found, value in result.collect(timeout=command.get("timeout", 30))]}


def workflow(shape):
    """Celery's own canvas from the tests' description of a workflow."""
    kind, *rest = shape
    if kind == "tag":
        return app.signature("canvas.tag", args=(rest[0],))
    if kind == "again":
        return app.signature("canvas.again", args=(rest[0],))
    if kind == "start":
        return app.signature("canvas.tag", args=(rest[0], rest[0]), immutable=True)
    if kind == "boom":
        return app.signature("canvas.boom")
    if kind == "become":
        return app.signature("canvas.become", args=(dict(workflow(rest[0])),))
    if kind == "chain":
        return chain(*[workflow(step) for step in rest[0]], app=app)
    if kind == "group":
        return group([workflow(member) for member in rest[0]], app=app)
    return chord([workflow(member) for member in rest[0]], workflow(rest[1]), app=app)


def op_workflows(command):
    """Sends workflows, all at once, and says what each of them comes to."""
    results = [workflow(shape).apply_async() for shape in command["shapes"]]
    return {"outcomes": [ended(result, command.get("timeout", 30)) for result in results]}


def op_shapes(command):
    """Sends workflows given as Python, all at once, and says what each of them comes to."""
    results = [canvas_shapes.sent(expression) for expression in command["expressions"]]
    return {"outcomes": [ended(result, command.get("timeout", 30), propagate=False) for result in results]}


def ended(result, timeout, propagate=True):
    """What a result comes to; with propagate the error of what was before it, if that has failed."""
    try:
        value = result.get(timeout=timeout, propagate=propagate)
        if isinstance(value, Exception):
            raise value
        return {"value": value}
    except ResultTimeout:
        return {"error": "TimeoutError"}
    except Exception as error:  # noqa: BLE001 the test compares its type
        return {"error": type(error).__name__, "text": str(error)}


def op_http(command):
    """One request to a web server: its status, its text, and what JSON says."""
    return http_peer.fetch(command["method"], command["url"], command.get("query"), command.get("body"))


def op_page(command):
    """What a web page shows."""
    return http_peer.page(command["url"])


def op_metrics(command):
    """What Prometheus reads there."""
    answer = http_peer.fetch("GET", command["url"])
    return {"status": answer["status"], "samples": http_peer.samples(answer["text"])}


terminal = {}


def op_screen(command):
    """Starts one of Celery's own commands in a terminal of its own."""
    terminal["one"] = screen_peer.Terminal(command["words"])
    return {}


def op_shown(command):
    """What the terminal shows."""
    return {"lines": terminal["one"].lines()}


def op_type(command):
    """Presses keys there."""
    terminal["one"].type(command["keys"])
    return {}


def op_interrupt(command):
    """Presses ^C there, and waits for the program's end."""
    return {"code": terminal["one"].interrupt()}


def op_redis(command):
    """Any command on the result store's own connection: what a key of it holds."""
    return {"reply": text_of(app.backend.client.execute_command(*command["command"]))}


def text_of(reply):
    if isinstance(reply, (list, tuple, set)):
        return [text_of(item) for item in reply]
    if isinstance(reply, dict):
        return {text_of(key): text_of(value) for key, value in reply.items()}
    if isinstance(reply, bytes):
        return reply.decode(errors="backslashreplace")
    return reply


def client():
    operations = {name[3:]: value for name, value in globals().items() if name.startswith("op_")}
    lines = queue.Queue()

    def read():
        for line in sys.stdin:
            lines.put(line)
        os._exit(0)

    threading.Thread(target=read, daemon=True).start()
    while True:
        command = loads(lines.get())
        try:
            answer = operations[command["op"]](command)
        except Exception as error:  # noqa: BLE001 the test reports it
            answer = {"error": repr(error), "traceback": traceback.format_exc()}
        print(dumps({"number": command.get("number"), **answer}), flush=True)


def become(command, options):
    arguments = [sys.executable, "-m", "celery", "-A", "interop_app", command, *options]
    os.execv(sys.executable, arguments)


if __name__ == "__main__":
    client() if sys.argv[1] == "client" else become(sys.argv[1], sys.argv[2:])
