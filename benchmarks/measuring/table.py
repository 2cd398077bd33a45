"""What was promised: each row of the table, how its figure comes about, and its bar.

Times of one thread are processor time: on a machine that others use too it is the steadier of the two, and a thread
that never waits has no other time. Times of several threads are wall time. Ratios and differences are taken between
rows of one run of one program.
"""

import dataclasses
import typing

QUEUES = ("lifo", "affine")
THREAD = "acquire_release/thread/"
FIBER = "acquire_release/fiber/"
ONE, TWO = "/pool:8/threads:1", "/pool:8/threads:2"


@dataclasses.dataclass(frozen=True)
class Row:
    name: str
    question: str
    figure: typing.Callable  # of {row: {figure: median}}
    bar: float
    unit: str = "ns"
    at_least: bool = False

    def passes(self, figure):
        return figure >= self.bar if self.at_least else figure <= self.bar


def cpu(row):
    return lambda results: results[row]["cpu_time"]


def value(row, counter):
    return lambda results: results[row][counter]


def less(row, base, key="cpu_time"):
    return lambda results: results[row][key] - results[base][key]


def ratio(row, base, key="real_time"):
    return lambda results: results[row][key] / results[base][key]


def highest(prefix, counter):
    """Of our own queues; peers and the plain pool are beside the point."""
    def figure(results):
        ours = [figures[counter] for row, figures in results.items()
                if row.startswith(prefix) and any(f"/{queue}/" in row for queue in QUEUES + ("fifo", "lifetime"))]
        return max(ours)
    return figure


def ready():
    yield Row("ThreadBackend + AffineBag, 1 thread", "acquire_release", cpu(THREAD + "affine" + ONE), 8)
    yield Row("ThreadBackend + AffineBag, 2 threads : 1 thread, cycles/s", "acquire_release",
              ratio(THREAD + "affine" + ONE, THREAD + "affine" + TWO), 1.8, "x", at_least=True)
    yield Row("ThreadBackend + LifoStack, 1 thread", "acquire_release", cpu(THREAD + "lifo" + ONE), 15)
    yield Row("ThreadBackend + LifoStack, 2 threads : mutex + condvar, time", "acquire_release",
              ratio(THREAD + "lifo" + TWO, THREAD + "plain" + TWO), 1, "x")
    yield Row("ThreadBackend + LifetimeQueue, 8 idle", "queue", cpu("queue/thread/lifetime/pool:8/threads:1"), 30)
    yield Row("ThreadBackend + LifetimeQueue, 10,000 idle", "queue", cpu("queue/thread/lifetime/pool:10000/threads:1"),
              60)
    yield Row("SingleBackend + LifoStack", "acquire_release", cpu("acquire_release/single/lifo" + ONE), 3)
    for queue in QUEUES:
        yield Row(f"FiberBackend less ThreadBackend, {queue}", "acquire_release",
                  less(FIBER + queue + ONE, THREAD + queue + ONE), 1)


def handover():
    def less_two_switches(results):
        return results["handover/fiber/lifo/pool:1"]["cpu_time"] - 2 * results["handover/fiber/yield"]["cpu_time"]

    yield Row("hand-over to a waiting fiber, less two switches", "handover", less_two_switches, 150)
    yield Row("hand-over to a waiting fiber, handoff_after 0", "handover", cpu("handover/fiber/strict/pool:1"), 150)


def targets():
    for queue in QUEUES:
        here = f"targets/thread/{queue}/hot/"
        for count in (1, 1000):
            yield Row(f"by target, one of {count:,}, less without, {queue}", "targets",
                      less(f"{here}targets:{count}", f"{here}without/targets:1"), 12)
    yield Row("by target, 1,000 in turn, less without, lifo", "targets",
              less("targets/thread/lifo/in_turn/targets:1000", "targets/thread/fifo/in_turn/without/targets:1000"), 12)


def resources():
    yield Row("allocations in acquire and release, ready", "allocations",
              highest_case("alone"), 0, "per cycle")
    yield Row("allocations in acquire and release, waiting", "allocations",
              highest_case("waiting"), 0, "per cycle")
    yield Row("memory per connection beside itself, any queue", "memory",
              highest("memory/thread/", "bytes_per_connection"), 192, "bytes")
    for queue in ("lifo", "lifetime"):
        yield Row(f"reaper, 10,000 idle, one due each second, {queue}", "reaper",
                  value(f"reaper/thread/{queue}/due:each_second/idle:10000", "cpu_percent"), 0.1, "% of a core")
    for queue in QUEUES:
        here = f"size/thread/{queue}/pool:"
        yield Row(f"pool of 4,096 : pool of 8, 8 workers, time, {queue}", "size",
                  ratio(f"{here}4096/threads:8", f"{here}8/threads:8"), 1.1, "x")


def highest_case(case):
    of_all = highest("allocations/", "allocations_per_cycle")
    return lambda results: of_all({row: figures for row, figures in results.items() if row.endswith(case)})


def contention():
    for hold, words in (("hold0us", "hold 0"), ("cpu2us", "hold 2 us"), ("io50us", "hold 50 us")):
        for queue in QUEUES:
            here, plain = (f"contention/thread/{each}/{hold}/pool:8/threads:32" for each in (queue, "plain"))
            title = f"32 workers on 8, {words}, {queue}"
            yield Row(f"{title}: throughput : mutex + condvar", "contention", ratio(here, plain, "cycles_per_s"), 1,
                      "x", at_least=True)
            yield Row(f"{title}: p99.9 wait : mutex + condvar", "contention", ratio(here, plain, "wait_p99.9_us"), 0.5,
                      "x")
            yield Row(f"{title}: slowest : fastest worker", "contention", value(here, "fairness"), 0.8, "x",
                      at_least=True)


def metrics():
    for queue in QUEUES:
        here = f"metrics/thread/{queue}/"
        yield Row(f"MetricsObserver less NoObserver, {queue}", "metrics",
                  less(f"{here}metrics{ONE}", f"{here}none{ONE}"), 12)
    here = "metrics/thread/affine/metrics"
    yield Row("MetricsObserver, 2 threads : 1 thread, cycles/s", "metrics", ratio(here + ONE, here + TWO), 1.8, "x",
              at_least=True)
    yield Row("a scrape of 100 pools", "scrape", lambda results: results["scrape/pools:100"]["cpu_time"] / 1e6, 10,
              "ms")


def scenarios():
    spike, outage, rotation = "scenarios/spike/thread/lifo", "scenarios/outage/simulation/lifo", \
        "scenarios/rotation/thread/lifo/"
    yield Row("spike: served of 50", "scenarios", value(spike, "served"), 50, "callers", at_least=True)
    yield Row("spike: connections opened", "scenarios", value(spike, "opened"), 6, "")
    yield Row("spike: connections opened, max_connecting 1", "scenarios", value(spike + "/max_connecting:1", "opened"),
              6, "")
    yield Row("outage: probes in a minute", "scenarios", value(outage, "probes_per_minute"), 60, "")
    yield Row("outage: probes in the busiest second", "scenarios", value(outage, "probes_per_s"), 1, "")
    yield Row("outage: first connects at once on return", "scenarios", value(outage, "at_once"), 2, "")
    yield Row("rotation: p99 wait : without", "scenarios",
              ratio(rotation + "retire_all", rotation + "quiet", "wait_p99_us"), 2, "x")


def rows():
    for part in (ready, handover, targets, resources, contention, metrics, scenarios):
        yield from part()


# The rows of each program that the table needs, and how long one repetition of a row takes.
NEEDED = {
    "acquire_release": ("/(single/lifo|(thread|fiber)/(plain|lifo|affine|soci|poco|apr))/pool:8/threads:[12]$", 0.1),
    "queue": ("queue/thread/lifetime/pool:(8|10000)/", 0.1),
    "handover": ("fiber/(lifo|plain|strict|yield)", 0.1),
    "targets": (".", 0.1),
    "allocations": (".", 0.1),
    "memory": ("thread", 0.1),
    "reaper": ("each_second/idle:10000", 0.1),
    "size": ("thread/(plain|lifo|affine)/", 0.2),
    "contention": ("/thread/(plain|lifo|affine)/.*/pool:8/threads:32/", 0.1),
    "metrics": (".", 0.1),
    "scrape": ("pools:100", 0.1),
    "scenarios": (".", 0.1),
}
