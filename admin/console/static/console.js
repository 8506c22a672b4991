// Keeps pages up to date. Everything that can be done, can be done without it.
"use strict";

// Rows of deliveries as they are attempted.
function listen() {
  const button = document.getElementById("live");
  const rows = document.getElementById("rows");
  const news = document.getElementById("news");
  if (!button || !rows) return;
  const most = 200;
  let source = null, came = 0, more = 0;
  button.hidden = false;

  function take(message) {
    const table = document.createElement("table");
    table.innerHTML = "<tbody>" + message.data + "</tbody>"; // made and escaped by the server
    const left = table.querySelector("[data-more]"); // so many are left out
    if (left) { more += Number(left.dataset.more); left.remove(); }
    const fresh = [...table.querySelectorAll("tr")];
    for (const row of fresh.reverse()) {
      for (const old of rows.children) {
        if (old.dataset.way === row.dataset.way) { old.remove(); break; }
      }
      row.classList.add("fresh");
      rows.insertBefore(row, place(row));
      came++;
    }
    while (rows.children.length > most) rows.lastElementChild.remove();
    document.getElementById("none")?.remove();
    news.textContent = (came === 1 ? "1 attempt since" : came.toLocaleString("en") + " attempts since")
      + (more ? "; up to " + more.toLocaleString("en") + " more are not shown" : "");
  }
  // The row before which one belongs: it is the newest, but for later events of its own commit.
  function place(row) {
    const [commit, number] = eventOf(row);
    let next = rows.firstElementChild;
    while (next && eventOf(next)[0] === commit && eventOf(next)[1] > number) {
      next = next.nextElementSibling;
    }
    return next;
  }
  function toggle() {
    if (source) {
      source.close();
      source = null;
      news.textContent = "";
    } else {
      came = more = 0;
      source = new EventSource(button.dataset.live);
      source.onopen = () => { news.textContent = "listening"; };
      source.onerror = () => {
        news.textContent = source.readyState === EventSource.CLOSED
          ? "the session is over: log in again" : "not connected, trying again";
      };
      source.onmessage = take;
    }
    button.setAttribute("aria-pressed", String(source !== null));
  }
  button.addEventListener("click", toggle);
  addEventListener("pagehide", () => source?.close());
  toggle();
}

// What the ID of a row's event tells: its commit, and its number there.
function eventOf(row) {
  const [event, database, commit, number] = row.dataset.way.split("_");
  return [[event, database, commit].join("_"), parseInt(number)];
}

// Says so when parts of a page are no longer renewed: what they say may be true no more.
function watch() {
  const away = document.getElementById("away");
  let since = new Date();
  document.body.addEventListener("htmx:afterRequest", event => {
    if (event.detail.successful) {
      since = new Date();
      away.hidden = true;
    } else if (away.hidden) {
      away.textContent = "Hookline does not answer: what is shown is as it was at "
        + since.toLocaleTimeString() + ".";
      away.hidden = false;
    }
  });
}

// Plots of the last hour.
const plotsOf = {
  throughput: { series: [["delivered", "delivered", "accent"], ["failed", "failed", "bad"]], format: v => v.toFixed(1) },
  latency: { series: [["median", "medianSeconds", "accent"], ["99 %", "p99Seconds", "soft"]], format: time },
  backlog: { series: [["deliveries", "backlog", "accent"]], format: v => v.toFixed(0) },
};

function time(seconds) {
  if (seconds === 0) return "0";
  if (seconds < 1) return Number((seconds * 1000).toPrecision(2)) + " ms";
  return Number(seconds.toPrecision(2)) + " s";
}

function color(name) {
  const probe = document.createElement("span");
  probe.style.color = "var(--" + name + ")";
  document.body.append(probe);
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value;
}

function draw(place, points) {
  const kind = plotsOf[place.dataset.plot];
  const now = Date.now() / 1000;
  const data = [points.map(p => Date.parse(p.time) / 1000)];
  for (const [, field] of kind.series) {
    data.push(points.map(p => field.endsWith("Seconds") && p[field] === 0 ? null : p[field]));
  }
  const last = points.at(-1);
  place.setAttribute("aria-label", place.dataset.plot + " over the last hour" + (last
    ? "; now " + kind.series.map(([label, field]) => label + " " + kind.format(last[field])).join(", ") : "; nothing yet"));
  const format = (_, v) => v == null ? "–" : kind.format(v);
  const axis = { stroke: color("soft"), grid: { stroke: color("line"), width: 1 }, ticks: { stroke: color("line"), width: 1 }, font: "12px system-ui, sans-serif" };
  place.replaceChildren();
  new uPlot({
    width: place.clientWidth, height: 165,
    cursor: { y: false, points: { size: 5 } },
    scales: { x: { range: [Math.max(now - 3600, Math.min(data[0][0] ?? now, now - 600)), now] }, y: { range: (_, min, max) => [0, max > 0 ? max * 1.1 : 1] } },
    axes: [{ ...axis, space: 70, values: [[900, "{HH}:{mm}"], [600, "{HH}:{mm}"], [60, "{HH}:{mm}"], [1, "{HH}:{mm}"]] },
           { ...axis, size: 58, space: 34, values: (_, all) => all.map(kind.format) }],
    series: [{ value: "{HH}:{mm}:{ss}" }, ...kind.series.map(([label, , name]) => ({
      label, stroke: color(name), width: 1.5, spanGaps: false, points: { show: points.length < 3 }, value: format,
    }))],
  }, data, place);
}

function plot() {
  const plots = document.querySelector("[data-series]");
  if (!plots) return;
  let points = [];
  const redraw = () => plots.querySelectorAll("[data-plot]").forEach(place => draw(place, points));
  const refresh = async () => {
    if (document.hidden) return;
    const answer = await fetch(plots.dataset.series).catch(() => null);
    if (answer?.ok) { points = await answer.json(); redraw(); }
  };
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  let waiting;
  addEventListener("resize", () => { clearTimeout(waiting); waiting = setTimeout(redraw, 150); });
  document.addEventListener("visibilitychange", refresh);
  setInterval(refresh, 10000);
  refresh();
}

watch();
listen();
plot();
