// The paper: pictures of the pages with a box for every field. Zoom, the strip of pages, and which box is lit.

const STEP = 1.25;

export class Paper {
  constructor(choose, light) {
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
    this.#watchPages();
  }

  #field(event) {
    return event.target.closest?.("[data-box]")?.dataset.box ?? null;
  }

  #on(event, choose) {
    const id = this.#field(event);
    if (id) choose(id, { focus: "box" });
  }

  #key(event, choose) {
    const id = this.#field(event);
    if (!id) return;
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
