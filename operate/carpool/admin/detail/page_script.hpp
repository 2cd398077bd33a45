/// What the page does: it asks for /pools.json once a second, and shows a card for each pool.
#pragma once

#include <string_view>

namespace carpool::inline v0_1::detail {

/// It stands behind page_chart_script.
inline constexpr std::string_view page_script = R"js(
let token = "";
const cards = new Map();
const byId = id => document.getElementById(id);
const seen = new IntersectionObserver(entries => {
  for (const entry of entries) entry.target.card.show(entry.isIntersecting);
}, {rootMargin: "200px"});

function table(heads, rows) {
  const head = make("thead", {}, make("tr", {}, ...heads.map(text => make("th", {scope: "col"}, text))));
  const cell = value => value instanceof Node ? value : make("td", {}, String(value));
  const body = make("tbody", {}, ...rows.map(row => make("tr", {}, ...row.map(cell))));
  return make("div", {className: "scroll"}, make("table", {}, head, body));
}
function words(text) { return make("td", {className: "words"}, text); }
function note(text) { return make("p", {className: "note"}, text); }

function waitTable(metrics) {
  if (!metrics) return note("Without a MetricsObserver no waits are measured.");
  const span = metrics.wait_recent_window_s;
  const row = (name, d) => [name, ...["p50_s", "p90_s", "p99_s"].map(q => d.count ? time(d[q]) : "–"), number(d.count)];
  return table(["", "p50", "p90", "p99", "count"], [
    row(span ? `wait, last ${Math.round(span)} s` : "wait, lately", metrics.wait_recent), row("wait, since start", metrics.wait),
    row("in use for", metrics.use), row("connect took", metrics.create)]);
}
function holderTable(pool, card) {
  if (!pool.holders_total) return note("No connection is out.");
  const clock = age => new Date(Date.now() - age * 1000).toLocaleTimeString("en-GB");
  const shown = pool.holders.slice(0, card.showsAll ? pool.holders.length : 8);  // the oldest, and the card keeps its height
  const rows = shown.map(h => [`${h.file}:${h.line}`, time(h.age_s), clock(h.age_s), "#" + h.connection, h.worker || "–"]);
  const rest = pool.holders_total - rows.length, whole = make("div", {className: "holders"}, table(["acquired at", "for", "since", "connection", "worker"], rows));
  if (rest > 0 && !card.showsAll) {
    const more = make("button", {type: "button", className: "plain"}, `and ${rest} more`);
    more.addEventListener("click", () => { card.showsAll = true; card.render(); });
    whole.append(more);
  } else if (rest > 0) whole.append(note(`and ${rest} more`));
  return whole;
}
function endpointList(pool) {
  if (!pool.endpoints_total) return note("None is in use.");
  const breaker = e => e.breaker === "closed" ? "breaker closed" : e.breaker === "open" ? `breaker open, next try in ${time(e.retry_after_s)}` : "breaker half open";
  const waits = e => e.waiting ? `${e.waiting} waiting, the first for ${time(e.oldest_wait_s)}` : "0 waiting";
  const item = e => make("li", {}, make("b", {}, e.server || "(unnamed)"), ` ${e.connections} ${e.connections === 1 ? "connection" : "connections"}, ${waits(e)}, `,
    make("span", {className: e.breaker === "closed" ? "" : "alarm"}, breaker(e)), e.last_error ? make("div", {className: "alarm"}, e.last_error) : "");
  const rest = pool.endpoints_total - pool.endpoints.length;
  return make("div", {}, make("ul", {}, ...pool.endpoints.map(item)), rest > 0 ? note(`and ${rest} more`) : "");
}
function pairs(object, show) { return table(["", ""], Object.entries(object).map(([name, value]) => [name, words(show(name, value))])); }
function countTable(pool) {
  const counts = {leases: pool.acquired, "of these without the lock": pool.cache_hits, "timed out": pool.timeouts, connects: pool.connects, "connects that failed": pool.connect_failures};
  for (const [reason, count] of Object.entries(pool.closed_by_reason)) if (count) counts[`closed: ${reason}`] = count;
  if (pool.metrics) {
    for (const [why, count] of Object.entries(pool.metrics.acquire_failures)) if (count) counts[`no lease: ${why}`] = count;
    for (const [why, count] of Object.entries(pool.metrics.connect_failures)) if (count) counts[`no connection: ${why}`] = count;
    counts["leaks suspected"] = pool.metrics.leaks_suspected;
  }
  return pairs(counts, (_, count) => number(count));
}
function optionTable(pool) {
  const show = (name, value) => value === null ? (name.startsWith("leak") ? "off" : "no limit") : name.endsWith("_s") ? time(value) : String(value);
  return pairs(pool.options, show);
}

class Card {
  constructor(name, open) {
    this.name = name;
    this.badge = make("span", {className: "badge"});
    this.figures = {};
    const figure = ([key, css, text]) => make("div", {}, make("dt", {className: css}, text), this.figures[key] = make("dd"));
    this.charts = new Charts();
    this.waits = make("div", {className: "waiting-times"});
    const section = (title, build, isOpen) => {
      const count = make("span"), body = make("div"), whole = make("details", {open: isOpen}, make("summary", {}, make("b", {}, title), count), body);
      whole.addEventListener("toggle", () => this.render());
      return {whole, count, body, build};
    };
    this.sections = [section("Who holds connections", holderTable, open), section("Endpoints", endpointList, open),
      section("Counts", countTable, false), section("Options", optionTable, false)];
    this.steer = this.steering();
    this.element = make("article", {card: this}, make("h2", {}, make("span", {className: "name"}, name), this.badge),
      make("dl", {className: "figures"}, ...[...PARTS, ["waiting", "wait", "waiting"]].map(figure)),
      this.charts.element, this.waits, ...this.sections.map(s => s.whole), this.steer);
    seen.observe(this.element);
  }
  steering() {
    this.said = make("output");
    const button = (verb, text, isFinal) => {
      const it = make("button", {type: "button"}, text);
      it.addEventListener("click", () => {
        if (isFinal && !it.classList.contains("armed")) {  // a second click within 4 s means it
          it.classList.add("armed"), say(it, text + " for good?");
          setTimeout(() => { it.classList.remove("armed"), say(it, text); }, 4000);
        } else this.order(verb);
      });
      return it;
    };
    this.pause = button("suspend", "Suspend");
    this.resume = button("resume", "Resume");
    this.size = make("input", {type: "number", min: 1, ariaLabel: "New max_size"});
    return make("div", {className: "steer", hidden: true}, this.pause, this.resume, button("retire", "Retire all"), button("clear", "Close idle"),
      this.size, button("resize", "Resize"), button("drain", "Drain", true), this.said);
  }
  async order(verb) {
    const body = new URLSearchParams({pool: this.name});
    if (verb === "resize") body.set("max_size", this.size.value);
    try {
      const answer = await fetch("steer/" + verb, {method: "POST", body, headers: {Authorization: "Bearer " + token}});
      const {error, done, closed, leases_out} = await answer.json();
      say(this.said, error ? `Refused: ${error}` : `Done: ${done}` + (closed === undefined ? "" : `, ${closed} closed`) + (leases_out === undefined ? "" : `, ${leases_out} leases are out`));
    } catch (error) {
      say(this.said, `Not sent: ${error.message}`);
    }
    ask();
  }
  update(at, pool) {
    this.pool = pool;
    this.at = at;
    this.element.classList.remove("gone");
    this.charts.add(at, pool);
    this.tell(pool.ready ? "ready" : pool.not_ready_because, pool.ready ? "good" : pool.suspended && !pool.closed ? "pause" : "bad");
    this.render();
  }
  tell(state, css) {
    say(this.badge, state);
    this.badge.className = "badge " + css;
  }
  // It may come back; what it was is shown as long as its charts would be.
  leave(at) {
    this.element.classList.add("gone");
    this.tell("gone", "pause");
    this.render();
    if (at - this.at < KEPT) return;
    seen.unobserve(this.element);
    this.element.remove();
    cards.delete(this.name);
  }
  show(isSeen) {
    this.isSeen = isSeen;
    this.render();
  }
  render() {
    if (!this.isSeen || !this.pool) return;
    const pool = this.pool;
    for (const [key, element] of Object.entries(this.figures)) {
      if (key === "in_use") element.replaceChildren(String(pool.in_use), make("small", {}, "of " + pool.max_size));
      else say(element, String(pool[key]));
    }
    this.charts.draw();
    this.waits.replaceChildren(waitTable(pool.metrics));
    const counts = [pool.holders_total, pool.endpoints_total];
    this.sections.forEach((section, i) => {
      say(section.count, i < counts.length ? ` (${counts[i]})` : "");
      if (section.whole.open) section.body.replaceChildren(section.build(pool, this));
    });
    this.steer.hidden = !token || this.element.classList.contains("gone");
    this.pause.hidden = pool.suspended, this.resume.hidden = !pool.suspended;
    if (!this.size.value) this.size.value = pool.max_size;
  }
}

function take(answer) {
  const at = performance.now() / 1000, names = new Set(answer.pools.map(pool => pool.name)), few = names.size <= 4;
  for (const [name, card] of cards) if (!names.has(name)) card.leave(at);
  for (const pool of answer.pools) {
    if (!cards.has(pool.name)) {
      cards.set(pool.name, new Card(pool.name, few));
      byId("pools").append(cards.get(pool.name).element);
    }
    cards.get(pool.name).update(at, pool);
  }
  const all = answer.pools.length, ready = answer.pools.filter(pool => pool.ready).length;
  say(byId("summary"), all ? `${ready} of ${all} ready · carpool ${answer.carpool}` : "There is no pool now");
  byId("unlock").hidden = !answer.steering || token !== "";
  byId("filter").hidden = all <= 8;
}
let asking = false;
async function ask() {
  if (asking) return;
  asking = true;
  try {
    const answer = await fetch("pools.json", {cache: "no-store", signal: AbortSignal.timeout(5000)});
    if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
    take(await answer.json());
    byId("trouble").hidden = true;
  } catch (error) {
    byId("trouble").hidden = false;
    say(byId("trouble"), `These figures are old: ${error.message}`);
  }
  asking = false;
}
byId("unlock").addEventListener("submit", event => {
  event.preventDefault();
  token = byId("token").value;
  byId("token").value = "";
  ask();
});
byId("filter").addEventListener("input", event => {
  const part = event.target.value.toLowerCase();
  for (const [name, card] of cards) card.element.hidden = !name.toLowerCase().includes(part);
});
ask();
setInterval(() => { if (!document.hidden) ask(); }, 1000);
)js";

}  // namespace carpool::inline v0_1::detail
