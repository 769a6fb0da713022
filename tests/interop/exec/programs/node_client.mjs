// Makes an application at Vonage with each named one of Node's HTTP clients, as their first pages show them.
import http from "node:http";
import https, { request as namedRequest } from "node:https";

const [kinds, name] = process.argv.slice(2);
const path = "/v2/applications";
const body = JSON.stringify({ name });
const key = `${process.env.VONAGE_API_KEY}:${process.env.VONAGE_API_SECRET}`;
const headers = {
  Authorization: `Basic ${Buffer.from(key).toString("base64")}`,
  "Content-Type": "application/json",
};

async function withFetch(url) {
  const answer = await fetch(url, { method: "POST", body, headers });
  return answer.text();
}

function withRequest(request, url, options = {}) {
  return new Promise((resolve, reject) => {
    const made = request(url, { method: "POST", headers, ...options }, (answer) => {
      let text = "";
      answer.on("data", (part) => (text += part));
      answer.on("end", () => resolve(text));
    });
    made.on("error", reject);
    made.end(body);
  });
}

const secure = `https://api.nexmo.com${path}`;
const plain = `http://api.nexmo.com${path}`;
const clients = {
  fetch: () => withFetch(secure),
  fetch_plain: () => withFetch(plain),
  https: () => withRequest(https.request, secure),
  https_named: () => withRequest(namedRequest, secure),
  https_agent: () => withRequest(https.request, secure, { agent: new https.Agent({ keepAlive: false }) }),
  http: () => withRequest(http.request, plain),
};
for (const kind of kinds.split(",")) console.log(JSON.parse(await clients[kind]()).id);
