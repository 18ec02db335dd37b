"""The tasks of the captured workflow shapes, and the evaluation of their expressions.

The shapes are in Tests/CanvasTests/Fixtures; the Swift side of the same tasks is Tests/CanvasTests/Support/ShapeTasks.swift.
"""
from types import SimpleNamespace

from celery import chain, chord, group

from interop_app import app

w = SimpleNamespace()


def shape_task(**options):
    """Registers a task under shapes.NAME, and in the namespace that expressions see."""

    def register(function):
        task = app.task(name=f"shapes.{function.__name__}", **options)(function)
        setattr(w, function.__name__, task)
        return task

    return register


@shape_task()
def add(x, y):
    return x + y


@shape_task()
def mul(x, y):
    return x * y


@shape_task()
def xsum(numbers):
    return sum(numbers)


@shape_task()
def echo(*args, **kwargs):
    return {"args": list(args), "kwargs": kwargs}


@shape_task()
def ident(x=None):
    return x


@shape_task()
def boom(*_):
    raise ValueError("went wrong")


@shape_task(bind=True, max_retries=2, default_retry_delay=0)
def flaky(self, tag="x", countdown=0):
    if self.request.retries < 2:
        raise self.retry(exc=ValueError("not yet"), countdown=countdown)
    return f"{tag} ok after {self.request.retries}"


@shape_task(bind=True, max_retries=1, default_retry_delay=0)
def always_retry(self):
    raise self.retry(exc=ValueError("again"), countdown=0)


@shape_task(bind=True)
def replacer(self, x):
    return self.replace(add.si(x, 100))


@shape_task(bind=True)
def replacer_chain(self, x):
    return self.replace(chain(add.si(x, 1), add.s(2)))


@shape_task(bind=True)
def spawner(self):
    add.delay(1, 1)
    mul.delay(2, 2)
    return "spawned"


@shape_task(bind=True)
def adder_in_chord(self):
    return self.add_to_chord(add.s(7, 7))


@shape_task()
def on_err(request, exc, traceback):
    return ["err", request.id]


@shape_task()
def on_err_old(task_id):
    return ["err-old", task_id]


@shape_task(ignore_result=True)
def ignored(x):
    return x


@shape_task(bind=True)
def dump_request(self, *_, **__):
    return {name: getattr(self.request, name) for name in ("id", "root_id", "parent_id", "retries")}


def stamped(signature):
    signature.stamp(shape="square")
    return signature


def sent(expression):
    """What an expression of the fixtures, which are files of this repository, comes to: a result."""
    return eval(expression, {"w": w, "chain": chain, "chord": chord, "group": group, "stamped": stamped})  # noqa: S307
