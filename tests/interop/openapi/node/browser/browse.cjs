"use strict";
// Opens reference pages in Chromium and does in them what a person does. The job comes as JSON on standard input,
// what was seen goes as JSON to standard output. Nothing but this machine has an address for the browser.

const { chromium } = require("playwright-core");

const ARGUMENTS = [
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
];
const PATIENCE = 60_000;
const COMPLAINTS = ["error", "warning", "assert"];

// Fills fields of the dialog, each named as in the page's markup, and closes it.
async function authorise(page, fields) {
  await page.locator(".auth-wrapper .btn.authorize").first().click();
  const dialog = page.locator(".modal-ux");
  let container;
  for (const [name, value] of Object.entries(fields)) {
    const field = page.locator(`[aria-label="${name}"], #${name}`);
    await field.fill(value);
    container = dialog.locator(".auth-container").filter({ has: field });
  }
  const pressed = container.locator("button.authorize");
  await pressed.click();
  await dialog.locator("button", { hasText: "Logout" }).or(dialog.locator(".errors")).first().waitFor();
  const refused = await dialog.locator(".errors").allInnerTexts();
  await dialog.locator("button.btn-done, .close-modal").first().click();
  return refused;
}

// Tries one operation out: { method, path, parameters, body }; a body that is not given is left as the page shows it.
async function attempt(page, { method, path, parameters = {}, body }) {
  const operation = page
    .locator(`.opblock-${method.toLowerCase()}`)
    .filter({ has: page.locator(`[data-path="${path}"]`) });
  await operation.locator(".opblock-summary-control").click();
  await operation.locator("button.try-out__btn").click();
  for (const [name, value] of Object.entries(parameters)) {
    await operation.locator(`tr[data-param-name="${name}"] input`).fill(value);
  }
  const written = operation.locator("textarea.body-param__text");
  if (body !== undefined) await written.fill(JSON.stringify(body));
  await operation.locator("button.execute").click();
  const row = operation.locator(".live-responses-table tbody tr.response").first();
  await row.waitFor();
  await row.scrollIntoViewIfNeeded();
  return {
    status: (await row.locator(".response-col_status").innerText()).trim().split(/\s+/)[0],
    text: await row.locator(".response-col_description").innerText(),
    shown: await row.locator("pre").first().innerText(),
    command: await operation.locator(".curl-command pre").innerText(),
  };
}

async function operations(page) {
  return page.locator(".opblock-summary").evaluateAll((found) =>
    found
      .filter((each) => each.checkVisibility() && each.getBoundingClientRect().height > 10)
      .map((each) => [
        each.querySelector(".opblock-summary-method").innerText,
        each.querySelector(".opblock-summary-path").dataset.path,
        each.querySelector(".opblock-summary-path").innerText.replace(/[\u200b\s]/g, ""),
      ])
  );
}

async function visit(context, { name, address, fields, operation }, shots) {
  const page = await context.newPage();
  const seen = { complaints: [], requests: [] };
  page.on("console", (told) => {
    if (COMPLAINTS.includes(told.type())) seen.complaints.push(`${told.type()}: ${told.text()}`);
  });
  page.on("pageerror", (error) => seen.complaints.push(error.message));
  page.on("request", (request) => seen.requests.push(request.url()));
  await page.goto(address);
  if (name) {
    await page.locator(".opblock").first().waitFor();
    seen.operations = await operations(page);
  } else {
    seen.links = await page.locator("a").evaluateAll((all) => all.map((each) => each.href));
  }
  seen.title = await page.title();
  if (fields) seen.refused = await authorise(page, fields);
  if (operation) seen.answer = await attempt(page, operation);
  if (shots) await page.screenshot({ path: `${shots}/${name || "front"}${operation ? "-tried" : ""}.png` });
  await page.close();
  return seen;
}

async function main() {
  let text = "";
  for await (const part of process.stdin) text += part;
  const job = JSON.parse(text);
  const context = await chromium.launchPersistentContext(job.profile, {
    executablePath: job.chromium,
    args: ARGUMENTS,
    chromiumSandbox: false,
    ignoreHTTPSErrors: true,
    timeout: PATIENCE,
    viewport: { width: 1200, height: 1400 },
  });
  context.setDefaultTimeout(PATIENCE);
  try {
    const seen = [];
    for (const page of job.pages) seen.push(await visit(context, page, job.shots));
    console.log(JSON.stringify(seen));
  } finally {
    await context.close();
  }
}

main();
