// The review page: ties the paper, the list and the model together, and listens to the keys.

import { Refused, say } from "./page.js";
import { Fields } from "./review-fields.js";
import { Review } from "./review-model.js";
import { Paper } from "./review-paper.js";

const data = JSON.parse(document.getElementById("review-data").textContent);
const saved = document.getElementById("saved");
const help = document.getElementById("help");
const keysOn = document.getElementById("keys-on");

const review = new Review(data, { changed, note: say, saved: showSaved });
const fields = new Fields(data, review);
const light = (id, on) => {
  fields.row(id)?.classList.toggle("lit", on);
  paper.light(id, on);
};
const paper = new Paper(choose, light, { drawn, moved: (id, box) => review.edit(id, "box", box) });

function choose(id, { focus = "row" } = {}) {
  if (!id) return;
  if (fields.chosen !== id) fields.choose(id, { focus });
  else if (focus === "row") fields.row(id)?.querySelector(".field-row").focus({ preventScroll: true });
  paper.choose(id, { focus: focus === "box" });
  history.replaceState(null, "", `#field-${id}`);
}

/** A box was drawn: a new field, ready to be named. */
function drawn(page, box) {
  drawing(false);
  const id = review.add({ label: "New field", page, box });
  choose(id, { focus: null });
  acts.edit();
  say("Field added. Give it a name.");
}

function drawing(on) {
  paper.draw(on);
  const button = document.querySelector("[data-do=add]");
  button?.setAttribute("aria-pressed", String(on));
}

function changed(ids) {
  for (const id of ids) {
    if (!review.found.has(id)) paper.present(id, review.exists(id) ? review.shown(id) : null);
    fields.show(id);
    if (!review.exists(id)) {
      if (fields.chosen && fields.chosen !== id) choose(fields.chosen, { focus: null });
      continue;
    }
    const status = data.statuses[review.status(id)].text.toLowerCase();
    paper.show(id, review.status(id), `${review.shown(id).label || "Unnamed field"}, ${status}`);
  }
  tally();
}

function tally() {
  const counts = { approved: 0, changed: 0, added: 0, left_out: 0, look: 0, open: 0 };
  for (const id of review.ids()) counts[review.status(id)] += 1;
  const parts = [`${counts.approved + counts.changed} checked`];
  if (counts.added) parts.push(`${counts.added} added`);
  if (counts.left_out) parts.push(`${counts.left_out} left out`);
  if (counts.look) parts.push(`${counts.look} ${counts.look === 1 ? "needs" : "need"} a look`);
  if (counts.open) parts.push(`${counts.open} not looked at`);
  document.getElementById("tally").textContent = parts.join(" · ");
  const rest = document.querySelector("[data-do=approve-all]");
  if (rest) rest.hidden = counts.look + counts.open === 0;
  const says = document.getElementById("finish-says");
  const left = counts.look + counts.open ? " Fields you have not looked at go in as they are." : "";
  if (says) says.textContent = `Makes the form and gives you a link to send.${left}`;
}

function showSaved(state, words) {
  saved.dataset.state = state;
  saved.textContent = words ?? { saving: "Saving", saved: "Saved" }[state];
}

function onward() {
  const next = fields.nextUndecided();
  if (next) return choose(next);
  document.querySelector("[data-do=finish]").focus();
  return say("Every field here is checked.");
}

async function finish() {
  const button = document.querySelector("[data-do=finish]");
  button.disabled = true;
  try {
    const form = await review.finish();
    location.assign(`/forms/${form}?made=1`);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    button.disabled = false;
    if (error.status !== 412) say(error.message);
  }
}

const acts = {
  choose: (target) => choose(target.closest("[data-field]").dataset.field),
  next: () => choose(fields.neighbour(1)),
  previous: () => choose(fields.neighbour(-1)),
  approve: () => {
    review.approve([fields.chosen]);
    onward();
  },
  "approve-all": () => {
    const rest = [...review.found.keys()].filter((id) => review.undecided(id));
    review.approve(rest);
    say(`${rest.length} approved. Press U to undo.`);
    document.querySelector("[data-do=finish]").focus();
  },
  edit: () => {
    const input = fields.part("label");
    input?.focus();
    input?.select();
  },
  reject: () => {
    review.reject(fields.chosen);
    onward();
  },
  reset: () => review.reset(fields.chosen),
  undo: () => {
    document.activeElement?.blur?.(); // an input being typed in shows the undone text too
    const id = review.undo();
    if (id && review.exists(id)) choose(id);
    say(id ? "Undone." : "Nothing to undo.");
  },
  add: (_, event) => {
    if (event?.detail === 0 || event instanceof KeyboardEvent) return paper.place(); // no mouse to draw with
    const on = !paper.drawing;
    drawing(on);
    if (on) say("Draw the new field's box on the page. Esc stops.");
  },
  help: () => help.showModal(),
  close: () => help.close(),
  finish: () => finish(),
};
const readOnly = new Set(["choose", "next", "previous", "help", "close"]);

function act(name, target, event) {
  if (data.locked && !readOnly.has(name)) return;
  acts[name]?.(target, event);
}

document.addEventListener("click", (event) => {
  const target = event.target.closest("[data-do]");
  if (!target) return;
  if (target.dataset.do === "finish") event.preventDefault();
  act(target.dataset.do, target, event);
});

const keys = { j: "next", k: "previous", a: "approve", e: "edit", x: "reject", u: "undo", n: "add", "?": "help" };
const typing = (target) => target.matches?.("input:not([type=checkbox]), textarea, select") ?? false;

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && paper.drawing) return drawing(false);
  if (event.key === "Escape" && fields.editor?.contains(event.target)) {
    review.flush();
    choose(fields.chosen);
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (typing(event.target) || help.open || !keysOn.checked) return;
  const name = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!name) return;
  event.preventDefault();
  act(name, event.target, event);
});

document.getElementById("fields").addEventListener("pointerover", (event) => over(event, true));
document.getElementById("fields").addEventListener("pointerout", (event) => over(event, false));
function over(event, on) {
  paper.light(event.target.closest("[data-field]")?.dataset.field, on);
}

keysOn.checked = localStorage.getItem("procession-keys") !== "off";
keysOn.addEventListener("change", () => localStorage.setItem("procession-keys", keysOn.checked ? "on" : "off"));
document.addEventListener("focusout", (event) => fields.editor?.contains(event.target) && review.flush());
document.addEventListener("visibilitychange", () => document.hidden && review.flush());
addEventListener("beforeunload", (event) => {
  if (review.unsaved) event.preventDefault();
});
document.addEventListener("click", (event) => {
  const menu = document.querySelector(".menu[open]");
  if (menu && !menu.contains(event.target)) menu.open = false;
});

// open where a link points, else at the least sure of those that need a look
const linked = location.hash.startsWith("#field-") ? location.hash.slice("#field-".length) : null;
const unsure = fields.order.filter((id) => review.status(id) === "look");
const first = unsure.sort((one, other) => review.shown(one).confidence - review.shown(other).confidence)[0] ?? fields.order[0];
document.querySelector("main").dataset.ready = "yes";
choose(fields.rows.has(linked) ? linked : first, { focus: null });
