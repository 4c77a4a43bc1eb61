"""kill -9 of everything, in turn, while devices go on sending."""
import collections
import random
import time

import alarms

SERVERS = ("kafka", "redis", "kairosdb")
RESTARTS, WITHIN = 3, 900  # as BoraRestarts says: more than two in so many seconds
NOTICED = 5  # s from a kill until Prometheus has it, at most


def run(cluster, minutes, seed):
    """When each was killed: name -> times."""
    # The devices hold the book of what was sent: they are what measures, not what is measured.
    victims = [name for name, unit in cluster.status().items()
               if unit["state"] == "healthy" and not name.startswith("devices-")] + list(SERVERS)
    dice = random.Random(seed)
    deadline = time.monotonic() + 60 * minutes
    kills = collections.defaultdict(list)
    while time.monotonic() < deadline:
        dice.shuffle(victims)
        for victim in victims:
            if time.monotonic() >= deadline:
                break
            print(f"{time.strftime('%H:%M:%S')} kill -9 {victim}", flush=True)
            cluster.kill(victim)
            kills[victim].append(time.monotonic())
            # Not always healthy again before the next is killed: outages overlap now and then.
            if dice.random() < 0.7:
                cluster.wait_healthy(180)
            time.sleep(dice.uniform(0, 3))
    cluster.wait_healthy(180)
    print(f"chaos: {sum(map(len, kills.values()))} kills in {minutes:g} minutes, all is up again", flush=True)
    return kills


def run_watched(cluster, minutes, seed, factor):
    """The same beside a real Prometheus: 0 when BoraRestarts named those, and only those, that were killed often
    enough for it, and all that fired has ended."""
    with alarms.Prometheus(cluster, factor) as prometheus:
        began = time.monotonic()
        kills = run(cluster, minutes, seed)
        ended = time.monotonic()
        is_silent = alarms.wait_for(lambda: not prometheus.firing(), WITHIN / factor + alarms.PATIENCE)
        silent_after = time.monotonic() - ended
        fired = prometheus.fired(time.monotonic() - began)
        left = prometheus.firing()
    named = {name for alarm, name in fired if alarm == "BoraRestarts"}
    scraped = kills.keys() & prometheus.targets.keys()
    missed = {name for name in scraped if often(kills[name], WITHIN / factor - NOTICED)} - named
    wrong = named - {name for name in scraped if often(kills[name], WITHIN / factor + NOTICED)}
    for (alarm, name), times in sorted(fired.items()):
        print(f"{alarm:20}{name:16}{times:3} times{len(kills.get(name, ())):5} kills")
    print(f"alarms: {'silent' if is_silent else 'NOT silent'} {silent_after:.0f} s after the chaos; times of rules were "
          f"shortened {factor} times")
    for what, names in (("killed often enough, and NOT NAMED", missed), ("named FOR NOTHING", wrong),
                        ("NOT ENDED", {f"{alarm} of {name}" for alarm, name in left})):
        if names:
            print(f"alarms: {what}: {', '.join(sorted(names))}")
    return 1 if missed or wrong or left else 0


def often(times, within):
    """Whether so many of these were within so many seconds that BoraRestarts has to say so."""
    return any(last - first <= within for first, last in zip(times, times[RESTARTS - 1:]))
