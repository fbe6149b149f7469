// The first page: drop or choose files, watch the list.

import { confirmFirst } from "./confirm.js";
import { follow } from "./live.js";
import { say } from "./page.js";
import { Uploads } from "./upload.js";

const box = document.getElementById("upload");
const refresh = follow("#jobs", { busy: (list) => list?.dataset.active === "yes" });
const uploads = new Uploads(box, refresh);

const chooser = document.getElementById("files");
chooser.addEventListener("change", () => {
  uploads.add(chooser.files);
  chooser.value = "";
});

const holdsFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
let inside = 0; // enter and leave fire for every child
const cover = (on) => (on ? document.body.setAttribute("data-dropping", "") : document.body.removeAttribute("data-dropping"));
addEventListener("dragenter", (event) => {
  if (holdsFiles(event)) cover((inside += 1) > 0);
});
addEventListener("dragleave", (event) => {
  if (holdsFiles(event)) cover((inside = Math.max(0, inside - 1)) > 0);
});
addEventListener("dragover", (event) => {
  if (holdsFiles(event)) event.preventDefault();
});
addEventListener("drop", (event) => {
  if (!holdsFiles(event)) return;
  event.preventDefault();
  cover((inside = 0) > 0);
  uploads.add(event.dataTransfer.files);
});

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-do=example]");
  if (!button) return;
  button.disabled = true;
  try {
    const example = await (await fetch(box.dataset.example)).blob();
    uploads.add([new File([example], "Example consultation form.pdf", { type: "application/pdf" })]);
  } catch {
    say("The example could not be loaded. Check the connection and try again.");
    button.disabled = false;
  }
});

// cancel and try again, without leaving the list
document.addEventListener("submit", async (event) => {
  if (!event.target.matches("form[data-stay]")) return;
  event.preventDefault();
  event.target.querySelector("button").disabled = true;
  await fetch(event.target.action, { method: "POST", redirect: "manual" }).catch(() => say("The server cannot be reached."));
  refresh();
});

confirmFirst();
document.querySelector("main").dataset.ready = "yes";
