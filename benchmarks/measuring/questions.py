"""What the chart of each question shows."""

import dataclasses

OURS = {"lifo": "LifoStack", "affine": "AffineBag", "fifo": "FifoQueue", "lifetime": "LifetimeQueue",
        "strict": "LifoStack, handoff_after 0", "spare": "LifoStack, min_idle 4"}
OTHERS = {"plain": "mutex + condvar", "plain_map": "mutex + condvar + map", "soci": "SOCI", "poco": "POCO",
          "apr": "APR reslist", "without": "without a target"}
PEERS = ("plain", "soci", "poco", "apr")
QUEUES = ("lifo", "affine", "fifo", "lifetime")


@dataclasses.dataclass(frozen=True)
class Group:
    heading: str
    rows: list  # (label, name of the row, whether it is ours)
    divisor: float = 1


@dataclasses.dataclass(frozen=True)
class Chart:
    title: str
    axis: str
    figure: str
    groups: list


def group(heading, pattern, queues, divisor=1):
    """pattern has {} for the queue."""
    return Group(heading, [((OURS | OTHERS)[queue], pattern.format(queue), queue in OURS) for queue in queues], divisor)


CHARTS = {
    "acquire_release": Chart(
        "What does a lease cost when a connection is ready?", "ns per acquire and release, wall time", "real_time",
        [group("1 thread", "acquire_release/thread/{}/pool:8/threads:1", PEERS + QUEUES),
         group("2 threads on 2 processors", "acquire_release/thread/{}/pool:8/threads:2", PEERS + QUEUES)]),
    "contention": Chart(
        "32 workers, 8 connections: how long do the unluckiest wait?", "99.9 % of waits are shorter, ms",
        "wait_p99.9_us",
        [group(f"held for {words}", "contention/thread/{}/" + hold + "/pool:8/threads:32", PEERS + QUEUES, 1000)
         for hold, words in (("hold0us", "no time"), ("cpu2us", "2 us"), ("io50us", "50 us"))]),
    "queue": Chart(
        "Does the cost grow with the number of idle connections?", "ns per acquire and release, processor time",
        "cpu_time",
        [group(f"{idle:,} idle", "queue/thread/{}/pool:" + str(idle) + "/threads:1", ("plain",) + QUEUES)
         for idle in (8, 10_000)]),
    "churn": Chart(
        "Every n-th connection breaks, a connect takes 1 ms: how much is done?", "leases per second", "cycles_per_s",
        [group(f"n = {every}", "churn/thread/{}/connect1000us/pool:8/every:" + str(every) + "/threads:4",
               ("plain", "lifo", "spare")) for every in (1, 10, 100)]),
    "clients": Chart(
        "A hundred callers of a real server: what does a request cost the client?", "us of processor time per request",
        "cpu_us/req",
        [Group(words, [("vendor's library, threads", f"clients/{kind}/plain/callers:100", False)] +
               [(f"{manner}, pool of {size}", f"clients/{kind}/{manner}/callers:100/pool/{size}", True)
                for manner in ("threads", "fibers") for size in (100, 16)])
         for kind, words in (("redis", "Redis"), ("mariadb", "MariaDB"), ("postgres", "PostgreSQL"))]),
    "targets": Chart(
        "What does it cost to name a target?", "ns per acquire and release, processor time", "cpu_time",
        [Group("no target", [("LifoStack", "targets/thread/lifo/hot/without/targets:1", True),
                             ("FifoQueue of 1,000", "targets/thread/fifo/in_turn/without/targets:1000", True)]),
         group("1 target", "targets/thread/{}/hot/targets:1", ("plain_map", "lifo", "affine")),
         group("1,000 targets, the same again", "targets/thread/{}/hot/targets:1000", ("plain_map", "lifo", "affine")),
         group("1,000 targets, in turn", "targets/thread/{}/in_turn/targets:1000", ("plain_map", "lifo", "affine"))]),
    "handover": Chart(
        "How long until a waiting fiber has what another gave back?", "ns per hand-over, processor time", "cpu_time",
        [group("with two more switches", "handover/fiber/{}/pool:1", ("plain",) + QUEUES),
         group("with none", "handover/fiber/{}/pool:1", ("strict",)),
         Group("a switch by itself", [("yield", "handover/fiber/yield", False)])]),
    "memory": Chart(
        "How much memory does a pooled connection take beside itself?", "bytes", "bytes_per_connection",
        [group("on threads", "memory/thread/{}/connections:10000", PEERS + QUEUES)]),
    "reaper": Chart(
        "What does a pool that nobody uses cost?", "% of one processor", "cpu_percent",
        [Group("10,000 idle connections",
               [("none is due", "reaper/thread/lifo/due:none/idle:10000", True),
                ("one each second, LifoStack", "reaper/thread/lifo/due:each_second/idle:10000", True),
                ("one each second, Lifetime", "reaper/thread/lifetime/due:each_second/idle:10000", True)])]),
    "allocations": Chart(
        "How many allocations are there in acquire and release?", "allocations per cycle", "allocations_per_cycle",
        [group("eight threads wait for two connections", "allocations/thread/{}/waiting", PEERS + QUEUES)]),
    "size": Chart(
        "Does a pool that is far too large cost anything?", "ns per acquire and release of 8 workers, wall time",
        "real_time",
        [group(f"pool of {size:,}", "size/thread/{}/pool:" + str(size) + "/threads:8", PEERS + QUEUES)
         for size in (8, 4096)]),
    "scenarios": Chart(
        "Fifty callers at once, five connections open: how many more are opened?",
        "connections opened, the five included", "opened",
        [group("work 2 ms, connect 150 ms", "scenarios/spike/thread/{}", ("plain", "lifo"))]),
    "instructions": Chart(
        "How many instructions are a lease?", "instructions per acquire and release, one thread", "instructions",
        [group("ThreadBackend", "thread/{}", PEERS + QUEUES),
         group("SingleBackend", "single/{}", ("plain", "lifo")),
         group("FiberBackend", "fiber/{}", ("lifo",))]),
}
