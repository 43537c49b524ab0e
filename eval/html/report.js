// The page of an evaluation: sorting, the pictures of a pair, wins and losses. Without it the tables are complete.
(() => {
  const { make, ramp_css, colour_of, srgb, paint, shown_exposure, start_divider } = pictures;
  const data = JSON.parse(document.getElementById("data").textContent);
  const by = (id) => document.getElementById(id);

  const written = (value, metric) => {
    if (value === null || value === undefined) return "-";
    return typeof value === "number" ? value.toFixed(metric.decimals) : value;
  };
  const signed = (value, metric) => (value > 0 ? "+" : "") + written(value, metric);
  const with_unit = (metric) => metric.title + (metric.unit ? ` (${metric.unit})` : "");

  pictures.sort_on_click();
  by("comparison-metric")?.addEventListener("change", (event) => {
    for (const row of by("comparisons").tBodies[0].rows)
      row.hidden = event.target.value !== "" && row.dataset.metric !== event.target.value;
  });

  // ---- Pictures: codes of light to a canvas at an exposure, codes of a map to colours.

  const decoded = new WeakMap();  // the codes of a picture, once it was looked at
  async function codes_of(picture) {
    if (!decoded.has(picture)) {
      const image = new Image();
      image.src = "data:image/jpeg;base64," + picture.jpeg;
      await image.decode();
      decoded.set(picture, pictures.codes_of(image));
    }
    return decoded.get(picture);
  }

  /** Each code is shown as four levels within its step, by a pattern of 2 x 2 pixels: skies have no contours. */
  function paint_light(canvas, picture, codes, ev) {
    const levels = new Uint8ClampedArray(1024), span = picture.high - picture.low;
    for (let k = 0; k < 1024; ++k)
      levels[k] = 255 * srgb(Math.min(1, (2 ** (picture.low + ((k - 1.5) / 1020) * span) - data.toe) * 2 ** ev));
    paint(canvas, picture.width, picture.height, (out, i) => {
      const x = (i >> 2) % picture.width & 1, y = Math.floor((i >> 2) / picture.width) & 1;
      const level = 2 * (x ^ y) + y;
      for (let c = 0; c < 3; ++c) out[i + c] = levels[4 * codes[i + c] + level];
    });
  }

  function paint_map(canvas, picture, codes) {
    const colours = Array.from({ length: 256 }, (_, code) => colour_of(code / 255));
    paint(canvas, picture.width, picture.height, (out, i) => out.set(colours[codes[i]], i));
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
    by("ev").textContent = shown_exposure(ev);
    for (const side of side_names) show_side(side, shows);
  }

  function start_viewer() {
    for (const id of ["pair", ...side_names]) by(id).addEventListener("change", show_pair);
    by("exposure").addEventListener("input", show_exposure);
    const divide = start_divider(viewer.querySelector(".stage"), by("divider"));
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
    for (const legend of viewer.querySelectorAll(".legend div")) legend.style.background = ramp_css;
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

  if (viewer) start_viewer();
  if (by("wins")) {
    for (const id of ["metric", "method", "other"]) by(id).addEventListener("change", show_wins);
    show_wins();
  }
})();
