// The paper: pictures of the pages with a box for every field. Zoom, the strip of pages, and which box is lit.

const STEP = 1.25;
const SLIP = 6; // pixels: a shorter drag is a click
const PLACED = { width: 0.3, height: 0.022 }; // of the page: a box that was not drawn but put somewhere
const NUDGE = 0.004;

const clamp = (value, low, high) => Math.min(high, Math.max(low, value));
const rounded = (box) => box.map((one) => Math.round(one * 1e5) / 1e5);

const drawnIn = (parent, tag) => parent.appendChild(document.createElementNS(parent.namespaceURI, tag));

function put(rect, [x0, y0, x1, y1]) {
  for (const [name, value] of Object.entries({ x: x0, y: y0, width: x1 - x0, height: y1 - y0 })) rect.setAttribute(name, value);
}

export class Paper {
  /** `drawn(page, box)`: a new field's place; `moved(id, box)`: an added field's new one. */
  constructor(choose, light, { drawn, moved }) {
    this.drawn = drawn;
    this.moved = moved;
    this.drawing = null;
    this.pages = document.getElementById("pages");
    this.strip = document.querySelector(".strip");
    this.scale = 1;
    this.groups = new Map([...this.pages.querySelectorAll("[data-box]")].map((one) => [one.dataset.box, one]));
    this.order = [...this.groups.keys()];
    this.current = null;
    this.pages.addEventListener("click", (event) => this.#on(event, choose));
    this.pages.addEventListener("keydown", (event) => this.#key(event, choose));
    this.pages.addEventListener("pointerover", (event) => light(this.#field(event), true));
    this.pages.addEventListener("pointerout", (event) => light(this.#field(event), false));
    document.querySelector(".paper-tools").addEventListener("click", (event) => this.#tool(event));
    this.pages.addEventListener("pointerdown", (event) => this.#start(event));
    this.pages.addEventListener("pointermove", (event) => this.#stretch(event));
    this.pages.addEventListener("pointerup", (event) => this.#end(event));
    this.pages.addEventListener("pointercancel", () => this.draw(false));
    this.#watchPages();
  }

  /** Drawing mode: the next drag over a page is a new field's box. */
  draw(on) {
    this.drawing?.rect?.remove();
    this.drawing = on ? {} : null;
    this.pages.toggleAttribute("data-drawing", on);
  }

  #start(event) {
    const overlay = event.target.closest?.(".sheet")?.querySelector(".overlay");
    if (!this.drawing || !overlay || event.button !== 0) return;
    event.preventDefault();
    overlay.setPointerCapture(event.pointerId);
    const rect = drawnIn(overlay, "rect");
    rect.setAttribute("class", "drawn");
    this.drawing = { overlay, rect, from: this.#at(event, overlay), x: event.clientX, y: event.clientY };
  }

  #at(event, overlay) {
    const area = overlay.getBoundingClientRect();
    const part = (value, start, size) => clamp((value - start) / size, 0, 1);
    return [part(event.clientX, area.left, area.width), part(event.clientY, area.top, area.height)];
  }

  #box(event) {
    const { overlay, from } = this.drawing;
    const to = this.#at(event, overlay);
    if (Math.hypot(event.clientX - this.drawing.x, event.clientY - this.drawing.y) < SLIP) return this.#around(...from);
    const low = [0, 1].map((axis) => Math.min(from[axis], to[axis]));
    const high = [0, 1].map((axis) => Math.max(from[axis], to[axis]));
    return [...low, ...low.map((start, axis) => Math.min(1, Math.max(high[axis], start + NUDGE)))];
  }

  #around(x, y) {
    const left = clamp(x, 0, 1 - PLACED.width);
    const top = clamp(y - PLACED.height / 2, 0, 1 - PLACED.height);
    return [left, top, left + PLACED.width, top + PLACED.height];
  }

  #stretch(event) {
    if (this.drawing?.rect) put(this.drawing.rect, this.#box(event));
  }

  #end(event) {
    if (!this.drawing?.rect) return;
    const box = rounded(this.#box(event));
    const page = Number(this.drawing.overlay.closest(".sheet").dataset.pageNumber);
    this.draw(false);
    this.drawn(page, box);
  }

  /** A box without a mouse: under the chosen field, else in the middle of the first page. */
  place() {
    const chosen = this.groups.get(this.current)?.querySelector(".box");
    const sheet = (chosen ?? this.pages.querySelector(".overlay"))?.closest(".sheet");
    if (!sheet) return;
    const [x, y] = chosen ? ["x", "y"].map((name) => Number(chosen.getAttribute(name))) : [0.35, 0.5];
    const under = chosen ? y + Number(chosen.getAttribute("height")) + PLACED.height : y;
    this.draw(false);
    this.drawn(Number(sheet.dataset.pageNumber), rounded(this.#around(x, under)));
  }

  /** Shift moves an added field's box, Ctrl sizes it. */
  #nudge(event, id) {
    const step = { ArrowDown: [0, 1], ArrowUp: [0, -1], ArrowRight: [1, 0], ArrowLeft: [-1, 0] }[event.key];
    if (!step || !(event.shiftKey || event.ctrlKey) || this.groups.get(id)?.dataset.added !== "yes") return false;
    event.preventDefault();
    const rect = this.groups.get(id).querySelector(".box");
    const [x, y, width, height] = ["x", "y", "width", "height"].map((name) => Number(rect.getAttribute(name)));
    const by = step.map((one) => one * NUDGE);
    const [dx, dy] = event.shiftKey ? [clamp(by[0], -x, 1 - x - width), clamp(by[1], -y, 1 - y - height)] : [0, 0];
    const size = event.shiftKey ? [width, height] : [clamp(width + by[0], NUDGE, 1 - x), clamp(height + by[1], NUDGE, 1 - y)];
    this.moved(id, rounded([x + dx, y + dy, x + dx + size[0], y + dy + size[1]]));
    return true;
  }

  /** The box of a field that was added; `field` null when it was taken away. */
  present(id, field) {
    const group = this.groups.get(id);
    if (!field) {
      group?.remove();
      this.groups.delete(id);
      this.order = this.order.filter((one) => one !== id);
      return;
    }
    if (!group) this.#insert(id, field.page);
    put(this.groups.get(id).querySelector(".box"), field.box);
  }

  #insert(id, page) {
    const overlay = document.querySelector(`#page-${page} .overlay`);
    const group = drawnIn(overlay, "g");
    group.dataset.box = id;
    group.dataset.added = "yes";
    const rect = drawnIn(group, "rect");
    rect.setAttribute("class", "box");
    rect.setAttribute("role", "button");
    rect.setAttribute("tabindex", "-1");
    this.groups.set(id, group);
    this.order.push(id);
  }

  #field(event) {
    return event.target.closest?.("[data-box]")?.dataset.box ?? null;
  }

  #on(event, choose) {
    const id = this.#field(event);
    if (id && !this.drawing) choose(id, { focus: "box" });
  }

  #key(event, choose) {
    const id = this.#field(event);
    if (!id || this.#nudge(event, id)) return;
    const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    if (step) {
      event.preventDefault();
      const next = this.order[this.order.indexOf(id) + step];
      if (next) choose(next, { focus: "box" });
    } else if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      choose(id, { focus: "row" });
    }
  }

  /** Light the box of a field and bring it into view. */
  choose(id, { focus } = {}) {
    const before = this.groups.get(this.current);
    before?.classList.remove("chosen");
    before?.querySelector(".box").setAttribute("tabindex", "-1");
    this.current = id;
    const group = this.groups.get(id);
    if (!group) return;
    group.classList.add("chosen");
    const box = group.querySelector(".box");
    box.setAttribute("tabindex", "0");
    this.#reveal(box);
    if (focus) box.focus({ preventScroll: true });
  }

  #reveal(box) {
    const pane = this.pages.getBoundingClientRect();
    const place = box.getBoundingClientRect();
    const margin = Math.min(80, pane.height / 5);
    const top = place.top - pane.top;
    if (top < margin || place.bottom > pane.bottom - margin) this.pages.scrollTop += top - pane.height / 3;
    const start = place.left - pane.left;
    if (start < 0 || place.right > pane.right) this.pages.scrollLeft += start - 24;
  }

  light(id, on) {
    this.groups.get(id)?.classList.toggle("lit", on);
  }

  show(id, status, words) {
    const group = this.groups.get(id);
    if (!group) return;
    group.dataset.status = status;
    group.querySelector(".box").setAttribute("aria-label", words);
  }

  #tool(event) {
    const zoom = event.target.closest("[data-zoom]")?.dataset.zoom;
    if (zoom) this.#zoom(zoom);
    const link = event.target.closest("[data-to-page]");
    if (link) {
      event.preventDefault();
      const sheet = document.getElementById(`page-${link.dataset.toPage}`);
      this.pages.scrollTop += sheet.getBoundingClientRect().top - this.pages.getBoundingClientRect().top - 8;
    }
  }

  #zoom(how) {
    if (how === "page") {
      this.pages.dataset.fit = "page";
      this.pages.style.setProperty("--pane-height", `${this.pages.clientHeight - 64}px`);
      this.scale = 1;
    } else {
      this.pages.dataset.fit = "width";
      this.scale = how === "width" ? 1 : Math.min(6, Math.max(0.3, this.scale * (how === "in" ? STEP : 1 / STEP)));
      this.pages.style.setProperty("--sheet-width", `${this.scale * 100}%`);
    }
    if (this.groups.get(this.current)) this.#reveal(this.groups.get(this.current).querySelector(".box"));
  }

  /** Marks the page in view in the strip. */
  #watchPages() {
    if (!this.strip) return;
    const seen = new IntersectionObserver(
      (entries) => {
        const entry = entries.find((one) => one.isIntersecting);
        if (!entry) return;
        this.strip.querySelector("[aria-current]")?.removeAttribute("aria-current");
        const link = this.strip.querySelector(`[data-to-page="${entry.target.dataset.pageNumber}"]`);
        link.setAttribute("aria-current", "true");
        this.strip.scrollLeft = link.offsetLeft - this.strip.offsetLeft - this.strip.clientWidth / 2;
      },
      { root: this.pages, rootMargin: "-45% 0px -45% 0px" },
    );
    for (const sheet of this.pages.querySelectorAll(".sheet")) seen.observe(sheet);
  }
}
