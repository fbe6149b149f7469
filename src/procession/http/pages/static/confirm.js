// The question before something that cannot be undone. Without scripts the same link opens a page that asks.

export function confirmFirst() {
  const dialog = document.getElementById("confirm");
  const form = dialog.querySelector("form");
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-confirm]");
    if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      form.action = link.href;
      document.getElementById("confirm-question").textContent = link.dataset.confirm;
      document.getElementById("confirm-consequence").textContent = link.dataset.consequence;
      document.getElementById("confirm-yes").textContent = link.dataset.yes;
      dialog.showModal();
    }
    if (event.target.closest("#confirm [data-do=close]")) dialog.close();
  });
}
