"use strict";
// What reshape.py does, in Node: the same tuples in, the same tuples out.

const { run } = require("./multilang");

function batteryWord(percent) {
  if (percent >= 50) return "good";
  return percent >= 20 ? "fair" : "poor";
}

function reshape(device, gateway, celsius, battery, millis) {
  return {
    sensor: String(device).padStart(10, "0"),
    station: String(gateway).padStart(6, "0"),
    when: new Date(millis).toISOString().slice(0, 23).replace("T", " "),
    fahrenheit10: Math.floor(celsius * 18 + 320.5), // tenths of a degree
    battery: batteryWord(battery),
  };
}

run({
  process(tuple, out) {
    const [device, gateway, celsius, battery, millis] = tuple.values;
    out.emit([`reading-${device}-${millis}`,
      JSON.stringify(reshape(device, gateway, celsius, battery, millis))]);
    out.metric("reshaped_readings");
  },
});
