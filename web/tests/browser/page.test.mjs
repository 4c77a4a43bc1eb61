// The page in a real browser, against a mock process and real programs. See scripts/web-test.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { chromium } from "playwright-core";
import { MockProcess } from "../mock_process.mjs";
import { freePort, RealProcess } from "./real_process.mjs";

const axe = readFileSync(new URL("../../node_modules/axe-core/axe.min.js", import.meta.url), "utf8");
let browser;
let faults;

before(async () => {
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
});
after(() => browser.close());
beforeEach(() => { faults = []; });
afterEach(() => assert.deepEqual(faults, [], "the page reported faults"));

// What is not there is asked for on purpose, and a process that is away cannot be reached.
const kExpected = /status of 404|status of 401|status of 503|ERR_CONNECTION|ERR_EMPTY_RESPONSE|ERR_INCOMPLETE_CHUNKED/;

async function open(url, options = {}) {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, ...options });
  page.setDefaultTimeout(60_000);  // of a wait, on a machine that does much else
  page.on("pageerror", error => faults.push(error.message));
  page.on("console", message => {
    if (message.type() === "error" && !kExpected.test(message.text())) faults.push(message.text());
  });
  page.on("request", request => {
    if (!request.url().startsWith(new URL(url).origin)) faults.push(`asked elsewhere: ${request.url()}`);
  });
  await page.goto(url);
  return page;
}

/** Waits until `figure` is above `least`, and gives it. */
async function grown(figure, least) {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const now = await figure();
    if (now > least) return now;
    assert.ok(Date.now() < deadline, `still ${now} after a minute`);
    await new Promise(resolve => setTimeout(resolve, 50));
  }
}

// What a page of the mock shows when it is complete: its heading, and something that was fetched for it.
const kComplete = {
  "": ["thresholds", ".edge-rate"],
  "component/thresholds/config": ["config", "canvas"],
  devices: ["Devices", ".virtual-body [role=row]"],
  "device/12": ["Fridge 12", "text=/above the limit of/"],
  alerts: ["Alerts", "td:has-text('too hot')"],
  gateways: ["Gateways", "text=Shop 4, back door"],
  lag: ["Lag", "td:has-text('readings/2')"],
  "dead-letters": ["Dead letters", ".letter"],
  tap: ["Tap", "text=thresholds/readings"],
  log: ["Log", ".line-of-log"],
};

describe("against a mock process", () => {
  let mock;
  beforeEach(async () => { mock = await new MockProcess().listen(); });
  afterEach(async () => {
    for (const context of browser.contexts()) await context.close();
    await mock.close();
  });

  test("the graph shows rates and load, and colours the hot spot", async () => {
    mock.loads.config = 0.97;
    const page = await open(mock.url);
    const hot = page.locator("a.node.hot");
    await hot.waitFor();
    assert.equal(await hot.getAttribute("data-component"), "config");
    assert.match(await hot.getAttribute("aria-label"), /config, bolt, 2 tasks, .*\/s, load 9\d %, queue 28.*hot spot: is busiest/);
    assert.match(await page.locator(".edge-rate").first().textContent(), /\d+\/s/);
  });

  test("a bolt that does not come back, its message and its age are named", async () => {
    mock.stuck = [{ component: "temperature", for_ns: 12e9 }];
    mock.oldest = [{ spout: "readings", task: 0, partition: 2, offset: 4711, age_ns: 12e9, where: "executing in temperature[1] for 12 s", component: "temperature" }];
    mock.reasons = [{ kind: "stuck", topology: "thresholds", component: "temperature", text: "executing partition 2, offset 4711 for 12 s" }];
    const page = await open(mock.url);
    await page.locator("a.node.stuck.hot[data-component=temperature]").waitFor();
    assert.match(await page.locator(".trouble").textContent(), /temperature has not come back for 12.0 s.*partition 2, offset 4711, 12.0 s old/s);
    assert.match(await page.locator(".notice.bad").textContent(), /Not ready.*thresholds\/temperature executing/s);
    assert.equal(await page.locator(".state").textContent(), "not ready");
  });

  test("errors open by click and by keyboard, and the focus goes back", async () => {
    mock.errors = [{ component: "notify", task: 0, at: new Date().toISOString(), times: 3, text: "POST http://sms/: 503" }];
    const page = await open(mock.url);
    const badge = page.getByRole("button", { name: "3 errors of notify" });
    await badge.focus();
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").getByText("POST http://sms/: 503").waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    assert.equal(await page.evaluate(() => document.activeElement.getAttribute("aria-label")), "3 errors of notify");
  });

  test("a component's latencies are drawn over time", async () => {
    const page = await open(`${mock.url}#/component/thresholds/config`);
    for (const title of ["Waiting in the queue", "Executing", "Load of its busiest task"])
      await page.getByRole("img", { name: title }).locator("canvas").waitFor();
    const label = () => page.getByRole("img", { name: "Executing" }).getAttribute("aria-label");
    assert.match(await label(), /99 % under \d/);
    const drawn = () => page.evaluate(() => {
      const canvas = document.querySelectorAll("canvas")[1];
      const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      let coloured = 0;
      for (let i = 0; i < data.length; i += 4) if (Math.abs(data[i] - data[i + 2]) > 60 && data[i + 3] > 200) coloured += 1;
      return coloured;
    });
    let least = 0;
    for (let times = 0; times < 3; times += 1) least = await grown(drawn, least);
  });

  test("a spout is paused after a question, with the token, and resumed", async () => {
    const page = await open(`${mock.url}#/component/thresholds/readings`);
    await page.getByRole("button", { name: "Pause" }).click();
    await page.getByRole("dialog", { name: "Pause readings?" }).getByRole("button", { name: "Pause" }).click();
    const token = page.getByRole("dialog", { name: "Token" });
    await token.getByLabel("Token", { exact: true }).fill("wrong");
    await token.getByRole("button", { name: "Use it" }).click();
    await token.getByRole("alert").waitFor();
    assert.equal(mock.paused.size, 0);
    await token.getByLabel("Token", { exact: true }).fill("s3cret");
    await token.getByRole("button", { name: "Use it" }).click();
    await page.getByText("readings is paused.").waitFor();
    assert.deepEqual([...mock.paused], ["readings"]);
    await page.getByRole("button", { name: "Resume" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Resume" }).click();
    await page.getByText("readings goes on.").waitFor();
    assert.equal(mock.paused.size, 0);
  });

  test("dead letters are looked at, and replayed only when that is confirmed", async () => {
    mock.needsToken = false;
    const page = await open(`${mock.url}#/dead-letters`);
    await page.getByText("25 letters kept, 25 not replayed yet").waitFor();
    const first = page.locator(".letter").first();
    await first.locator("summary").click();
    assert.match(await first.locator("pre").textContent(), /"token":"\*\*\*"/);
    await page.getByRole("button", { name: "Replay" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();
    assert.equal(mock.requests.filter(r => r.startsWith("POST")).length, 0);
    await page.getByRole("button", { name: "Replay" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Replay" }).click();
    await page.getByText("25 letters kept, 0 not replayed yet").waitFor();
    assert.ok(mock.requests.includes("POST /api/v1/dead-letters/reports/replay"));
  });

  test("ten thousand devices: painted within a second, found by name and state, few rows in the document", async () => {
    mock.addDevices(10_000);
    const page = await open(`${mock.url}#/devices`);
    await page.getByText("10,000 of 10,000").waitFor();
    const painted = async () => {
      await page.getByText("10,000 of 10,000").waitFor();
      return page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0].startTime);
    };
    // Of a few, the quickest: the others are what else the machine does.
    let quickest = await painted();
    for (let times = 0; times < 4 && quickest >= 1000; times += 1) {
      await page.reload();
      quickest = Math.min(quickest, await painted());
    }
    assert.ok(quickest < 1000, `first paint after ${quickest} ms`);
    assert.ok(await page.locator(".virtual-body [role=row]").count() < 60);
    await page.getByLabel("Find").fill("fridge 9999");
    await page.getByText("1 of 10,000").waitFor();
    await page.getByLabel("Find").fill("");
    await page.getByLabel("State").selectOption("silent");
    await page.waitForFunction(() => [...document.querySelectorAll(".virtual-body .tag")].every(t => t.textContent === "silent"));
    await page.getByLabel("State").selectOption("any");
    await page.getByRole("button", { name: "device" }).click();
    await page.locator(".virtual-body").evaluate(box => { box.scrollTop = box.scrollHeight; });
    await page.locator('[aria-rowindex="10001"]').waitFor();
  });

  test("a device's curve is told in words, zooms, and goes with its alerts", async () => {
    mock.addDevices(20).addExcursion("12");
    const page = await open(`${mock.url}#/device/12`);
    await page.getByText(/above the limit of 8.0 °C/).first().waitFor();
    await page.getByRole("table").getByText("too hot").first().waitFor();
    const plot = await page.locator(".u-over").first().boundingBox();
    await page.mouse.move(plot.x + plot.width * 0.5, plot.y + 50);
    await page.mouse.down();
    await page.mouse.move(plot.x + plot.width * 0.9, plot.y + 60, { steps: 4 });
    await page.mouse.up();
    await page.getByText(/\(\d+ h \d+ min\)/).waitFor();
    await page.getByRole("button", { name: "6 h" }).click();
    assert.match(await page.getByRole("link", { name: "CSV" }).getAttribute("href"), /^\/api\/v1\/devices\/12\/series\?from=\d+&to=\d+&format=csv$/);
  });

  test("log and tap show lines as they come", async () => {
    mock.logLines = [{ "@timestamp": new Date().toISOString(), "log.level": "warn", message: "old line", err: "disk" }];
    const page = await open(`${mock.url}#/log`);
    await page.getByText("old line").waitFor();
    await page.getByText("line 3", { exact: false }).first().waitFor();
    await page.getByLabel("At least").selectOption("warn");
    await page.waitForFunction(() => document.querySelectorAll(".line-of-log").length === 1);
    await page.goto(`${mock.url}#/tap/${encodeURIComponent("thresholds/readings")}`);
    await page.locator(".sample code").first().waitFor();
    assert.match(await page.locator(".sample").first().innerText(), /readings\/0\/\d+ · key 123/);
  });

  test("on a narrow screen the page that is open is in sight among the others", async () => {
    const page = await open(mock.url);
    await page.setViewportSize({ width: 390, height: 844 });
    await page.goto(`${mock.url}#/log`);
    const tab = page.getByRole("navigation", { name: "pages" }).getByRole("link", { name: "Log" });
    await page.waitForFunction(() => {
      const box = document.querySelector("header nav [aria-current]")?.getBoundingClientRect();
      return box && box.left >= 0 && box.right <= innerWidth;
    });
    assert.equal(await tab.getAttribute("aria-current"), "page");
  });

  test("what the process does not offer is not in the navigation", async () => {
    for (const path of ["devices", "alerts", "gateways", "dead-letters", "logs"]) mock.hidden.add(`/api/v1/${path}`);
    const page = await open(mock.url);
    await page.locator("a.node").first().waitFor();
    // Once it has asked for all of them, and shown what it heard since.
    const asked = path => mock.requests.filter(request => request.split("?")[0] === `GET ${path}`).length;
    for (const path of mock.hidden) await grown(() => asked(path), 0);
    await grown(() => asked("/api/v1/topology"), asked("/api/v1/topology") + 1);
    assert.deepEqual(await page.locator("header nav a").allTextContents(), ["Graph", "Lag", "Tap"]);
  });

  test("what a busy process did not answer at first is asked for again", async () => {
    mock.busy.add("/api/v1/dead-letters");
    const page = await open(mock.url);
    await page.getByRole("link", { name: "Log", exact: true }).waitFor();
    assert.equal(await page.getByRole("link", { name: "Dead letters" }).count(), 0);
    mock.busy.clear();
    await page.getByRole("link", { name: "Dead letters" }).waitFor();
  });

  test("every page can be used by a screen reader, light and dark, wide and narrow", async () => {
    mock.addDevices(50).addExcursion("12");
    mock.loads.config = 0.97;
    mock.errors = [{ component: "notify", task: 0, at: new Date().toISOString(), times: 1, text: "503" }];
    const found = [];
    for (const look of [{ colorScheme: "light" }, { colorScheme: "dark", viewport: { width: 390, height: 800 } }]) {
      const page = await open(mock.url, { ...look, bypassCSP: true });
      await page.evaluate(axe);
      for (const [path, [heading, content]] of Object.entries(kComplete)) {
        await page.goto(`${mock.url}#/${path}`);
        await page.locator("main h2", { hasText: heading }).waitFor();
        await page.locator(content).first().waitFor();
        // The name of a box begins with its label, and says in words what the figures after it show.
        const { violations } = await page.evaluate(() =>
          globalThis.axe.run(document, { rules: { "label-content-name-mismatch": { enabled: false } } }));
        found.push(...violations.map(v => `${look.colorScheme} ${path}: ${v.id}: ${v.nodes.map(n => n.html.slice(0, 120)).join(" | ")}`));
        if (await page.evaluate(() => document.documentElement.scrollWidth > innerWidth)) found.push(`${path} is wider than the screen`);
      }
      await page.close();
    }
    assert.deepEqual(found, []);
  });

  test("the keyboard reaches content, boxes and pages in the order in which they stand", async () => {
    const page = await open(mock.url);
    await page.locator("a.node").first().waitFor();
    const reached = [];
    for (let i = 0; i < 14; i += 1) {
      await page.keyboard.press("Tab");
      reached.push(await page.evaluate(() => document.activeElement.dataset?.component ?? document.activeElement.textContent));
    }
    assert.equal(reached[0], "To the content");
    assert.ok(reached.indexOf("Lag") < reached.indexOf("readings"), reached.join(", "));
    assert.ok(reached.indexOf("readings") < reached.indexOf("config"), reached.join(", "));
    await page.locator("[data-component=config]").focus();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "config" }).waitFor();
    assert.equal(await page.evaluate(() => document.activeElement.id), "content");
  });
});

describe("against real programs", { timeout: 240_000 }, () => {
  afterEach(async () => {
    for (const context of browser.contexts()) await context.close();
  });

  test("coldchain demo: graph, devices, a curve with its alert, dead letters; away and back through a restart", async () => {
    const port = await freePort();
    let program = await RealProcess.demo(port);
    try {
      const page = await open(`http://127.0.0.1:${port}/`);
      await page.locator("a.node").first().waitFor();
      await program.says(/ALL IN ORDER/);
      await page.locator(".state", { hasText: /^running$/ }).waitFor();
      await page.getByRole("link", { name: "Alerts", exact: true }).click();
      await page.getByRole("table", { name: "alerts" }).or(page.locator("table")).getByText("too hot").first().waitFor();
      await page.locator("tr", { hasText: "too hot" }).first().getByRole("link").click();
      await page.getByText(/\d+ points, from .* above the limit of/).waitFor();
      await page.getByRole("link", { name: "Devices", exact: true }).first().click();
      await page.getByRole("link", { name: /^Fridge/ }).first().waitFor();

      await page.getByRole("link", { name: "Dead letters", exact: true }).click();
      await page.locator(".letter summary").first().click();
      await page.locator(".letter pre").first().waitFor();
      await page.getByRole("button", { name: "Replay" }).click();
      await page.getByRole("dialog").getByRole("button", { name: "Replay" }).click();
      const dialog = page.getByRole("dialog", { name: "Token" });
      const where = dialog.getByText(/in the file \S+/);
      await where.waitFor();
      const [, file] = /in the file (\S+)/.exec(await where.textContent());
      await dialog.getByLabel("Token", { exact: true }).fill(readFileSync(file, "utf8").trim());
      await dialog.getByRole("button", { name: "Use it" }).click();
      await page.getByText("It began").waitFor();

      await page.getByRole("link", { name: "Log", exact: true }).click();
      await page.locator(".line-of-log").first().waitFor();

      await program.stop();
      await page.getByText(/The process does not answer since/).waitFor();
      await page.locator(".state", { hasText: /^away$/ }).waitFor();
      program = await RealProcess.run(port, program.directory);
      await page.getByText("The process answers again.").waitFor();
      await page.getByRole("link", { name: "Devices", exact: true }).click();
      await page.getByRole("link", { name: /^Fridge/ }).first().waitFor();
    } finally {
      await program.stop();
    }
  });
});
