"""The tasks of redis-bench for Celery, and its client: publish, latency and open loop. Prints one line of JSON."""

import json
import os
import struct
import sys
import time

from celery import Celery, chain, chord, group

app = Celery("redis-bench", broker=os.environ["CELERY_BROKER_URL"], backend=os.environ["CELERY_RESULT_BACKEND"])
starts = None


@app.task(name="bench.silent", ignore_result=True)
def silent(x):
    return x


@app.task(name="bench.noop")
def noop(x):
    return x


@app.task(name="bench.total")
def total(values):
    return sum(values)


@app.task(name="bench.moment")
def moment():
    return time.time()


@app.task(name="bench.stamp", ignore_result=True)
def stamp(sent):
    global starts
    late = time.time() - sent
    if starts is None:
        starts = os.open(os.environ["BENCH_STARTS"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.write(starts, struct.pack("d", late))
    return 0


def rate(count, body):
    start = time.perf_counter()
    body()
    return count / (time.perf_counter() - start)


def publish(count):
    silent.delay(0)

    def one_by_one():
        for x in range(count):
            silent.delay(x)

    def in_bulk():
        for start in range(0, count, 100):
            group(silent.s(x) for x in range(start, start + 100)).apply_async()

    return {"one": rate(count, one_by_one), "bulk": rate(count, in_bulk)}


def latency(count):
    moment.delay().get(timeout=20)
    figures = {"starts": [], "results": []}
    for _ in range(count):
        sent = time.time()
        started = moment.delay().get(timeout=20)
        figures["results"].append(time.time() - sent)
        figures["starts"].append(started - sent)
    return figures


def open_loop(count, per_second):
    begin = time.perf_counter()
    for x in range(count):
        wait = begin + x / per_second - time.perf_counter()
        if wait > 0:
            time.sleep(wait)
        stamp.delay(time.time())
    return {"seconds": time.perf_counter() - begin}


def canvas(rounds):
    """Seconds from sending to the result in hand."""

    def timed(workflow):
        begin = time.perf_counter()
        workflow().get(timeout=120)
        return time.perf_counter() - begin

    figures = {"chord": [], "group": [], "chain": []}
    for _ in range(rounds):
        figures["chord"].append(timed(lambda: chord([noop.s(x) for x in range(1000)])(total.s())))
        figures["group"].append(timed(lambda: group(noop.s(x) for x in range(1000)).apply_async()))
        figures["chain"].append(timed(lambda: chain(noop.s(1), *[noop.s() for _ in range(99)]).apply_async()))
    return figures


def chords(count):
    """Sends a chain of so many chords of ten, which nobody runs."""
    # Celery looks at the arguments of later steps before they have them.
    noop.typing = False
    steps = []
    for number in range(count):
        steps.append(group(noop.s(x) if number == 0 else noop.s() for x in range(10)))
        steps.append(total.s())
    chain(*steps).apply_async()
    return {}


if __name__ == "__main__":
    calls = {"publish": publish, "latency": latency, "open": open_loop, "canvas": canvas, "chords": chords}
    call = calls[sys.argv[1]]
    print(json.dumps(call(*map(int, sys.argv[2:]))))
