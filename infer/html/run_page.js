// The page of a run: every picture before and after, at any exposure, and where its light was invented. A picture is
// decoded when it comes near the window, and let go when it is far away.
(() => {
  const { colour_of, srgb, linear, paint, shown_exposure, start_divider } = pictures;
  const most_printed = 60;  // pictures that are decoded for paper

  // Of half floats that are finite and not negative, as a result's all are.
  const halves = Float32Array.from({ length: 0x7c00 }, (_, bits) =>
    bits < 0x400 ? bits * 2 ** -24 : (1024 + (bits & 1023)) * 2 ** ((bits >> 10) - 25));
  const light_of_codes = Float32Array.from({ length: 256 }, (_, code) => linear(code / 255));

  /** The codes of a table of light times `gain`: white is 1. */
  const levels_of = (light, gain) =>
    Uint8ClampedArray.from(light, (value) => 255 * srgb(Math.min(1, value * gain)));

  /** Colours of invented light, none of them black: on a dark picture it would not be seen. */
  const shade_of = (share) => colour_of(0.2 + 0.8 * share);
  const shades_css = `linear-gradient(90deg,${[0, 0.25, 0.5, 0.75, 1].map((share) => `rgb(${shade_of(share)})`).join(",")})`;

  function bytes_of(id) {
    const text = atob(document.getElementById(id).textContent), bytes = new Uint8Array(text.length);
    for (let i = 0; i < bytes.length; ++i) bytes[i] = text.charCodeAt(i);
    return bytes;
  }

  class Entry {
    constructor(article) {
      this.article = article;
      this.number = article.id.replace("picture-", "");
      this.width = Number(article.dataset.width);
      this.height = Number(article.dataset.height);
      this.clip = Number(article.dataset.clip);
      this.slider = this.find(".exposure");
      this.divide = start_divider(this.find(".stage"), this.find(".divider"));
      this.slider.addEventListener("input", () => this.show_exposure());
      this.find(".overlay").addEventListener("change", () => this.show_overlay());
      this.find(".zero").addEventListener("click", () => this.expose(0));
      this.find(".reset").addEventListener("click", () => {
        this.divide(50);
        this.expose(Number(article.dataset.ev));
        this.find(".overlay").checked = false;
        this.show_overlay();
      });
      this.find(".legend div").style.background = shades_css;
    }

    find(selector) {
      return this.article.querySelector(selector);
    }

    expose(ev) {
      this.slider.value = ev;
      this.show_exposure();
    }

    /** Decodes light and photograph, once; without waiting for the photograph where it is not there yet. */
    show() {
      this.wanted = true;
      this.light ??= new Uint16Array(bytes_of(`light-${this.number}`).buffer);
      const image = this.find("img");
      if (image.complete && image.naturalWidth > 0) this.codes ??= pictures.codes_of(image);
      else image.addEventListener("load", () => this.wanted && this.show(), { once: true });
      this.show_exposure();
      this.show_overlay();
    }

    release() {
      this.wanted = false;
      this.light = this.codes = this.invented = undefined;
      for (const canvas of this.article.querySelectorAll("canvas")) canvas.width = canvas.height = 1;
    }

    show_exposure() {
      const ev = Number(this.slider.value), { light, codes, width, height } = this;
      this.find("output").textContent = shown_exposure(ev);
      if (light) {
        const levels = levels_of(halves, 2 ** ev / this.clip);
        paint(this.find("canvas.right"), width, height, (out, i) => {
          const from = (i >> 2) * 3;
          for (let c = 0; c < 3; ++c) out[i + c] = levels[light[from + c]];
        });
      }
      if (codes) {
        const levels = levels_of(light_of_codes, 2 ** ev);
        paint(this.find("canvas.left"), width, height, (out, i) => {
          for (let c = 0; c < 3; ++c) out[i + c] = levels[codes[i + c]];
        });
      }
    }

    async show_overlay() {
      const canvas = this.find(".invented"), is_on = this.find(".overlay").checked;
      canvas.hidden = this.find(".invented-legend").hidden = !is_on;
      if (!is_on || !this.wanted) return;
      if (!this.invented) {
        const image = new Image();
        image.src = "data:image/png;base64," + document.getElementById(`invented-${this.number}`).textContent;
        await image.decode();
        this.invented = pictures.codes_of(image);
      }
      const colours = Array.from({ length: 256 }, (_, code) => shade_of(code / 255));
      paint(canvas, this.width, this.height, (out, i) => {
        out.set(colours[this.invented[i + 1]], i);
        out[i + 3] = this.invented[i];
      });
    }
  }

  pictures.sort_on_click();
  const entries = new Map();
  for (const article of document.querySelectorAll("article.shown")) entries.set(article, new Entry(article));
  const near = new IntersectionObserver(
    (changes) => {
      for (const { target, isIntersecting } of changes) {
        const entry = entries.get(target);
        if (isIntersecting) entry.show();
        else if (entry.wanted) entry.release();
      }
    },
    { rootMargin: "100% 0px" });
  for (const article of entries.keys()) near.observe(article);
  window.addEventListener("beforeprint", () => {
    for (const entry of [...entries.values()].slice(0, most_printed)) if (!entry.wanted) entry.show();
  });
})();
