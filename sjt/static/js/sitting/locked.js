// What the locked browser shows of its key. Some of its builds send it with every request; the others tell it to the page
// alone, and the page passes it on together with the address it was made for.
const api = globalThis.SafeExamBrowser?.security;
const READY = 3_000;

const asked = new Promise((done) => {
  if (!api?.updateKeys) {
    done();
    return;
  }
  setTimeout(done, READY); // a build that never calls back must not stop the page
  try {
    api.updateKeys(done);
  } catch {
    done();
  }
});

const told = () => ({ page: location.href.split("#")[0], config: api?.configKey ?? "", exam: api?.browserExamKey ?? "" });

export const inLockedBrowser = Boolean(api);

// For a request of a script: nothing outside the locked browser.
export function lockHeaders() {
  if (!api) return {};
  const { page, config, exam } = told();
  return { "X-Locked-Page": page, "X-Locked-Config": config, "X-Locked-Exam": exam };
}

export async function lockProof() {
  await asked;
  return lockHeaders();
}

// For a form: hidden fields, filled once the keys are there.
export async function fillForms() {
  if (!api) return;
  await asked;
  for (const form of document.querySelectorAll("form[data-locked]")) {
    for (const [name, value] of Object.entries(told())) {
      const field = form.elements.namedItem(`locked_${name}`) ?? form.appendChild(Object.assign(document.createElement("input"), { type: "hidden", name: `locked_${name}` }));
      field.value = value;
    }
  }
}
