// The pages before the questions: a form that carries the proof, a start link, and the page that asks for the proof.
import { fillForms, inLockedBrowser, lockProof } from "./locked.js";

await fillForms();

const link = document.querySelector("form[data-start-link]");
if (link && location.hash.length > 1 && !link.dataset.tried) {
  link.elements.namedItem("token").value = location.hash.slice(1);
  history.replaceState(null, "", location.pathname);
  link.submit();
}

const proof = document.querySelector("[data-locked-proof]");
if (proof && inLockedBrowser) {
  const answer = await fetch(proof.dataset.lockedProof, {
    method: "POST",
    headers: { Accept: "application/json", "X-CSRFToken": proof.dataset.csrf, ...(await lockProof()) },
    credentials: "same-origin",
    cache: "no-store",
  }).catch(() => null);
  if (answer?.ok && (await answer.json()).proved) location.replace(proof.dataset.go);
  else document.querySelector("[data-locked-say]").textContent = "Safe Exam Browser was started with other settings than those of this session.";
}
