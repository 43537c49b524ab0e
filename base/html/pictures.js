// What the scripts of pages with pictures share: tables that sort, light and maps in canvases, the divider of a stage.
"use strict";
const pictures = (() => {
  /** An element; text is only ever set as text. */
  function make(tag, properties = {}, ...children) {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  }

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

  function sort_on_click() {
    for (const button of document.querySelectorAll("button.sort")) {
      const head = button.closest("th");
      button.addEventListener("click", () => sort_by(head.closest("table"), head.cellIndex));
    }
  }

  // ---- Pixels.

  const ramp = [[0, 0, 4], [60, 15, 110], [145, 38, 103], [222, 73, 62], [251, 155, 6], [252, 255, 164]];
  const ramp_css = `linear-gradient(90deg,${ramp.map((colour) => `rgb(${colour})`).join(",")})`;

  function colour_of(share) {
    const place = share * (ramp.length - 1), left = Math.min(Math.floor(place), ramp.length - 2);
    return ramp[left].map((value, c) => value + (place - left) * (ramp[left + 1][c] - value));
  }

  const srgb = (light) => (light <= 0.0031308 ? 12.92 * light : 1.055 * light ** (1 / 2.4) - 0.055);

  const linear = (code) => (code <= 0.04045 ? code / 12.92 : ((code + 0.055) / 1.055) ** 2.4);

  /** The codes of an image element that is there, four bytes a pixel. */
  function codes_of(image) {
    const canvas = make("canvas", { width: image.naturalWidth, height: image.naturalHeight });
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.drawImage(image, 0, 0);
    return context.getImageData(0, 0, canvas.width, canvas.height).data;
  }

  /** Makes the canvas width x height; `pixel` sets the colour at a place of its bytes, whose alpha is 255. */
  function paint(canvas, width, height, pixel) {
    canvas.width = width;
    canvas.height = height;
    const context = canvas.getContext("2d"), out = context.createImageData(width, height);
    for (let i = 0; i < out.data.length; i += 4) {
      out.data[i + 3] = 255;
      pixel(out.data, i);
    }
    context.putImageData(out, 0, 0);
  }

  const shown_exposure = (ev) => `${ev > 0 ? "+" : ""}${ev.toFixed(2)} EV`;

  /** The pointer on a stage, and the slider of 0..100 that belongs to it, move the divider. Returns what moves it. */
  function start_divider(stage, slider) {
    const divide = (percent) => {
      slider.value = percent;
      stage.style.setProperty("--divide", `${slider.value}%`);
    };
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
    slider.addEventListener("input", () => divide(slider.value));
    divide(slider.value);
    return divide;
  }

  document.documentElement.classList.add("scripted");
  return { make, sort_on_click, ramp_css, colour_of, srgb, linear, codes_of, paint, shown_exposure, start_divider };
})();
