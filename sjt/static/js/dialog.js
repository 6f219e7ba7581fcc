// Confirm with reason: an opener is a link to a page of the same words; when its dialog is on this page it opens instead.
let opener = null;

function show(dialog, from) {
  opener = from;
  dialog.showModal();
  const title = document.getElementById(dialog.getAttribute("aria-labelledby"));
  title?.focus();
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-dialog]");
  if (link) {
    const dialog = document.getElementById(link.dataset.dialog);
    if (dialog instanceof HTMLDialogElement && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      show(dialog, link);
    }
    return;
  }
  const close = event.target.closest("[data-dialog-close]");
  if (close) close.closest("dialog")?.close();
});

document.addEventListener("close", () => {
  if (opener?.isConnected) opener.focus();
  opener = null;
}, true);

export { show };
