// The official Node SDK, driven line by line: a request {api, method, args} as JSON on standard input, an answer
// {result} or {error} as JSON on standard output. OPTIONS are the SDK's own host options, empty for its defaults.
"use strict";

const { createInterface } = require("node:readline");
const { Vonage } = require("@vonage/server-sdk");

const { API_KEY, API_SECRET, APPLICATION_ID, PRIVATE_KEY, OPTIONS } = process.env;
const credentials = {
  apiKey: API_KEY,
  apiSecret: API_SECRET,
  applicationId: APPLICATION_ID,
  privateKey: PRIVATE_KEY,
};
const vonage = new Vonage(credentials, JSON.parse(OPTIONS));
const APIS = ["voice", "applications", "numbers", "users"];

function methods() {
  const own = (each) => Object.getOwnPropertyNames(Object.getPrototypeOf(vonage[each]));
  return APIS.flatMap((each) => own(each).filter((name) => name !== "constructor").map((name) => `${each}.${name}`));
}

async function collected(value) {
  const settled = await value;
  if (!settled || !settled[Symbol.asyncIterator]) return settled;
  const found = [];
  for await (const each of settled) found.push(each);
  return found;
}

async function told(error) {
  const body = error.response && !error.response.bodyUsed ? await error.response.text() : "";
  return { message: `${error.message} ${error.cause ? error.cause.message : ""}`, status: error.response?.status ?? null, body };
}

async function answer(line) {
  const { api, method, args } = JSON.parse(line);
  if (api === "methods") return { result: methods() };
  try {
    return { result: (await collected(vonage[api][method](...args))) ?? null };
  } catch (error) {
    return { error: await told(error) };
  }
}

(async () => {
  for await (const line of createInterface({ input: process.stdin })) {
    process.stdout.write(`${JSON.stringify(await answer(line))}\n`);
  }
})();
