// Sending files: each its own line, three at a time, every refusal in words with what to do.

import { say } from "./page.js";

const AT_ONCE = 3;
const BUSY = new Set([429, 503]);

const MB = (bytes) => {
  const size = bytes / 1048576;
  return `${size < 10 ? size.toFixed(1) : Math.round(size).toLocaleString("en")} MB`;
};

function onceKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

const isPicture = (file) => file.type.startsWith("image/") || /\.hei[cf]$/i.test(file.name);

function left(seconds) {
  return seconds < 60 ? `${Math.ceil(seconds)} s left` : `${Math.ceil(seconds / 60)} min left`;
}

export class Uploads {
  constructor(box, accepted) {
    this.box = box;
    this.list = document.getElementById("uploads");
    this.bytesMax = Number(box.dataset.bytesMax);
    this.accepted = accepted;
    this.waiting = [];
    this.running = 0;
    this.list.addEventListener("click", (event) => this.#clicked(event));
    addEventListener("beforeunload", (event) => {
      if (this.running || this.waiting.length) event.preventDefault();
    });
  }

  add(files) {
    for (const together of this.#documents([...files])) {
      const row = document.getElementById("upload-row").content.firstElementChild.cloneNode(true);
      const name = together.length > 1 ? `${together[0].name} and ${together.length - 1} more` : together[0].name;
      row.querySelector(".upload-name").textContent = name;
      const priority = this.box.querySelector("[name=priority]:checked").value;
      row.upload = { files: together, name, key: onceKey(), row, priority };
      this.list.append(row);
      this.list.hidden = false;
      const refusal = this.#refusal(together);
      if (refusal) this.#refuse(row.upload, refusal);
      else this.#enqueue(row.upload);
    }
  }

  // each file alone, or the photos together when they are pages of one form
  #documents(files) {
    const photos = document.getElementById("as-one").checked ? files.filter(isPicture) : [];
    if (photos.length < 2) return files.map((file) => [file]);
    photos.sort((one, other) => one.name.localeCompare(other.name, undefined, { numeric: true }));
    return [photos, ...files.filter((file) => !isPicture(file)).map((file) => [file])];
  }

  #refusal(files) {
    const size = files.reduce((sum, file) => sum + file.size, 0);
    if (size > this.bytesMax) {
      const what = files.length > 1 ? "These photos have" : "This file has";
      return `${what} ${MB(size)}; ${MB(this.bytesMax)} is the most. Split it or reduce its pictures and try again.`;
    }
    return files.some((file) => file.size === 0) ? "This file is empty. Check the original and upload it again." : null;
  }

  #enqueue(upload) {
    this.#show(upload, "waiting", "Waits to be sent");
    this.waiting.push(upload);
    this.#next();
  }

  #next() {
    while (this.running < AT_ONCE && this.waiting.length) {
      this.running += 1;
      this.#send(this.waiting.shift());
    }
  }

  #send(upload) {
    const body = new FormData();
    body.append("priority", upload.priority);
    for (const file of upload.files) body.append("file", file, file.name);
    const request = new XMLHttpRequest(); // fetch cannot tell how much was sent
    const started = Date.now();
    request.open("POST", "/v1/analyses");
    request.setRequestHeader("Accept", "application/json");
    request.setRequestHeader("Idempotency-Key", upload.key);
    request.upload.onprogress = (event) => this.#progress(upload, event, started);
    request.onload = () => this.#answered(upload, request);
    request.onerror = () => this.#broken(upload);
    this.#show(upload, "sending", "Sending");
    request.send(body);
  }

  #progress(upload, event, started) {
    const bar = upload.row.querySelector("progress");
    bar.hidden = false;
    bar.value = event.loaded / event.total;
    bar.setAttribute("aria-label", `Sending ${upload.name}`);
    const seconds = (Date.now() - started) / 1000;
    if (seconds > 1 && event.loaded < event.total) {
      const rest = (event.total - event.loaded) / (event.loaded / seconds);
      this.#show(upload, "sending", `Sending, ${left(rest)}`);
    }
  }

  #answered(upload, request) {
    this.running -= 1;
    if (request.status >= 200 && request.status < 300) {
      upload.row.remove();
      this.list.hidden = !this.list.children.length;
      say(`${upload.name} was accepted.`);
      this.accepted();
    } else if (BUSY.has(request.status)) {
      const wait = Math.max(1, Number(request.getResponseHeader("Retry-After")) || 5);
      this.#show(upload, "waiting", `The server is busy. Sends again in ${wait} s.`);
      setTimeout(() => this.#enqueue(upload), wait * 1000);
    } else if (request.status === 401) {
      location.reload();
    } else {
      this.#refuse(upload, this.#words(request), request.status >= 500);
    }
    this.#next();
  }

  #words(request) {
    try {
      return JSON.parse(request.responseText).detail;
    } catch {
      return "The server did not take this file. Try again.";
    }
  }

  #broken(upload) {
    this.running -= 1;
    this.#refuse(upload, "This file could not be sent. Check the connection, and that the file is still there.", true);
    this.#next();
  }

  #refuse(upload, words, again = false) {
    this.#show(upload, "refused", words);
    upload.row.querySelector("[data-do=dismiss]").hidden = false;
    upload.row.querySelector("[data-do=again]").hidden = !again;
    say(`${upload.name}: ${words}`);
  }

  #show(upload, state, words) {
    upload.row.dataset.state = state;
    upload.row.querySelector(".upload-said").textContent = words;
    if (state !== "refused") for (const button of upload.row.querySelectorAll("button")) button.hidden = true;
  }

  #clicked(event) {
    const row = event.target.closest(".upload-row");
    const what = event.target.dataset.do;
    if (what === "again") this.#enqueue(row.upload);
    if (what === "dismiss") {
      row.remove();
      this.list.hidden = !this.list.children.length;
      document.getElementById("files").focus();
    }
  }
}
