// A dispatch system's end of Concord's webhooks, in JavaScript (Node 20): verify, keep once, answer, say what was taken over.
//
//   npm install standardwebhooks
//   CONCORD_WEBHOOK_SECRET=whsec_… CONCORD_URL=https://concord.example.org CONCORD_TOKEN=concord_… CONCORD_WEBHOOK=<id> \
//     PORT=9000 node receiver.mjs
//
// Events come in the journal's order and at least once. What is kept here, a line each, is kept once, by its id, before it is answered:
// whoever answers first and falls over then has lost it. That it was taken over is said again and again until it is heard, also after a
// restart: what was said stands in a file beside. Put a proxy that ends TLS in front of it.
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, writeSync } from "node:fs";
import { createServer } from "node:http";
import { Webhook } from "standardwebhooks";

const LARGEST = 1 << 20;
const { CONCORD_WEBHOOK_SECRET, CONCORD_URL, CONCORD_TOKEN, CONCORD_WEBHOOK, HOST = "127.0.0.1", PORT = "9000", STORE = "received.jsonl" } = process.env;
const webhook = new Webhook(CONCORD_WEBHOOK_SECRET);
const SAID = `${STORE}.said`;
const LONGEST_PAUSE_MS = 60_000; // somebody is rung after that time
const LONGEST_WAIT_MS = 10_000; // for an answer; then it is said again
const LATER = new Set([401, 403, 408, 425, 429]); // refusals that end; any other 4xx says the same the next time

/** Return the lines of a file, read as JSON. */
const lines = (path) => (existsSync(path) ? readFileSync(path, "utf8").split("\n").filter(Boolean).map((line) => JSON.parse(line)) : []);

/** Add a line to a file, durably. */
function add(path, value) {
  const file = openSync(path, "a");
  writeSync(file, `${JSON.stringify(value)}\n`);
  fsyncSync(file);
  closeSync(file);
}

const stored = lines(STORE);
const known = new Set(stored.map((event) => event.id));
const said = new Set(lines(SAID));
const toSay = stored.filter((event) => event.data.receipt && !said.has(event.id));
let saying = false;

/** Keep an event, durably; false where it was kept before. */
function keep(event) {
  if (known.has(event.id)) return false;
  add(STORE, event);
  known.add(event.id);
  return true;
}

/** Say what was taken over, in order, and again until it is heard. */
async function sayAll() {
  if (saying) return;
  saying = true;
  for (let pause = 1000; toSay.length; ) {
    if (await take(toSay[0]).catch((error) => console.log(`not told that ${toSay[0].id} was taken over: ${error}`))) {
      add(SAID, toSay.shift().id);
      pause = 1000;
    } else {
      await new Promise((over) => setTimeout(over, pause));
      pause = Math.min(2 * pause, LONGEST_PAUSE_MS);
    }
  }
  saying = false;
}

/** Say `taken_into_dispatch` for an event, under our number; false where it is to be said again later. A second time is refused, which does no harm. */
async function take({ id, data }, number = data.incident && `P-${data.incident.ref}`) {
  const answer = await fetch(`${CONCORD_URL}/api/v1/spaces/${data.space}/webhooks/${CONCORD_WEBHOOK}/receipts`, {
    method: "POST",
    headers: { authorization: `Bearer ${CONCORD_TOKEN}`, "content-type": "application/json" },
    body: JSON.stringify({ seq: data.seq, number }),
    signal: AbortSignal.timeout(LONGEST_WAIT_MS),
  });
  if (!answer.ok) console.log(`not told that ${id} was taken over: ${answer.status}`);
  // Another incident has our number: without it, nobody is rung.
  if (answer.status === 409 && number && (await answer.text()).includes("/problems/duplicate")) return take({ id, data }, null);
  return answer.status < 500 && !LATER.has(answer.status);
}

const server = createServer(async (request, response) => {
  const chunks = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > LARGEST) return response.writeHead(413).end();
    chunks.push(chunk);
  }
  let event;
  try {
    // Exactly these bytes were signed: verify before anything reads them.
    event = webhook.verify(Buffer.concat(chunks).toString("utf8"), request.headers);
  } catch {
    return response.writeHead(401).end();
  }
  // A drill's event is marked (event.exercise): keep it, and show it to nobody who sends real vehicles.
  const fresh = keep(event);
  response.writeHead(204).end();
  if (!fresh || !event.data.receipt) return;
  toSay.push(event);
  await sayAll();
});
server.listen(Number(PORT), HOST, () => {
  console.log(`listening on ${server.address().port}`);
  void sayAll();
});
