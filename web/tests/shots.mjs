// Pictures of the page: node tests/shots.mjs URL FOLDER [PATH=NAME ...]
// Each is taken wide and narrow, light and dark.

import { chromium } from "playwright-core";

const [url, folder, ...wanted] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
for (const [size, viewport] of [["wide", { width: 1280, height: 800 }], ["narrow", { width: 390, height: 844 }]])
  for (const colorScheme of ["light", "dark"]) {
    const page = await browser.newPage({ viewport, colorScheme, deviceScaleFactor: 1 });
    page.on("console", m => { if (m.type() === "error" && !m.text().includes("404")) console.error("console:", m.text()); });
    page.on("pageerror", e => console.error("page:", e.message));
    for (const want of wanted) {
      const [path, name] = want.split("=");
      await page.goto(`${url}#${path}`);
      await page.waitForTimeout(Number(process.env.WAIT ?? 3500));
      await page.screenshot({ path: `${folder}/${name}-${size}-${colorScheme}.png` });
    }
    await page.close();
  }
await browser.close();
