/// What the page draws with: elements, words for figures, and the two charts of a pool.
#pragma once

#include <string_view>

namespace carpool::inline v0_1::detail {

/// Texts go into the page as text, never as HTML.
inline constexpr std::string_view page_chart_script = R"js(
"use strict";
const KEPT = 300, FIRST = 60;  // seconds that the charts show at most, and at first
const WIDTH = 300, TALL = 60;
const PARTS = [["in_use", "use", "in use"], ["idle", "idle", "idle"], ["connecting", "connect", "connecting"], ["closing", "close", "closing"]];

function make(tag, properties, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}
function draw(tag, attributes, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}
function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
function digits(number) {
  return Number(number.toFixed(number >= 100 ? 0 : number >= 10 ? 1 : 2));
}
function time(seconds) {
  if (seconds === null) return "no limit";
  if (seconds === 0) return "0";
  const [unit, size] = [["ns", 1e-9, 1e-6], ["µs", 1e-6, 1e-3], ["ms", 1e-3, 1], ["s", 1, 120], ["min", 60, 7200], ["h", 3600, Infinity]].find(each => seconds < each[2]);
  return digits(seconds / size) + "\u00a0" + unit;
}
function number(count) { return count.toLocaleString("en"); }

// Runs of samples without a hole in them: a page that sleeps asks for nothing.
function runs(samples) {
  const all = [];
  for (const sample of samples) {
    const last = all.at(-1);
    if (last && sample.at - last.at(-1).at < 5) last.push(sample);
    else all.push([sample]);
  }
  return all;
}
// The outline of what lies between two heights, over time.
function area(samples, now, span, scale, tall, low, high) {
  const x = sample => (WIDTH * (1 - (now - sample.at) / span)).toFixed(1);
  const y = value => (tall - value * scale).toFixed(1);
  return runs(samples).map(run => {
    const until = {...run.at(-1), at: run.at(-1).at + 1};  // a sample is true until the next
    const there = [...run, until].map(s => `${x(s)} ${y(high(s))}`);
    const back = [...run, until].reverse().map(s => `${x(s)} ${y(low(s))}`);
    return `M${there.join("L")}L${back.join("L")}Z`;
  }).join("");
}

class Charts {
  constructor() {
    this.samples = [];
    this.paths = PARTS.map(part => draw("path", {class: part[1]}));
    this.limit = draw("path", {class: "limit"});
    const view = tall => ({viewBox: `0 0 ${WIDTH} ${tall}`, preserveAspectRatio: "none", role: "img"});
    const frame = tall => draw("path", {class: "frame", d: `M0 ${tall}H${WIDTH}`});
    this.slots = draw("svg", {...view(TALL), class: "slots", "aria-label": "Connections over the last minutes"}, ...this.paths, this.limit, frame(TALL));
    this.waiters = draw("path", {class: "wait"});
    this.waits = draw("svg", {...view(20), class: "waits", "aria-label": "Waiting callers over the last minutes"}, this.waiters, frame(20));
    this.left = make("span"), this.right = make("span");
    this.element = make("div", {}, this.slots, this.waits, make("div", {className: "axis"}, this.left, this.right));
    this.element.addEventListener("pointermove", event => { this.pointed = this.sampleAt(event); this.label(); });
    this.element.addEventListener("pointerleave", () => { this.pointed = null; this.label(); });
  }
  add(at, pool) {
    const {in_use, idle, connecting, closing, waiting, max_size} = pool;
    this.samples.push({at, in_use, idle, connecting, closing, waiting, max_size});
    while (this.samples[0].at < at - KEPT) this.samples.shift();
  }
  draw() {
    const now = this.samples.at(-1).at + 1;
    this.span = Math.min(KEPT, Math.max(FIRST, now - this.samples[0].at));
    const total = s => PARTS.reduce((sum, part) => sum + s[part[0]], 0);
    const top = Math.max(...this.samples.map(s => Math.max(s.max_size, total(s)))), scale = (TALL - 4) / top;
    PARTS.forEach((part, i) => {
      const below = s => PARTS.slice(0, i).reduce((sum, each) => sum + s[each[0]], 0);
      this.paths[i].setAttribute("d", area(this.samples, now, this.span, scale, TALL, below, s => below(s) + s[part[0]]));
    });
    const y = TALL - this.samples.at(-1).max_size * scale;
    this.limit.setAttribute("d", `M0 ${y}H${WIDTH}`);
    this.most = Math.max(...this.samples.map(s => s.waiting));
    this.waiters.setAttribute("d", area(this.samples, now, this.span, 18 / Math.max(this.most, 1), 20, () => 0, s => s.waiting));
    this.label();
  }
  sampleAt(event) {
    const box = this.element.getBoundingClientRect(), now = this.samples.at(-1).at + 1;
    const at = now - this.span * (1 - (event.clientX - box.left) / box.width);
    return this.samples.reduce((best, s) => Math.abs(s.at - at) < Math.abs(best.at - at) ? s : best);
  }
  label() {
    const s = this.pointed, last = this.samples.at(-1);
    say(this.left, s ? `${Math.round(last.at - s.at)} s ago` : `${time(Math.round(this.span))} ago`);
    say(this.right, s ? PARTS.map(part => `${part[2]} ${s[part[0]]}`).join(", ") + `, waiting ${s.waiting}`
      : `dashed: max_size ${last.max_size}; most waiting: ${this.most}; now`);
  }
}
)js";

}  // namespace carpool::inline v0_1::detail
