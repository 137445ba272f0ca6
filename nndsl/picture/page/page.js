"use strict";
const $ = (id) => document.getElementById(id);
const stage = $("picture"), svg = stage.querySelector("svg");
const full = { width: svg.width.baseVal.value, height: svg.height.baseVal.value };
let scale = 1, open = null;

function zoom(to) {
  const middle = [(stage.scrollLeft + stage.clientWidth / 2) / scale, (stage.scrollTop + stage.clientHeight / 2) / scale];
  scale = Math.min(4, Math.max(0.05, to));
  svg.setAttribute("width", full.width * scale);
  svg.setAttribute("height", full.height * scale);
  stage.scrollTo(middle[0] * scale - stage.clientWidth / 2, middle[1] * scale - stage.clientHeight / 2);
}
const fitting = () => Math.min((stage.clientWidth - 24) / full.width, (stage.clientHeight - 24) / full.height, 1);
$("in").onclick = () => zoom(scale * 1.25);
$("out").onclick = () => zoom(scale / 1.25);
$("full").onclick = () => zoom(1);
$("whole").onclick = () => zoom(fitting());
stage.addEventListener("wheel", (event) => {
  if (!event.ctrlKey) return;
  event.preventDefault();
  zoom(scale * (event.deltaY < 0 ? 1.15 : 1 / 1.15));
}, { passive: false });

// Show a box: what it is, and its inside, in which boxes can be clicked in turn.
function show(id) {
  const found = $("t-" + id);
  if (!found) return;
  open = id;
  const crumbs = $("crumbs");
  crumbs.replaceChildren();
  for (const one of found.dataset.above.split(" ").filter(Boolean)) {
    const link = document.createElement("a");
    link.textContent = $("t-" + one).dataset.title;
    link.href = "#" + one;
    crumbs.append(link, " › ");
  }
  const here = document.createElement("b");
  here.textContent = found.dataset.title;
  crumbs.append(here);
  $("shown").replaceChildren(found.content.cloneNode(true));
  $("shown").scrollTo(0, 0);
  $("inside").hidden = false;
  ready($("shown"));
  const outer = found.dataset.above.split(" ")[0] || id;
  for (const box of svg.querySelectorAll("g.b")) box.classList.toggle("chosen", box.id === outer);
  if (location.hash !== "#" + id) history.pushState(null, "", "#" + id);
}
function close() {
  open = null;
  $("inside").hidden = true;
  for (const box of svg.querySelectorAll(".chosen")) box.classList.remove("chosen");
  history.replaceState(null, "", location.pathname + location.search);
}
$("close").onclick = close;
function fromPlace() {
  if (location.hash.length > 1) show(location.hash.slice(1)); else if (open) close();
}
addEventListener("hashchange", fromPlace);
addEventListener("popstate", fromPlace);
addEventListener("keydown", (event) => { if (event.key === "Escape" && open) close(); });

function ready(root) {
  for (const box of root.querySelectorAll("g.b")) {
    if (!$("t-" + box.id)) continue;
    box.setAttribute("tabindex", "0");
    box.setAttribute("role", "button");
    box.addEventListener("click", () => show(box.id));
    box.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") { event.preventDefault(); show(box.id); }
    });
  }
  for (const flow of root.querySelectorAll(".flow")) {
    const same = () => root.querySelectorAll('.flow[data-value="' + flow.dataset.value + '"]');
    flow.addEventListener("mouseenter", () => same().forEach((one) => one.classList.add("lit")));
    flow.addEventListener("mouseleave", () => same().forEach((one) => one.classList.remove("lit")));
  }
}
ready(stage);

$("find").addEventListener("input", () => {
  const wanted = $("find").value.trim().toLowerCase();
  stage.classList.toggle("seeking", wanted !== "");
  let first = null;
  for (const box of svg.querySelectorAll("g.b")) {
    const found = wanted !== "" && box.textContent.toLowerCase().includes(wanted);
    box.classList.toggle("found", found);
    if (found && !first) first = box;
  }
  if (first) first.scrollIntoView({ block: "center", inline: "center" });
});

// A picture that is only somewhat too large begins whole; a very large one at a size that can be read.
if (fitting() < 1) zoom(Math.max(0.55, fitting()));
stage.scrollTo(0, 0);
fromPlace();
