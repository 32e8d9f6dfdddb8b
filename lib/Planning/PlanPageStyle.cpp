// How the page of a plan looks, and the little that moves on it: entries are tabs, and a node's details are shown beside the graph.
// Colours are variables, so that light and dark differ in one place each.
#include "PlanPageParts.h"

namespace tp::page {

const char *const style = R"css(
:root { color-scheme: light dark; --ground: #fbfbfa; --card: #ffffff; --text: #1b1f24; --muted: #626a73; --line: #d9dcdf;
  --strong: #b9bec4; --accent: #0b57c2; --move: #b3420a; --move-ground: #fff1e6; --axis0: #0b62b8; --axis1: #7a3fb0; --axis2: #0f7a4d;
  --axis3: #9a5b00; --part0: #3f72af; --part1: #7aa5d2; --part2: #c2a83e; --part3: #d9733a; }
@media (prefers-color-scheme: dark) { :root { --ground: #14171a; --card: #1d2125; --text: #e4e7ea; --muted: #98a1aa; --line: #30363c;
  --strong: #4a525a; --accent: #7db3ff; --move: #ffa366; --move-ground: #35230f; --axis0: #74b6ff; --axis1: #c79bf2; --axis2: #62cf9b;
  --axis3: #e5b25c; --part0: #5b8fd0; --part1: #36577d; --part2: #9c8634; --part3: #c86a36; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 28px clamp(14px, 3vw, 40px) 80px; max-width: 1560px; background: var(--ground); color: var(--text);
  font: 14px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "DejaVu Sans", sans-serif; }
code, .graph text, .layout { font-family: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: 12px; }
h1 { margin: 0; font-size: 22px; font-weight: 650; letter-spacing: -0.01em; overflow-wrap: anywhere; }
h2 { margin: 28px 0 6px; font-size: 17px; } h3 { margin: 36px 0 10px; font-size: 15px; font-weight: 650; }
.js h2.entry-name { display: none; }
.mesh { margin: 6px 0 18px; color: var(--muted); } .note { color: var(--move); }
.chip { display: inline-block; padding: 1px 9px; border: 1px solid currentColor; border-radius: 999px; font-size: 12px; }
.chip.axis0 { color: var(--axis0); } .chip.axis1 { color: var(--axis1); } .chip.axis2 { color: var(--axis2); }
.chip.axis3 { color: var(--axis3); }
.tabs { display: none; gap: 2px; border-bottom: 1px solid var(--line); } .js .tabs { display: flex; }
.tabs button { padding: 8px 16px; border: 0; border-bottom: 2px solid transparent; background: none; color: var(--muted); font: inherit;
  cursor: pointer; }
.tabs button[aria-selected="true"] { border-color: var(--accent); color: var(--text); font-weight: 600; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.figures { display: flex; flex-wrap: wrap; gap: 12px 44px; margin: 20px 0 22px; }
.figures strong { display: block; font-size: 21px; font-weight: 600; font-variant-numeric: tabular-nums; }
.figures span, .muted, .hint { color: var(--muted); } .figures span { font-size: 13px; }
.split { display: grid; grid-template-columns: minmax(0, 1fr) 380px; gap: 22px; align-items: start; }
.drawing { overflow-x: auto; border: 1px solid var(--line); border-radius: 8px; background: var(--card); text-align: center; }
.drawing svg { max-width: 100%; min-width: min(100%, 640px); height: auto; }
aside { position: sticky; top: 16px; max-height: calc(100vh - 32px); overflow: auto; padding: 16px 18px; border: 1px solid var(--line);
  border-radius: 8px; background: var(--card); }
.hint { margin: 0; } .detail { display: none; outline: none; } .detail.shown, .detail:target { display: block; }
.detail h3 { margin: 0; } .where { margin: 0 0 12px; color: var(--muted); overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: 84px minmax(0, 1fr); gap: 7px 12px; margin: 0; } dt { color: var(--muted); }
dd { margin: 0; overflow-wrap: anywhere; } .way { margin: 0; padding-left: 18px; }
.graph a { text-decoration: none; } .graph text { fill: var(--text); font-size: 11px; text-anchor: middle; }
.graph .name { font-weight: 700; } .graph .muted, .graph .times { fill: var(--muted); }
.graph rect { fill: var(--card); stroke: var(--strong); }
.graph .view rect { stroke: var(--line); } .graph .view .name { font-weight: 400; fill: var(--muted); }
.graph .border rect { fill: var(--ground); stroke-dasharray: 4 3; }
.graph .collective rect { fill: var(--move-ground); stroke: var(--move); stroke-width: 1.5; }
.graph .collective .name { fill: var(--move); } .graph .partial { fill: var(--move); font-weight: 700; }
.graph .axis { font-weight: 700; } .graph .axis0 { fill: var(--axis0); } .graph .axis1 { fill: var(--axis1); }
.graph .axis2 { fill: var(--axis2); } .graph .axis3 { fill: var(--axis3); }
.graph a:hover rect, .graph a.current rect { stroke: var(--accent); stroke-width: 2; } .graph a:focus { outline: none; }
.graph a:focus-visible rect { stroke: var(--accent); stroke-width: 3; }
.graph .edge { fill: none; stroke: var(--strong); stroke-width: 1.2; }
.graph .frame { fill: none; stroke: var(--line); } .graph .frame-name { text-anchor: start; fill: var(--muted); font-size: 12px; }
.graph .count { fill: var(--text); font-weight: 700; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
.scroll table { width: 100%; } th { color: var(--muted); font-size: 12px; font-weight: 500; }
th, td { padding: 5px 18px 5px 0; border-bottom: 1px solid var(--line); text-align: left; white-space: nowrap; vertical-align: baseline; }
th.number, td.number { text-align: right; } td:last-child, th:last-child { padding-right: 0; }
td small { display: inline-block; min-width: 92px; color: var(--muted); font-size: 11px; } a { color: var(--accent); }
.shards { width: 100%; margin-top: 14px; }
.bar { display: flex; height: 12px; margin: 0 0 12px; border-radius: 3px; overflow: hidden; background: var(--line); }
th i { display: inline-block; width: 9px; height: 9px; margin-right: 6px; border-radius: 2px; }
.part0 { background: var(--part0); } .part1 { background: var(--part1); } .part2 { background: var(--part2); }
.part3 { background: var(--part3); }
@media (max-width: 1040px) { .split { grid-template-columns: minmax(0, 1fr); }
  aside { position: static; max-height: none; } .drawing svg { max-width: none; } }
@media print { aside { display: none; } .split { display: block; } }
)css";

const char *const script = R"js(
"use strict";
document.documentElement.classList.add("js");
const tabs = [...document.querySelectorAll("[role=tab]")], panels = [...document.querySelectorAll("[role=tabpanel]")];
function choose(index, focus) {
  tabs.forEach((tab, i) => { tab.setAttribute("aria-selected", i === index); tab.tabIndex = i === index ? 0 : -1; });
  panels.forEach((panel, i) => { panel.hidden = i !== index; });
  if (focus) tabs[index].focus();
}
tabs.forEach((tab, i) => {
  tab.addEventListener("click", () => choose(i, false));
  tab.addEventListener("keydown", event => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step) choose((i + step + tabs.length) % tabs.length, true);
  });
});
function show(id, mayScroll) {
  const detail = document.getElementById(id), panel = detail && detail.closest("[role=tabpanel]");
  if (!panel) return false;
  choose(panels.indexOf(panel), false);
  panel.querySelectorAll(".detail.shown, .node.current").forEach(each => each.classList.remove("shown", "current"));
  panel.querySelectorAll(".hint").forEach(hint => { hint.hidden = true; });
  detail.classList.add("shown");
  const node = panel.querySelector(`a.node[href="#${id}"]`);
  node.classList.add("current");
  const aside = detail.parentElement;
  aside.scrollTop = 0;
  if (mayScroll) node.scrollIntoView({ block: "center" });
  else if (getComputedStyle(aside).position === "static") aside.scrollIntoView({ block: "nearest" });
  history.replaceState(null, "", "#" + id);
  return true;
}
document.addEventListener("click", event => {
  const link = event.target.closest("a[href^='#']");
  if (link && show(link.getAttribute("href").slice(1), !link.classList.contains("node"))) event.preventDefault();
});
choose(0, false);
if (location.hash) show(location.hash.slice(1), true);
)js";

} // namespace tp::page
