/// How the page looks, light and dark, on a desk and on a telephone.
#pragma once

#include <string_view>

namespace carpool::inline v0_1::detail {

inline constexpr std::string_view page_style = R"css(
:root {
  color-scheme: light dark;
  --ground: #f4f6f9; --card: #fff; --ink: #1d2733; --soft: #5b6675; --rule: #dde3ea;
  --use: #0072b2; --idle: #9fcbe6; --connect: #e69f00; --close: #8a94a3; --wait: #c2410c;
  --good: #17693a; --good-ground: #dcf3e4; --bad: #9f1d1d; --bad-ground: #fbe3e1; --pause: #7a4b00; --pause-ground: #fdefd0;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #10151c; --card: #19212b; --ink: #e6eaf0; --soft: #9aa6b5; --rule: #2b3643;
    --use: #4aa8e0; --idle: #2a5f83; --connect: #e0a526; --close: #768292; --wait: #ff8a5b;
    --good: #7fdba0; --good-ground: #173524; --bad: #ffaaa2; --bad-ground: #47201f; --pause: #f5c76b; --pause-ground: #3d2f10;
  }
}
* { box-sizing: border-box; }
[hidden] { display: none !important; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 14px/1.45 system-ui, -apple-system, "Segoe UI", sans-serif; }
header { display: flex; flex-wrap: wrap; align-items: center; gap: 6px 16px; padding: 14px 20px 4px; max-width: 1400px; margin: 0 auto; }
h1 { font-size: 20px; margin: 0; }
#summary { margin: 0; color: var(--soft); flex: 1 1 200px; }
#unlock { display: flex; gap: 6px; }
input, button { font: inherit; color: inherit; background: var(--card); border: 1px solid var(--rule); border-radius: 6px; padding: 4px 10px; }
input { min-width: 0; }
button { cursor: pointer; }
button.plain { border: 0; padding: 2px 0; color: var(--use); background: none; }
button:hover { border-color: var(--soft); }
button.armed { background: var(--bad-ground); color: var(--bad); border-color: var(--bad); }
:focus-visible { outline: 2px solid var(--use); outline-offset: 1px; }
#trouble { margin: 8px auto; max-width: 1360px; width: calc(100% - 40px); padding: 8px 14px; border-radius: 8px; background: var(--bad-ground); color: var(--bad); }
main { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 520px), 1fr)); gap: 16px; padding: 12px 20px 30px; max-width: 1400px; margin: 0 auto; align-items: start; }
article { background: var(--card); border: 1px solid var(--rule); border-radius: 10px; padding: 14px 16px; min-width: 0; }
article.gone { order: 1; }
article.gone > :not(h2) { opacity: .45; }
article > h2 { font-size: 16px; margin: 0 0 8px; display: flex; gap: 10px; align-items: baseline; justify-content: space-between; }
h2 .name { overflow-wrap: anywhere; }
.badge { flex: none; max-width: 60%; font-size: 12px; font-weight: 600; padding: 1px 9px; border-radius: 9px; background: var(--good-ground); color: var(--good); }
.badge.bad { background: var(--bad-ground); color: var(--bad); }
.badge.pause { background: var(--pause-ground); color: var(--pause); }
.figures { display: grid; grid-template-columns: repeat(5, auto); justify-content: space-between; gap: 4px; margin: 0; }
.figures div { min-width: 0; }
.figures dt { font-size: 12px; color: var(--soft); white-space: nowrap; }
.figures dt::before { content: ""; display: inline-block; width: 9px; height: 9px; border-radius: 2px; margin-right: 5px; background: var(--swatch); }
.figures dd { margin: 0; font-size: 20px; font-variant-numeric: tabular-nums; line-height: 1.25; }
.figures small { font-size: 12px; color: var(--soft); margin-left: 3px; }
.use { --swatch: var(--use); } .idle { --swatch: var(--idle); } .connect { --swatch: var(--connect); }
.close { --swatch: var(--close); } .wait { --swatch: var(--wait); }
svg { display: block; width: 100%; margin-top: 6px; }
svg.slots { height: 84px; } svg.waits { height: 34px; }
svg path { stroke: none; fill: var(--swatch); }
svg .frame { stroke: var(--rule); fill: none; vector-effect: non-scaling-stroke; }
svg .limit { stroke: var(--soft); stroke-dasharray: 4 4; fill: none; vector-effect: non-scaling-stroke; }
.axis { display: flex; justify-content: space-between; gap: 10px; color: var(--soft); font-size: 12px; min-height: 18px; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
.scroll { overflow-x: auto; }
th, td { text-align: right; padding: 3px 0 3px 12px; border-top: 1px solid var(--rule); white-space: nowrap; font-weight: normal; vertical-align: top; }
thead th { border-top: 0; color: var(--soft); font-size: 12px; }
th:first-child, td:first-child { text-align: left; padding-left: 0; }
td.words { white-space: normal; overflow-wrap: anywhere; text-align: left; min-width: 130px; }
ul { list-style: none; margin: 4px 0; padding: 0; }
li { padding: 3px 0; overflow-wrap: anywhere; }
li b { font-weight: 600; margin-right: 6px; }
.alarm { color: var(--bad); }
.waiting-times { margin-top: 6px; }
details { border-top: 1px solid var(--rule); padding-top: 5px; margin-top: 7px; }
summary { cursor: pointer; color: var(--soft); }
summary b { color: var(--ink); font-weight: 600; }
.note { color: var(--soft); margin: 4px 0; }
.steer { display: flex; flex-wrap: wrap; gap: 6px; margin-top: 10px; padding-top: 10px; border-top: 1px solid var(--rule); align-items: center; }
.steer input { width: 76px; }
.steer output { color: var(--soft); flex-basis: 100%; overflow-wrap: anywhere; }
.steer output:empty { display: none; }
@media (max-width: 480px) {
  header { padding: 12px 12px 0; } main { padding: 10px 12px 24px; gap: 12px; } article { padding: 12px; }
  .figures dt { font-size: 11px; } .figures dt::before { width: 7px; height: 7px; margin-right: 3px; } .figures dd { font-size: 17px; }
  #unlock { flex: 1 1 100%; } #token { flex: 1; } #trouble { width: calc(100% - 24px); }
  table { font-size: 13px; } th, td { padding-left: 6px; }
  .holders th:nth-child(5), .holders td:nth-child(5) { display: none; }
}
)css";

}  // namespace carpool::inline v0_1::detail
