// The page of the local app: shows the state that the server sends, and sends what is pressed.
"use strict";

const byId = (id) => document.getElementById(id);

function put(element, words) {
  if (element.textContent !== words) element.textContent = words;
}

// --- the live view ---------------------------------------------------------------------------

const sensors = new Map();

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function line(element) {
  const ink = () => colour("--soft"), grid = { stroke: () => colour("--edge"), width: 1 };
  const plot = new uPlot({
    width: element.clientWidth, height: element.clientHeight,
    legend: { show: false }, cursor: { show: false },
    scales: { x: { time: false }, y: { range: (_, low, high) => [0, Math.max(high * 1.1, 0.05)] } },
    axes: [{ stroke: ink, grid, values: (_, ticks) => ticks.map((s) => `${s} s`) },
           { stroke: ink, grid, size: 56 }],
    series: [{}, { stroke: () => colour("--mark"), width: 2, points: { show: true, size: 4 } }],
  }, [[], []], element);
  new ResizeObserver(() => plot.setSize(
    { width: element.clientWidth, height: element.clientHeight })).observe(element);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => plot.redraw(false));
  return plot;
}

function sensorOf(label) {
  if (!sensors.has(label)) {
    const root = byId("sensor").content.cloneNode(true).firstElementChild;
    byId("sensors").append(root);
    const heading = root.querySelector(".name");
    heading.id = `sensor-${sensors.size}`;
    root.setAttribute("aria-labelledby", heading.id);
    sensors.set(label, { root, plot: line(root.querySelector(".plot")), ends: [], strengths: [] });
  }
  return sensors.get(label);
}

function showSensor(state) {
  const one = sensorOf(state.label);
  for (const name of ["name", "strength", "frequency", "why", "still", "loss", "battery", "rate"])
    put(one.root.querySelector(`.${name}`), state[name]);
  put(one.root.querySelector("figcaption"), state.plot);
  one.root.querySelector(".plot").setAttribute("aria-label", state.plot);
  const trouble = one.root.querySelector(".trouble");
  trouble.hidden = !state.trouble;
  put(trouble, state.trouble);
  if (!state.first) { one.ends = []; one.strengths = []; }
  for (const [end, strength] of state.points) { one.ends.push(end); one.strengths.push(strength); }
  if (state.points.length) one.plot.setData([one.ends, one.strengths]);
}

function showNotes(notes) {
  const list = byId("notes");
  if (list.dataset.last === JSON.stringify(notes)) return;
  list.dataset.last = JSON.stringify(notes);
  list.replaceChildren(...notes.map((words) => {
    const item = document.createElement("li");
    item.textContent = words;
    return item;
  }));
}

// A screen reader is told one sentence at a time: what is to be done first, the values now and then.
const spoken = { at: -Infinity, words: "", values: "" };

function speak(state) {
  const region = byId("spoken"), after = (performance.now() - spoken.at) / 1000;
  const words = [state.heading, state.words].filter(Boolean).join(". ");
  const isNew = words !== spoken.words && after >= Number(region.dataset.wordsS);
  const isDue = state.spoken && state.spoken !== spoken.values
    && after >= Number(region.dataset.valuesS);
  if (!isNew && !isDue) return;
  put(region, isNew ? words : state.spoken);
  spoken.at = performance.now();
  if (isNew) spoken.words = words; else spoken.values = state.spoken;
}

function show(state) {
  if (state.go) { location.replace(state.go); return; }
  put(byId("heading"), state.heading);
  put(byId("words"), state.words);
  put(byId("time"), state.time);
  state.sensors.forEach(showSensor);
  document.body.classList.toggle("two", state.sensors.length > 1);
  showNotes(state.notes);
  speak(state);
  const records = state.phase === "recording";
  byId("commands").hidden = byId("pains").hidden = !records;
  document.querySelector(".fit-only").hidden = state.stage !== "fit";
  byId("words").classList.toggle("small", !records);
}

function live() {
  const events = new EventSource("/events");
  events.onmessage = (event) => { put(byId("gone"), ""); show(JSON.parse(event.data)); };
  events.onerror = () => {
    put(byId("gone"), byId("live").dataset.gone);
    // Refused, as after a new start of the program: a new page says why.
    if (events.readyState === EventSource.CLOSED) setTimeout(() => location.reload(), 5000);
  };
  for (const form of [byId("commands"), byId("pains")])
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const body = new URLSearchParams(new FormData(form, event.submitter));
      fetch("/command", { method: "POST", body })
        .catch(() => put(byId("gone"), byId("live").dataset.gone));
    });
}

// --- the other views -------------------------------------------------------------------------

// A button that leads to work says so, and is not pressed twice.
function waits(form) {
  form.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (!button || !button.dataset.wait) return;
    if (button.getAttribute("aria-disabled") === "true") { event.preventDefault(); return; }
    button.setAttribute("aria-disabled", "true");
    put(button, button.dataset.wait);
  });
}

// A report is as long as it is: the page scrolls, and not a part of it.
function wholly(frame) {
  const fit = () => {
    const root = frame.contentDocument && frame.contentDocument.documentElement;
    if (root) frame.style.height = `${root.scrollHeight + 4}px`;
  };
  const watch = () => {
    fit();
    const body = frame.contentDocument && frame.contentDocument.body;
    if (body) new ResizeObserver(() => { frame.style.height = "0"; fit(); }).observe(body);
  };
  frame.addEventListener("load", watch);
  if (frame.contentDocument && frame.contentDocument.readyState === "complete") watch();
}

async function send(file, box) {
  const said = byId("said");
  if (file.size > Number(box.dataset.most)) { put(said, box.dataset.large); return; }
  put(said, box.dataset.wait);
  try {
    const response = await fetch("/drop", {
      method: "POST", body: file, headers: { "X-File-Name": encodeURIComponent(file.name) },
    });
    const answer = await response.json();
    if (answer.go) location.assign(answer.go);
    else put(said, answer.trouble);
  } catch {
    put(said, box.dataset.failed);
  }
}

function drop(box) {
  const picked = byId("file");
  picked.addEventListener("change", () => { if (picked.files.length) send(picked.files[0], box); });
  box.addEventListener("dragover", (event) => { event.preventDefault(); box.classList.add("over"); });
  box.addEventListener("dragleave", () => box.classList.remove("over"));
  box.addEventListener("drop", (event) => {
    event.preventDefault();
    box.classList.remove("over");
    if (event.dataTransfer.files.length) send(event.dataTransfer.files[0], box);
  });
}

if (byId("live")) live();
if (byId("drop")) drop(byId("drop"));
document.querySelectorAll("form").forEach(waits);
document.querySelectorAll("iframe.whole").forEach(wholly);
// A page that comes back from the history has its buttons back.
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
