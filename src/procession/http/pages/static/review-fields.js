// The list of fields, and the editor that opens inside the chosen one.

const list = document.getElementById("fields");
const shapes = document.getElementById("shapes")?.content;
const SURE = [[0.9, "We are sure about this one."], [0.7, "We are fairly sure about this one."], [0, "We are unsure about this one."]];

const asLines = (options) => (options ?? []).map((one) => (typeof one === "string" ? one : one.label)).join("\n");
const asText = (value) => (value === null || value === undefined ? "" : Array.isArray(value) ? value.join(", ") : String(value));

/** What was typed, in the kind of value the field holds. */
function valueOf(text, field) {
  const typed = text.trim();
  if (typed === "") return null;
  if (Array.isArray(field.value)) return typed.split(/\s*,\s*/).filter(Boolean);
  if (typeof field.value === "boolean") return /^(true|yes|x|✓)$/i.test(typed);
  if (field.type === "number" && /^-?\d{1,15}$/.test(typed)) return Number(typed);
  return typed;
}

function optionsOf(text, field) {
  const known = new Map((field.options ?? []).map((one) => [one.label, one]));
  const labels = [...new Set(text.split("\n").map((line) => line.trim()).filter(Boolean))];
  return labels.map((label) => known.get(label) ?? { label });
}

/** Whether a field stands before another one: by page, row and column. */
function before(one, other) {
  if (one.page !== other.page) return one.page < other.page;
  const [a, b] = [one.box, other.box ?? other.value_box];
  if (!a || !b) return false;
  const middle = (a[1] + a[3]) / 2;
  return b[1] <= middle && middle <= b[3] ? a[0] < b[0] : middle < b[1];
}

export class Fields {
  constructor(data, review) {
    this.data = data;
    this.review = review;
    this.rows = new Map([...list.querySelectorAll("[data-field]")].map((row) => [row.dataset.field, row]));
    this.order = [...this.rows.keys()];
    this.editor = null;
    this.chosen = null;
  }

  row(id) {
    return this.rows.get(id);
  }

  choose(id, { focus } = {}) {
    const before = this.row(this.chosen);
    before?.classList.remove("chosen");
    before?.querySelector(".field-row").setAttribute("aria-expanded", "false");
    this.editor?.remove();
    this.editor = null;
    this.chosen = id;
    const row = this.row(id);
    if (!row) return;
    row.classList.add("chosen");
    row.querySelector(".field-row").setAttribute("aria-expanded", "true");
    if (!this.data.locked) this.#open(row, id);
    if (focus === "row") row.querySelector(".field-row").focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
  }

  #open(row, id) {
    this.editor = document.getElementById("editor").content.firstElementChild.cloneNode(true);
    row.append(this.editor);
    this.fill(id);
    this.editor.addEventListener("input", (event) => this.#edited(id, event.target));
    this.editor.addEventListener("change", (event) => event.target.tagName === "SELECT" && this.#arrange(id));
  }

  part(name) {
    return this.editor?.querySelector(`[data-edit="${name}"]`);
  }

  /** Puts the field's values into the editor, except where somebody is typing. */
  fill(id) {
    const field = this.review.shown(id);
    const put = (name, value) => {
      const input = this.part(name);
      if (input !== document.activeElement) input.value = value;
    };
    put("label", field.label);
    put("type", field.type);
    put("section", field.section ?? "");
    if (this.part("section").selectedIndex < 0) put("section", "");
    put("options", asLines(field.options));
    put("value", asText(field.value));
    this.part("required").checked = field.required;
    const printed = field.value_text && field.value_text !== asText(field.value) ? `Printed as “${field.value_text}”.` : "";
    this.editor.querySelector("[data-part=evidence]").textContent = printed;
    const added = !this.review.found.has(id);
    this.editor.querySelector("[data-part=sure]").textContent = added ? "You added this field." : SURE.find(([least]) => field.confidence >= least)[1];
    this.#arrange(id);
  }

  #arrange(id) {
    const field = this.review.shown(id);
    const holdsValue = field.value !== null || document.querySelector("main").dataset.values === "yes";
    this.editor.querySelector("[data-for=options]").hidden = !this.data.withOptions.includes(field.type);
    this.editor.querySelector("[data-for=value]").hidden = !holdsValue;
    this.editor.querySelector("[data-do=reset]").hidden = this.review.undecided(id) || !this.review.found.has(id);
  }

  #edited(id, input) {
    const part = input.dataset.edit;
    if (!part) return;
    const field = this.review.shown(id);
    const typed = input.value;
    const value = {
      label: () => typed.trim(),
      type: () => typed,
      section: () => typed || null,
      options: () => optionsOf(typed, this.review.found.get(id)),
      value: () => valueOf(typed, field),
      required: () => input.checked,
    }[part]();
    if (part === "label" && !value) return; // a field without a name cannot be asked; the old name stays until there is one
    this.review.edit(id, part, value);
  }

  /** A row for a field that was added, where it stands on the paper; none for one that was taken away. */
  #present(id) {
    const row = this.row(id);
    if (row && !this.review.exists(id)) {
      if (this.chosen === id) this.chosen = this.neighbour(1) ?? this.neighbour(-1);
      row.remove();
      this.rows.delete(id);
      this.order = this.order.filter((one) => one !== id);
    } else if (!row && this.review.exists(id)) {
      this.#insert(id);
    }
    return this.row(id);
  }

  #insert(id) {
    const row = document.getElementById("field-row").content.firstElementChild.cloneNode(true);
    row.id = `field-${id}`;
    row.dataset.field = id;
    const field = this.review.shown(id);
    const at = this.order.findIndex((other) => before(field, this.review.shown(other)));
    if (at >= 0) this.row(this.order[at]).before(row);
    else this.#lastList().append(row);
    this.rows.set(id, row);
    this.order.splice(at >= 0 ? at : this.order.length, 0, id);
  }

  #lastList() {
    const lists = list.querySelectorAll(".field-rows");
    if (lists.length) return lists[lists.length - 1];
    list.querySelector(".empty")?.remove();
    const made = document.createElement("ol");
    made.className = "field-rows";
    list.append(made);
    return made;
  }

  /** Shows a field's row as the review has it now. */
  show(id) {
    const row = this.#present(id);
    if (!row) return;
    const field = this.review.shown(id);
    const status = this.review.status(id);
    const words = this.data.statuses[status];
    row.dataset.status = status;
    const mark = row.querySelector(".field-mark");
    mark.querySelector("svg").replaceWith(shapes.querySelector(`[data-tone="${words.tone}"]`).cloneNode(true));
    const put = (name, text) => {
      const place = row.querySelector(`[data-part="${name}"]`);
      if (place) place.textContent = text;
    };
    put("status", `${words.text}:`);
    put("label", field.label || "No label found");
    put("type", this.data.types[field.type]);
    put("required", field.required ? "required" : "");
    put("value", field.value === null ? "" : asText(field.value_text && !("value" in (this.review.wanted.get(id)?.changes ?? {})) ? field.value_text : field.value));
    const why = row.querySelector(".why");
    if (why) why.hidden = status !== "look";
    const byAi = row.querySelector(".by-ai");
    if (byAi) byAi.hidden = status === "changed";
    if (id === this.chosen && this.editor) this.fill(id);
  }

  /** The field `step` rows from the chosen one, or null at the ends. */
  neighbour(step) {
    return this.order[this.order.indexOf(this.chosen) + step] ?? null;
  }

  /** The next field nobody has decided on, after the chosen one and then from the top. */
  nextUndecided() {
    const start = this.order.indexOf(this.chosen) + 1;
    const ring = [...this.order.slice(start), ...this.order.slice(0, start)];
    return ring.find((id) => this.review.undecided(id)) ?? null;
  }
}
