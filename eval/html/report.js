// The page of an evaluation: sorting, the pictures of a pair, wins and losses. Without it the tables are complete.
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const by = (id) => document.getElementById(id);

  /** An element; text is only ever set as text. */
  function make(tag, properties = {}, ...children) {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  }

  const written = (value, metric) => {
    if (value === null || value === undefined) return "-";
    return typeof value === "number" ? value.toFixed(metric.decimals) : value;
  };
  const signed = (value, metric) => (value > 0 ? "+" : "") + written(value, metric);
  const with_unit = (metric) => metric.title + (metric.unit ? ` (${metric.unit})` : "");

  // ---- Sorting: the first click puts the best on top, the second the worst, the third restores the order.

  function compare(a, b) {
    const numbers = [a, b].map(Number);
    return numbers.some(Number.isNaN) ? a.localeCompare(b, "en") : numbers[0] - numbers[1];
  }

  function sort_by(table, index) {
    const heads = [...table.tHead.rows[0].cells], head = heads[index], body = table.tBodies[0];
    body.original ??= [...body.rows];
    const first = head.querySelector("button").dataset.first;
    const second = first === "ascending" ? "descending" : "ascending";
    const order = { none: first, [first]: second, [second]: "none" }[head.getAttribute("aria-sort")];
    for (const other of heads) if (other.hasAttribute("aria-sort")) other.setAttribute("aria-sort", "none");
    head.setAttribute("aria-sort", order);
    const key = (row) => row.cells[index].dataset.key;
    const rows = [...body.original];
    if (order !== "none")
      rows.sort((a, b) => {
        const [x, y] = [key(a), key(b)];
        if (x === undefined || y === undefined) return (x === undefined) - (y === undefined);  // nothing: below all
        return order === "ascending" ? compare(x, y) : compare(y, x);
      });
    body.append(...rows);
  }

  for (const button of document.querySelectorAll("button.sort")) {
    const head = button.closest("th");
    button.addEventListener("click", () => sort_by(head.closest("table"), head.cellIndex));
  }

  by("comparison-metric")?.addEventListener("change", (event) => {
    for (const row of by("comparisons").tBodies[0].rows)
      row.hidden = event.target.value !== "" && row.dataset.metric !== event.target.value;
  });

  // ---- Pictures: codes of light to a canvas at an exposure, codes of a map to colours.

  const ramp = [[0, 0, 4], [60, 15, 110], [145, 38, 103], [222, 73, 62], [251, 155, 6], [252, 255, 164]];
  const ramp_css = `linear-gradient(90deg,${ramp.map((colour) => `rgb(${colour})`).join(",")})`;

  function colour_of(share) {
    const place = share * (ramp.length - 1), left = Math.min(Math.floor(place), ramp.length - 2);
    return ramp[left].map((value, c) => value + (place - left) * (ramp[left + 1][c] - value));
  }

  const srgb = (light) => (light <= 0.0031308 ? 12.92 * light : 1.055 * light ** (1 / 2.4) - 0.055);

  const decoded = new WeakMap();  // the codes of a picture, once it was looked at
  async function codes_of(picture) {
    if (!decoded.has(picture)) {
      const image = new Image();
      image.src = "data:image/jpeg;base64," + picture.jpeg;
      await image.decode();
      const canvas = make("canvas", { width: picture.width, height: picture.height });
      const context = canvas.getContext("2d", { willReadFrequently: true });
      context.drawImage(image, 0, 0);
      decoded.set(picture, context.getImageData(0, 0, picture.width, picture.height).data);
    }
    return decoded.get(picture);
  }

  function paint(canvas, picture, pixel) {
    canvas.width = picture.width;
    canvas.height = picture.height;
    const context = canvas.getContext("2d"), out = context.createImageData(picture.width, picture.height);
    for (let i = 0; i < out.data.length; i += 4) {
      pixel(out.data, i);
      out.data[i + 3] = 255;
    }
    context.putImageData(out, 0, 0);
  }

  /** Each code is shown as four levels within its step, by a pattern of 2 x 2 pixels: skies have no contours. */
  function paint_light(canvas, picture, codes, ev) {
    const levels = new Uint8ClampedArray(1024), span = picture.high - picture.low;
    for (let k = 0; k < 1024; ++k)
      levels[k] = 255 * srgb(Math.min(1, (2 ** (picture.low + ((k - 1.5) / 1020) * span) - data.toe) * 2 ** ev));
    paint(canvas, picture, (out, i) => {
      const x = (i >> 2) % picture.width & 1, y = Math.floor((i >> 2) / picture.width) & 1;
      const level = 2 * (x ^ y) + y;
      for (let c = 0; c < 3; ++c) out[i + c] = levels[4 * codes[i + c] + level];
    });
  }

  function paint_map(canvas, picture, codes) {
    const colours = Array.from({ length: 256 }, (_, code) => colour_of(code / 255));
    paint(canvas, picture, (out, i) => out.set(colours[codes[i]], i));
  }

  // ---- The viewer: one pair, a picture on either side of a divider.

  const side_names = ["left", "right"];
  const kinds = ["errors", "visibility"].filter((kind) => by(kind));
  const viewer = by("viewer");
  let shows = 0;  // what a slow decoder ends later than the next choice is dropped

  const pair = () => data.pairs[by("pair").value];
  const source = (side) => by(side).value;
  const label_of = (key) => (key in data.methods ? data.methods[key].name : key);
  const picture_of = (key) => (key in data.methods ? pair().estimates[key] : pair()[key]);

  async function show_side(side, show) {
    const picture = picture_of(source(side)), canvas = viewer.querySelector(`canvas.${side}`);
    const tag = viewer.querySelector(`.tag.${side[0]}`);
    tag.textContent = label_of(source(side)) + (picture ? "" : ": no picture");
    canvas.setAttribute("aria-label", `${tag.textContent}, pair ${pair().name}`);
    if (!picture) {
      canvas.width = canvas.height = 1;
      return;
    }
    const codes = await codes_of(picture);
    if (show === shows) paint_light(canvas, picture, codes, Number(by("exposure").value));
  }

  async function show_map(kind, side, show) {
    const figure = by(`${kind}-${side}`), key = source(side), map = pair()[kind][key];
    figure.hidden = !(key in data.methods);
    if (figure.hidden) return;
    const caption = make("figcaption", { textContent: label_of(key) });
    const canvas = make("canvas");
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", `${by(`${kind}-title`).textContent}: ${caption.textContent}`);
    if (map) {
      const codes = await codes_of(map);
      if (show !== shows) return;
      paint_map(canvas, map, codes);
    }
    figure.replaceChildren(map ? canvas : make("div", { className: "none", textContent: "no map" }), caption);
  }

  /** The metrics of the pair for what is on the two sides. */
  function show_values() {
    const keys = [...new Set(side_names.map(source))].filter((key) => key in data.methods);
    const head = make("tr", {}, make("th", { scope: "col", className: "plain", textContent: "metric" }),
      ...keys.map((key) => make("th", { scope: "col", className: "plain", textContent: label_of(key) })));
    const rows = data.metrics.map((metric, m) =>
      make("tr", {}, make("th", { scope: "row", textContent: with_unit(metric) }),
        ...keys.map((key) => make("td", { textContent: written(data.methods[key].values[pair().index][m], metric) }))));
    by("values").replaceChildren(make("thead", {}, head), make("tbody", {}, ...rows));
    by("values").parentElement.hidden = keys.length === 0;
    const notes = keys.flatMap((key) =>
      data.methods[key].warnings[pair().index].map((text) => `${label_of(key)}: ${text}`));
    if (pair().excluded) notes.unshift(`This pair is left out of every mean: ${pair().excluded}`);
    by("notes").replaceChildren(...notes.map((textContent) => make("li", { textContent })));
  }

  function show_pair() {
    const show = ++shows;
    const first = side_names.map((side) => picture_of(source(side))).find(Boolean);
    const stage = viewer.querySelector(".stage"), shape = first ?? { width: 3, height: 2 };
    stage.style.aspectRatio = `${shape.width} / ${shape.height}`;
    stage.style.maxWidth = `min(60rem, 80vh * ${shape.width / shape.height})`;
    for (const side of side_names) {
      show_side(side, show);
      for (const kind of kinds) show_map(kind, side, show);
    }
    for (const kind of kinds) by(kind).hidden = !side_names.some((side) => source(side) in data.methods);
    show_values();
  }

  function show_exposure() {
    const ev = Number(by("exposure").value);
    by("ev").textContent = `${ev > 0 ? "+" : ""}${ev.toFixed(2)} EV`;
    for (const side of side_names) show_side(side, shows);
  }

  function divide(percent) {
    by("divider").value = percent;
    viewer.querySelector(".stage").style.setProperty("--divide", `${by("divider").value}%`);
  }

  function start_viewer() {
    for (const id of ["pair", ...side_names]) by(id).addEventListener("change", show_pair);
    by("exposure").addEventListener("input", show_exposure);
    by("divider").addEventListener("input", () => divide(by("divider").value));
    by("reset").addEventListener("click", () => {
      by("exposure").value = 0;
      divide(50);
      show_exposure();
    });
    for (const [id, step] of [["previous", -1], ["next", 1]])
      by(id).addEventListener("click", () => {
        const select = by("pair"), count = select.options.length;
        select.selectedIndex = (select.selectedIndex + step + count) % count;
        show_pair();
      });
    const stage = viewer.querySelector(".stage");
    const follow = (event) => {
      const box = stage.getBoundingClientRect();
      divide((100 * (event.clientX - box.left)) / box.width);
    };
    stage.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      stage.setPointerCapture(event.pointerId);
      follow(event);
    });
    stage.addEventListener("pointermove", (event) => {
      if (stage.hasPointerCapture(event.pointerId)) follow(event);
    });
    for (const legend of viewer.querySelectorAll(".legend div")) legend.style.background = ramp_css;
    divide(50);
    show_exposure();
    show_pair();
  }

  // ---- Wins and losses: pair by pair, one method against another.

  const most_bars = 6;
  const merit = (value, better) => ({ higher: value, lower: -value })[better] ?? -Math.abs(value);

  function bars(list, differences, largest, metric, good) {
    list.replaceChildren(...differences.slice(0, most_bars).map(({ index, gain, texts }) => {
      const name = data.pair_names[index], place = data.pairs.findIndex((one) => one.index === index);
      const label = make(place < 0 ? "span" : "button", { textContent: name });
      label.addEventListener("click", () => {
        if (place < 0) return;
        by("pair").value = place;
        by("left").value = by("method").value;
        by("right").value = by("other").value;
        show_pair();
        viewer.scrollIntoView({ block: "start" });
        by("pair").focus({ preventScroll: true });
      });
      const bar = make("span", { className: `bar ${good ? "good" : "bad"}` });
      bar.style.width = `${(100 * Math.abs(gain)) / largest}%`;
      const value = make("span", { className: "value", textContent: signed(gain, metric) });
      value.title = texts;
      return make("li", {}, label, bar, value);
    }));
    if (differences.length === 0) list.append(make("li", {}, make("span", { className: "note", textContent: "none" })));
  }

  function show_wins() {
    const m = Number(by("metric").value), metric = data.metrics[m];
    const [method, other] = ["method", "other"].map((id) => data.methods[by(id).value]);
    const differences = [];
    for (let index = 0; index < data.pair_names.length; ++index) {
      const values = [method, other].map((one) => one.values[index][m]);
      if (data.excluded[index] || !values.every(Number.isFinite)) continue;  // infinite ones are text
      const gain = merit(values[0], metric.better) - merit(values[1], metric.better);
      differences.push({ index, gain, texts: values.map((value) => written(value, metric)).join(" against ") });
    }
    differences.sort((a, b) => b.gain - a.gain || a.index - b.index);
    const wins = differences.filter(({ gain }) => gain > 0);
    const losses = differences.filter(({ gain }) => gain < 0).reverse();
    const largest = Math.max(...differences.map(({ gain }) => Math.abs(gain)));
    by("tally").textContent = differences.length === 0 ? "No pair has this metric for both." :
      `${method.name} is better than ${other.name} on ${wins.length} of ${differences.length} pairs, worse on ` +
      `${losses.length}, equal on ${differences.length - wins.length - losses.length}; gain in ${with_unit(metric)}.`;
    bars(by("wins"), wins, largest, metric, true);
    bars(by("losses"), losses, largest, metric, false);
  }

  document.documentElement.classList.add("scripted");
  if (viewer) start_viewer();
  if (by("wins")) {
    for (const id of ["metric", "method", "other"]) by(id).addEventListener("change", show_wins);
    show_wins();
  }
})();
