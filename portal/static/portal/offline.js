// The staff page without a network: takes codes within the store's rules, shows the list, sends it when the network is
// back. The server judges everything again; what stands here keeps honest hands from taking what will be refused.
const place = document.getElementById("offline");
const words = place.dataset;
const queue = window.tillQueue;
const take = document.getElementById("take");
const checking = document.getElementById("check");
const TOKEN = /^[A-Z2-7]{47}$/; // what a customer's phone shows: see codes/presentation.py
const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const SLOT = 30000;
const TOKEN_MAY_BE_OFF = 120000; // milliseconds; the server allows more
const AGAIN = 15000;
let rules = null;
let csrf = "";
let isAway = false;
let scanned = "";
let waiting = 0;
let isLeaving = false;
let isSending = false;

const yen = (amount) => `${amount.toLocaleString("ja-JP")}円`;
const now = () => Date.now() + rules.ahead; // by the server's clock, as it was when the rules were told
const canonical = (text) => text.normalize("NFKC").replace(/[\s\-‐‑‒–—―ーｰ−_]+/g, "").toUpperCase();
const part = (name) => take.querySelector(`[data-part=${name}]`);
const prize = () => rules.prizes.find((one) => one.id === take.elements.prize.value);

function say(text) {
  const trouble = document.getElementById("offline-trouble");
  trouble.textContent = text;
  trouble.hidden = !text;
  if (!text) return;
  place.hidden = false;
  trouble.scrollIntoView({ block: "nearest" });
}

function shownAt(token) {
  const bits = [...token].map((letter) => LETTERS.indexOf(letter).toString(2).padStart(5, "0")).join("");
  return parseInt(bits.slice(136, 168), 2) * SLOT;
}

// Two pictures of one code differ by their seconds, not by what they stand for.
const sameness = (text) => (TOKEN.test(canonical(text)) ? canonical(text).slice(2, 27) : canonical(text));

function digits(field) {
  const typed = field.value.normalize("NFKC").replace(/[\s,、円¥]/g, "");
  if (typed && !/^[0-9]{1,8}$/.test(typed)) throw [field, words.amount];
  return typed ? Number(typed) : null;
}

async function left() {
  const open = (await queue.uses()).filter((use) => use.state === "waiting");
  const taken = open.reduce((sum, use) => sum + use.amount, 0);
  return { count: rules.most.count - rules.taken.count - open.length, jpy: rules.most.jpy - rules.taken.jpy - taken };
}

async function obstacle(text) {
  if (!rules || !rules.prizes.length) return words.notAllowed;
  if (now() >= rules.until) return words.over;
  const room = await left();
  if (room.count < 1 || room.jpy < 1) return words.full;
  const typed = canonical(text);
  if (TOKEN.test(typed) && Math.abs(shownAt(typed) - now()) > TOKEN_MAY_BE_OFF) return words.stale;
  for (const use of (await queue.uses()).filter((one) => one.state === "waiting")) {
    if (sameness(await queue.code(use)) === sameness(text)) return words.twice;
  }
  return "";
}

function option(value, text) {
  const made = document.createElement("option");
  made.value = value;
  made.textContent = text;
  return made;
}

function ask() {
  const chosen = prize();
  part("item").hidden = !chosen || !chosen.products.length;
  part("price").hidden = !chosen || !chosen.products.length || (chosen.is_once && !chosen.asks_figure);
  part("total").hidden = !chosen || chosen.products.length > 0 || !chosen.asks_figure;
  part("amount").hidden = !chosen || chosen.is_once;
  take.elements.goods.replaceChildren(option("", ""), ...(chosen ? chosen.products : []).map((name) => option(name, name)));
  const sentences = (chosen ? chosen.sentences : []).map((sentence) => {
    const line = document.createElement("li");
    line.textContent = sentence;
    return line;
  });
  document.getElementById("take-conditions").replaceChildren(...sentences);
}

async function begin(text) {
  await known; // whoever is quicker than the browser's store is not told that nothing is allowed
  const problem = text ? await obstacle(text) : words.fill;
  say(problem);
  if (problem) return setTimeout(() => document.dispatchEvent(new Event("scan-again")), 2000);
  scanned = text;
  checking.elements.code.value = "";
  take.reset();
  const choices = rules.prizes.map((one) => option(one.id, one.name));
  take.elements.prize.replaceChildren(...(choices.length > 1 ? [option("", "")] : []), ...choices);
  ask();
  take.hidden = false;
  checking.hidden = true;
  for (const name of ["scanner", "camera-read", "camera-hint", "camera-trouble"]) document.getElementById(name).hidden = true;
  document.getElementById("take-title").focus();
}

// What staff typed, or which field is wrong and why.
function told() {
  const chosen = prize();
  const { prize: name, goods, price, total, amount } = take.elements;
  if (!chosen) throw [name, words.fill];
  const asked = (field) => {
    const figure = field.closest(".field").hidden ? null : digits(field);
    if (figure === null && !field.closest(".field").hidden) throw [field, words.fill];
    return figure;
  };
  if (chosen.products.length && !goods.value) throw [goods, words.fill];
  const facts = { item: goods.value, price: asked(price), total: asked(total) };
  facts.amount = chosen.is_once ? chosen.value : asked(amount);
  if (!facts.amount) throw [amount, words.amount];
  const isAbove = !chosen.is_once && facts.price !== null && facts.amount > facts.price;
  if (isAbove) throw [amount, words.above];
  if (facts.amount > rules.most.a_code) throw [amount, words.tooMuch.replace("{yen}", yen(rules.most.a_code))];
  return { ...facts, name: chosen.name };
}

take.addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    const facts = told();
    if (facts.amount > (await left()).jpy) throw [take.elements.amount, words.full];
    const text = scanned;
    scanned = "";
    await queue.add({ ...facts, at: Date.now(), store: rules.store.id, permit: rules.permit }, text);
    go(words.away);
  } catch (wrong) {
    if (!Array.isArray(wrong)) throw wrong;
    say(wrong[1]);
    wrong[0].focus();
  }
});
take.elements.prize.addEventListener("change", ask);
document.getElementById("take-not").addEventListener("click", () => go(words.away));

// From page to page the list stays, so that nobody need be warned.
function leave() {
  isLeaving = true;
  setTimeout(() => (isLeaving = false), 2000);
}

function go(address) {
  leave();
  location.assign(address);
}

function line(use) {
  const item = document.createElement("li");
  const head = document.createElement("p");
  const tag = document.createElement("span");
  tag.className = `tag ${{ waiting: "now", sent: "good", check: "bad" }[use.state]}`;
  tag.textContent = words[use.state];
  head.append(tag, ` ${new Date(use.at).toLocaleTimeString("ja-JP", { timeZone: "Asia/Tokyo", hour: "2-digit", minute: "2-digit" })}　${yen(use.amount)}`);
  const what = document.createElement("p");
  what.textContent = [use.name, use.item].filter(Boolean).join("　");
  item.append(head, what);
  if (use.sentence) {
    const why = document.createElement("p");
    why.textContent = use.sentence;
    item.append(why);
  }
  return item;
}

async function draw() {
  const uses = await queue.uses();
  waiting = uses.filter((use) => use.state === "waiting").length;
  document.getElementById("queue").replaceChildren(...uses.reverse().map(line));
  document.getElementById("queue-part").hidden = !uses.length;
  document.getElementById("send-now").hidden = !waiting;
  const name = document.getElementById("store-name");
  if (rules && name) name.textContent = rules.store.name;
  const isOn = rules && rules.prizes.length > 0;
  place.hidden = !(isAway || uses.length);
  document.getElementById("away").hidden = !isAway;
  if (!isAway) return;
  const room = isOn && now() < rules.until ? await left() : null;
  const text = room ? words.left.replace("{count}", Math.max(0, room.count)).replace("{yen}", yen(Math.max(0, room.jpy))) : "";
  document.getElementById("away-text").textContent = text || (isOn ? words.over : words.notAllowed);
}

async function recall() {
  if (!queue.isPossible()) return;
  await queue.tidy(false);
  rules = (await queue.kept("rules")) || null;
}

// Asks for the rules; without an answer there is no network, whatever the browser believes.
async function contact() {
  let answer;
  try {
    answer = await fetch(words.rules, { redirect: "error", cache: "no-store" });
  } catch {
    isAway = true;
    return draw();
  }
  isAway = answer.status >= 500;
  if (answer.status === 401) {
    await queue.forget("rules");
    rules = null;
    const { sentence } = await answer.json();
    if (waiting) say(sentence);
  } else if (answer.ok) {
    ({ csrf, ...rules } = await answer.json());
    rules.ahead = rules.now - Date.now();
    await sendAll();
    await queue.keep("rules", rules);
    if (rules.prizes.length) navigator.serviceWorker.register(words.worker, { scope: words.page }).catch(() => {});
  }
  await draw();
  if (!isAway && place.hasAttribute("data-shell") && take.hidden) go(words.page);
}

async function sendAll() {
  if (isSending) return;
  isSending = true;
  try {
    for (const use of await queue.uses()) {
      if (use.state === "waiting" && use.store === rules.store.id && !(await send(use))) break;
    }
  } finally {
    isSending = false;
  }
}

async function send(use) {
  const text = await queue.code(use).catch(() => "");
  if (!text) {
    await queue.settle(use, "check", words.broken); // the browser has thrown its key away
    return true;
  }
  const body = new FormData();
  const facts = { id: use.id, code: text, permit: use.permit, taken_at: use.at, sent_at: Date.now() };
  Object.entries({ ...facts, amount: use.amount, item: use.item, price: use.price, total: use.total }).forEach(([name, value]) => {
    if (value !== null && value !== "") body.append(name, value);
  });
  try {
    const answer = await fetch(words.send, { method: "POST", body, headers: { "X-CSRFToken": csrf }, redirect: "error" });
    const { result, sentence } = await answer.json();
    if (!answer.ok) {
      say(sentence);
      return false;
    }
    await queue.settle(use, result === "disputed" ? "check" : "sent", sentence);
    if (result === "booked") rules.taken = { count: rules.taken.count + 1, jpy: rules.taken.jpy + use.amount };
    return true;
  } catch {
    isAway = true;
    return false;
  }
}

checking.addEventListener("submit", (event) => {
  if (!isAway && navigator.onLine) return;
  event.preventDefault();
  isAway = true;
  begin(checking.elements.code.value.trim()).then(draw);
});
document.getElementById("send-now").addEventListener("click", contact);
window.addEventListener("online", contact);
window.addEventListener("offline", () => {
  isAway = true;
  draw();
});
window.addEventListener("beforeunload", (event) => {
  if (waiting && !isLeaving) event.preventDefault();
});
document.addEventListener("click", (event) => {
  if (event.target.closest("a[href]")) leave();
});
document.addEventListener("submit", (event) => {
  if (!event.defaultPrevented) leave();
});
const out = document.querySelector("form[action$='/staff/logout/']");
if (out) {
  out.addEventListener("submit", (event) => {
    if (waiting && !confirm(words.leave)) return event.preventDefault();
    queue.forget("rules").then(() => queue.tidy(true)); // whoever has the phone next reads nothing here
  });
}

async function start() {
  if (!queue.isPossible()) return;
  await known;
  isAway = place.hasAttribute("data-shell") || !navigator.onLine;
  await draw();
  await contact();
  setInterval(() => {
    if (isAway || waiting) contact();
  }, AGAIN);
}
const known = recall().catch(() => {}); // a browser that keeps nothing knows no rules
start();
