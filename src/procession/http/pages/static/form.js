// A finished form: copy its link, watch responses arrive.

import { follow } from "./live.js";
import "./page.js";

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const input = document.getElementById(button.dataset.copy);
  input.select();
  try {
    await navigator.clipboard.writeText(input.value);
    button.textContent = "Copied";
  } catch {
    button.textContent = "Selected: copy it"; // not allowed to write there: the link is selected already
  }
  setTimeout(() => (button.textContent = "Copy"), 3000);
});

follow("#responses");
