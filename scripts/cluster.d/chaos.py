"""kill -9 of everything, in turn, while devices go on sending."""
import random
import time

SERVERS = ("kafka", "redis", "kairosdb")


def run(cluster, minutes, seed):
    # The devices hold the book of what was sent: they are what measures, not what is measured.
    victims = [name for name, unit in cluster.status().items()
               if unit["state"] == "healthy" and not name.startswith("devices-")] + list(SERVERS)
    dice = random.Random(seed)
    deadline = time.monotonic() + 60 * minutes
    kills = 0
    while time.monotonic() < deadline:
        dice.shuffle(victims)
        for victim in victims:
            if time.monotonic() >= deadline:
                break
            print(f"{time.strftime('%H:%M:%S')} kill -9 {victim}", flush=True)
            cluster.kill(victim)
            kills += 1
            # Not always healthy again before the next is killed: outages overlap now and then.
            if dice.random() < 0.7:
                cluster.wait_healthy(180)
            time.sleep(dice.uniform(0, 3))
    cluster.wait_healthy(180)
    print(f"chaos: {kills} kills in {minutes:g} minutes, all is up again", flush=True)
