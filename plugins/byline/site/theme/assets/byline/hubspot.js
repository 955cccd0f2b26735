/*! Byline: hands the lead form to HubSpot's Forms interface and says so when it was not taken. Without it the form is sent
by the browser itself. */
((w, d) => {
  const say = (form, text) => {
    let line = form.querySelector("[role=alert]");
    if (!line) form.append(line = Object.assign(d.createElement("p"), {role: "alert", className: "by-form__wrong"}));
    line.textContent = text;
  };
  d.addEventListener("submit", async (event) => {
    const form = event.target, {bylineApi: api, subscription, next} = form.dataset;
    if (!api || event.defaultPrevented) return;
    event.preventDefault();
    const button = form.querySelector("[type=submit]"), box = form.querySelector("[data-byline-marketing]");
    const fields = [...new FormData(form)].filter(([name, value]) => value && name !== "hs_context")
      .map(([name, value]) => ({objectTypeId: "0-1", name, value}));
    const context = {pageUri: w.location.origin + w.location.pathname, pageName: d.title};
    const cookie = /(?:^|;\s*)hubspotutk=([0-9a-f]{32})/.exec(d.cookie);
    if (cookie) context.hutk = cookie[1]; // an empty one is refused
    const body = {submittedAt: `${Date.now()}`, fields, context};
    if (box?.checked && subscription) {
      const text = form.querySelector(`label[for="${box.id}"]`)?.textContent || "";
      body.legalConsentOptions = {consent: {consentToProcess: true, text,
        communications: [{value: true, subscriptionTypeId: +subscription, text}]}};
    }
    button.disabled = true;
    try {
      const answer = await fetch(api, {method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify(body)});
      if (answer.ok) return w.location.assign(next);
      const told = await answer.json().catch(() => ({}));
      const wrong = (told.errors || []).some(({errorType}) => /EMAIL/.test(errorType || ""));
      say(form, wrong ? "Your e-mail address was not accepted. Please correct it and send again."
        : "Your message was not accepted. Please try again in a minute, or write or call us.");
    } catch {
      say(form, "It is not sure that your message arrived. Please check your connection, then send it again, or write or call us.");
    }
    button.disabled = false;
  });
})(window, document);
