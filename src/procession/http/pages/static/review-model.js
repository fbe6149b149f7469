// What was found, what the reviewer decided, and how that reaches the server: one request at a time, each guarded by the
// version it saw. Knows nothing of the page; it tells through `changed(ids)`, `saved(state)` and `note(text)`.

import { Refused, ask } from "./page.js";

const TYPING = 600; // milliseconds without a key before an edit is sent
const AGAIN = 3000;

const DONE = { approve: "approved", modify: "changed", reject: "left_out", add: "added" };
const BLANK = { section: null, type: "text", options: [], required: false, value: null, value_text: null, confidence: 1, needs_review: false };
const same = (one, other) => JSON.stringify(one ?? null) === JSON.stringify(other ?? null);

export class Review {
  constructor(data, { changed, saved, note }) {
    this.id = data.id;
    this.version = data.version;
    this.found = new Map(data.fields.map((field) => [field.id, field]));
    this.wanted = new Map(Object.entries(data.decisions).map(([id, one]) => [id, plain(one)]));
    this.kept = new Map(this.wanted); // what the server has
    this.dirty = new Set();
    this.past = [];
    this.tell = { changed, saved, note };
    this.timer = null;
    this.sending = null;
  }

  shown(id) {
    return { ...(this.found.get(id) ?? { id, ...BLANK }), ...(this.wanted.get(id)?.changes ?? {}) };
  }

  status(id) {
    return DONE[this.wanted.get(id)?.action] ?? (this.found.get(id)?.needs_review ? "look" : "open");
  }

  exists(id) {
    return this.found.has(id) || this.wanted.has(id);
  }

  /** Ids of what was found and of what the reviewer added. */
  ids() {
    return [...this.found.keys(), ...[...this.wanted.keys()].filter((id) => !this.found.has(id))];
  }

  /** A field the engine missed. `changes` has at least label, page and box; returns its id. */
  add(changes) {
    const id = `added-${Date.now().toString(36)}-${this.wanted.size.toString(36)}`;
    this.#decide([id], { action: "add", changes: { type: "text", ...changes } });
    return id;
  }

  undecided(id) {
    return !this.wanted.get(id);
  }

  /** An edit. Edits of one part of one field in a row are one step to undo. */
  edit(id, part, value) {
    const before = this.wanted.get(id);
    const changes = { ...(before?.changes ?? {}), [part]: value };
    const found = this.found.get(id);
    if (found && same(changes[part], found[part])) delete changes[part];
    const next = !found ? { action: "add", changes } : Object.keys(changes).length ? { action: "modify", changes } : null;
    const step = this.past.at(-1);
    if (!(step?.part === part && step.before.has(id))) this.past.push({ part, before: new Map([[id, before]]) });
    this.#want(id, next);
    this.#sendSoon(TYPING);
  }

  approve(ids) {
    this.#decide(ids.filter((id) => !["modify", "add"].includes(this.wanted.get(id)?.action)), { action: "approve", changes: {} });
  }

  /** Leaves a field out; one that the reviewer added is gone. */
  reject(id) {
    this.#decide([id], this.found.has(id) ? { action: "reject", changes: {} } : null);
  }

  reset(id) {
    this.#decide([id], null);
  }

  /** Takes back the last step; returns the first field it touched, or null when there is nothing to take back. */
  undo() {
    const step = this.past.pop();
    if (!step) return null;
    for (const [id, before] of step.before) this.#want(id, before ?? null);
    this.#sendSoon(0);
    return step.before.keys().next().value;
  }

  #decide(ids, decision) {
    const touched = ids.filter((id) => !same(this.wanted.get(id), decision));
    if (!touched.length) return;
    this.past.push({ part: null, before: new Map(touched.map((id) => [id, this.wanted.get(id)])) });
    for (const id of touched) this.#want(id, decision);
    this.#sendSoon(0);
  }

  #want(id, decision) {
    if (decision) this.wanted.set(id, decision);
    else this.wanted.delete(id);
    this.dirty.add(id);
    this.tell.saved("saving");
    this.tell.changed([id]);
  }

  #sendSoon(milliseconds) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.flush(), milliseconds);
  }

  get unsaved() {
    return this.dirty.size > 0 || this.sending !== null;
  }

  /** Sends what is not saved yet; resolves true when everything is. */
  async flush() {
    clearTimeout(this.timer);
    if (this.sending) await this.sending;
    if (!this.dirty.size) return true;
    this.sending = this.#send();
    const done = await this.sending;
    this.sending = null;
    if (done && this.dirty.size) return this.flush();
    if (done) this.tell.saved("saved");
    return done;
  }

  async #send() {
    // an added field that was taken back before it was sent is nothing the server has to hear of
    const ids = [...this.dirty].filter((id) => this.found.has(id) || this.wanted.has(id) || this.kept.has(id));
    const sent = new Map(ids.map((id) => [id, this.wanted.get(id)]));
    this.dirty.clear();
    if (!ids.length) return true;
    try {
      const fields = ids.map((id) => action(id, sent.get(id)));
      const view = await ask(`/v1/analyses/${this.id}/review`, { method: "POST", body: { fields }, version: this.version });
      this.version = view.version;
      for (const [id, one] of sent) one ? this.kept.set(id, one) : this.kept.delete(id);
      return true;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      for (const id of ids) this.dirty.add(id);
      return this.#refused(error, ids);
    }
  }

  async #refused(error, ids) {
    if (error.status === 412) {
      await this.#reread();
      return true; // what is still dirty goes out again, on top of what the other reviewer did
    }
    if (error.status === 0 || error.status >= 500 || error.status === 429) {
      this.tell.saved("failed", `Not saved: ${error.message} Trying again.`);
      this.#sendSoon((error.retryAfter ?? 0) * 1000 || AGAIN);
      return false;
    }
    // refused for good: show the field as the server has it, and why
    for (const id of ids) {
      this.dirty.delete(id);
      const kept = this.kept.get(id);
      kept ? this.wanted.set(id, kept) : this.wanted.delete(id);
    }
    this.past = [];
    this.tell.changed(ids);
    this.tell.saved("failed", `Not saved: ${error.message}`);
    return false;
  }

  /** Somebody else changed this review: theirs wins where both touched a field, and the page says so. */
  async #reread() {
    const [view, state] = await Promise.all([
      ask(`/v1/analyses/${this.id}`),
      ask(`/v1/analyses/${this.id}/review`),
    ]);
    this.version = view.version;
    const theirs = new Map(Object.entries(state.fields).map(([id, one]) => [id, plain(one)]));
    const known = new Set([...this.found.keys(), ...theirs.keys(), ...this.kept.keys()]);
    const touched = [...known].filter((id) => !same(theirs.get(id), this.kept.get(id)));
    let lost = 0;
    for (const id of touched) {
      if (this.dirty.delete(id)) lost += 1;
      const one = theirs.get(id);
      one ? this.wanted.set(id, one) : this.wanted.delete(id);
    }
    this.kept = theirs;
    this.past = [];
    this.tell.changed(touched);
    const own = lost ? ` Your change to ${lost === 1 ? "one field" : `${lost} fields`} was not kept; look at it again.` : "";
    this.tell.note(`Somebody else changed this review. It was read again.${own}`);
  }

  /** Approves the rest and makes the form; returns the form's id. Throws Refused. */
  async finish() {
    if (!(await this.flush())) throw new Refused(0, "Your last changes are not saved yet.");
    try {
      const body = { fields: [], finish: true };
      const view = await ask(`/v1/analyses/${this.id}/review`, { method: "POST", body, version: this.version });
      return view.form_id;
    } catch (error) {
      if (error.status === 412) await this.#reread();
      throw error;
    }
  }
}

function plain(decision) {
  return { action: decision.action, changes: decision.changes ?? {} };
}

function action(id, decision) {
  if (!decision) return { id, action: "reset" };
  return ["modify", "add"].includes(decision.action) ? { id, ...decision } : { id, action: decision.action };
}
