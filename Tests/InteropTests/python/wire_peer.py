"""A Python peer for the codec tests: one JSON command a line on stdin, one JSON answer a line on stdout.

Everything goes through Celery's and kombu's own code: their publishing, their decoding, their result backend.
Expressions are evaluated: they come from the test's own source.
"""
import base64
import json
import sys
import traceback
from datetime import date, datetime, time, timedelta, timezone  # noqa: F401 used by expressions
from decimal import Decimal  # noqa: F401
from types import SimpleNamespace
from uuid import UUID  # noqa: F401

from celery import Celery, chain, chord, group  # noqa: F401
from kombu import compression
from kombu.utils import json as kombu_json

ACCEPT = ["json", "msgpack", "yaml"]

app = Celery("wire", broker="memory://", backend="cache+memory://")
app.conf.update(accept_content=ACCEPT, result_accept_content=ACCEPT, task_create_missing_queues=True)


@app.task(name="wire.echo", typing=False)
def echo(*args, **kwargs):
    return args, kwargs


class CustomError(Exception):
    pass


def fail(exc):
    """The exception with a traceback."""
    try:
        raise exc
    except Exception as error:  # noqa: BLE001
        return error, traceback.format_exc()


def published(queue):
    """The one message waiting in a queue of the memory transport, as a virtual transport would store it."""
    with app.connection_for_write() as connection:
        channel = connection.default_channel
        payload = channel._get(queue)
        return kombu_json.dumps(payload)


def message_of(envelope):
    """The kombu message of an envelope, decoded as a virtual transport's consumer does."""
    with app.connection_for_read() as connection:
        message = connection.default_channel.message_to_python(kombu_json.loads(envelope))
        message.accept = {"application/json", "application/x-msgpack", "application/x-yaml"}
        return message


def backend_for(serializer, compression):
    app.conf.result_serializer = serializer
    backend = app.backend.__class__(app=app, backend="memory", serializer=serializer)
    backend.compression = compression
    return backend


def op_send(command):
    """Publishes echo with the arguments and options of an expression; gives the envelope."""
    call = eval(command["call"])  # noqa: S307
    app.amqp.create_task_message = app.amqp.task_protocols[command.get("protocol", 2)]
    queue = "q-" + str(command["number"])
    echo.apply_async(call.get("args", ()), call.get("kwargs", {}), queue=queue, **call.get("options", {}))
    return {"envelope": published(queue)}


def op_see(command):
    """What a Python worker sees in an envelope."""
    message = message_of(command["envelope"])
    args, kwargs, embed = message.decode()
    return {
        "args": repr(args), "kwargs": repr(kwargs), "embed": repr(embed), "headers": repr(message.headers),
        "properties": repr(message.properties), "type": message.content_type,
    }


def canonical(value):
    """The value with the members of dictionaries in one order: YAML sorts them, JSON does not."""
    if isinstance(value, dict):
        return {key: canonical(value[key]) for key in sorted(value, key=repr)}
    return [canonical(element) for element in value] if isinstance(value, (list, tuple)) else value


def op_known(command):
    """The content types of the compressions that this Python has."""
    return {"compressions": compression.encoders()}


def op_same(command):
    """Whether two envelopes are the same message to Python, headers included."""
    one, two = message_of(command["one"]), message_of(command["two"])
    first = (one.decode(), one.headers, one.properties, one.content_type, one.content_encoding)
    second = (two.decode(), two.headers, two.properties, two.content_type, two.content_encoding)
    return {"same": repr(canonical(first)) == repr(canonical(second)), "one": repr(first), "two": repr(second)}


def op_store(command):
    """A result as a Python worker stores it."""
    backend = backend_for(command["serializer"], command.get("compression"))
    state, value, trace = command["state"], eval(command["value"]), None  # noqa: S307
    if isinstance(value, BaseException):
        value, trace = fail(value)
    request = SimpleNamespace(group="g-1", parent_id="p-1", children=[], chord=None)
    meta = backend._get_result_meta(
        backend.encode_result(value, state), state, trace, request,
    )
    meta["task_id"] = "t-1"
    encoded = backend.encode(meta)
    encoded = encoded if isinstance(encoded, bytes) else encoded.encode()
    return {"bytes": base64.b64encode(encoded).decode()}


def op_fetch(command):
    """What a Python client gets from stored bytes: an exception is rebuilt by Celery."""
    backend = backend_for(command["serializer"], None)
    meta = backend.decode_result(base64.b64decode(command["bytes"]))
    result = meta["result"]
    answer = {"meta": repr({k: v for k, v in meta.items() if k != "result"}), "result": repr(result)}
    if isinstance(result, BaseException):
        kind = type(result)
        answer |= {"class": kind.__qualname__, "module": kind.__module__, "bases": [c.__name__ for c in kind.__mro__]}
    return answer


def main():
    operations = {name[3:]: value for name, value in globals().items() if name.startswith("op_")}
    for line in sys.stdin:
        command = json.loads(line)
        try:
            answer = operations[command["op"]](command)
        except Exception as error:  # noqa: BLE001 the test reports it
            answer = {"error": repr(error), "traceback": traceback.format_exc()}
        print(json.dumps(answer), flush=True)


main()
