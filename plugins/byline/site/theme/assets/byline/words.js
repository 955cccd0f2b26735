/*! Byline: fills a form that a CRM takes itself. Stands after capture.js; every input marked data-byline-word gets what that word
means (utm_content, first_utm_source, journey …), and is left out when there is nothing. */
((w, d) => {
  const SHOWN = ["source", "medium", "campaign", "content", "term"], WORDS = [...SHOWN, "id"], PARTS = [...SHOWN, "page", "referrer", "click", "id"];
  let asked, key, ticked;

  const words = ({touches, first}) => {
    const all = first && !touches.some(({at}) => at === first.at) ? [first, ...touches] : touches, told = {};
    const tagged = all.filter(({source, campaign, content}) => source || campaign || content), row = tagged.length ? tagged : all;
    for (const [prefix, name, touch] of [["first_", "first", row[0]], ["", "last", row.at(-1)]]) {
      if (!touch) continue;
      for (const word of WORDS) told[`${prefix}utm_${word}`] = touch[word];
      told[`${name}_touch_at`] = touch.at;
      told[`${prefix}landing_page`] = touch.page;
      told[`${prefix}referrer`] = touch.referrer;
    }
    for (const {click} of all) if (click) told[click.split("=")[0]] = click.slice(click.indexOf("=") + 1);
    if (all.length) told.journey = JSON.stringify(all.map((touch) => [touch.at, ...PARTS.map((part) => touch[part] || "")]));
    return told;
  };
  const fresh = (form) => { // the same words twice are one lead: the CRM refuses a second one with this key
    const said = [...form.elements].map((one) => one.type === "hidden" ? "" : one.value).join("\n");
    if (said !== asked) {
      asked = said;
      key = w.crypto.randomUUID?.() || `${Date.now()}${Math.random()}`.replace(".", "");
    }
    return `byline:lead:web-${key}`;
  };
  const fill = (form) => {
    const box = form.querySelector("[data-byline-marketing]"), post = d.querySelector("meta[name='byline:post']");
    const told = {...words(w.byline.journey()), key: fresh(form), page: w.location.pathname, post: post?.content,
      consent_at: box?.checked ? new Date(ticked || Date.now()).toISOString() : ""};
    for (const input of form.querySelectorAll("[data-byline-word]")) {
      const word = input.dataset.bylineWord;
      if (word !== "consent") input.value = told[word] || "";
      input.disabled = !input.value || (word === "consent" && !box?.checked);
    }
  };
  d.addEventListener("change", ({target}) => { if (target.matches("[data-byline-marketing]")) ticked = Date.now(); });
  d.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("form[data-byline-words]")) return;
    if (!form.querySelector("[data-byline-pot]")?.value) return fill(form);
    event.preventDefault(); // a robot: the CRM that takes the form looks for none
    event.stopImmediatePropagation();
    w.location.assign(form.dataset.next || "/");
  }, true);
  w.byline.words = fill;
})(window, document);
