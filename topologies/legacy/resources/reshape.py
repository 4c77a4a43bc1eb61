#!/usr/bin/env python3
"""Reshapes readings into what the older system takes: see README.md of the topology `legacy`.

    in:  device, gateway, celsius, battery, time (ms since 1970)
    out: key (the same for the same reading, always), body (JSON)
"""

import json
import math
import time

import multilang


def battery_word(percent):
    return "good" if percent >= 50 else "fair" if percent >= 20 else "poor"


def reshape(device, gateway, celsius, battery, millis):
    when = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(millis // 1000))
    return {
        "sensor": f"{device:010d}",
        "station": f"{gateway:06d}",
        "when": f"{when}.{millis % 1000:03d}",
        "fahrenheit10": math.floor(celsius * 18 + 320.5),  # tenths of a degree
        "battery": battery_word(battery),
    }


class Reshape(multilang.Bolt):
    def process(self, tup):
        device, gateway, celsius, battery, millis = tup.values
        body = reshape(device, gateway, celsius, battery, millis)
        self.emit([f"reading-{device}-{millis}", json.dumps(body, separators=(",", ":"))])
        self.metric("reshaped_readings")


if __name__ == "__main__":
    Reshape().run()
