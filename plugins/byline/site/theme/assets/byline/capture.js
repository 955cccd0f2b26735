/*! Byline: tells the lead form which links brought the visitor. First-party; sends nothing by itself.
Mark any form with data-byline. byline.consent(true|false) keeps or wipes. */
((w, d) => {
  const me = d.currentScript?.dataset || {}, now = Date.now(), KEY = "byline", here = w.location;
  const keep = (parseFloat(me.keep) || 365) * 864e5;
  const mode = w.navigator.globalPrivacyControl ? "none" : me.consent || "required";
  const google = "google", mc = "mailchimp", CLICKS = {gclid: google, gbraid: google, wbraid: google, dclid: google,
    fbclid: "facebook", li_fat_id: "linkedin", twclid: "twitter", msclkid: "bing", ttclid: "tiktok", mc_cid: mc, mc_eid: mc};
  const WORDS = ["source", "medium", "campaign", "content", "term", "id"];
  const passing = /(^|\.)(paypal\.com|stripe\.com|accounts\.google\.com|login\.microsoftonline\.com)$/;
  let ticked;
  // From here on other sites learn our name alone.
  d.querySelector("meta[data-until-script]")?.setAttribute("content", "strict-origin-when-cross-origin");

  const clean = (value, low) => {
    value = String(value || "").replace(/[\u0000-\u001f\u007f-\u009f]/g, "").trim().slice(0, 255);
    if (/[^\s@/?&=]+@[^\s@/?&=]+\.[^\s@/?&=]/.test(value)) return ""; // somebody's address
    return low ? value.toLowerCase() : value;
  };
  const ours = (host) => `${me.hosts || ""} ${me.domain || ""} ${here.hostname}`.toLowerCase().split(/[\s,]+/).some((name) => {
    name = name.replace(/^(www)?\./, "");
    return name && `.${host}`.endsWith(`.${name}`);
  });
  const outside = () => {
    try {
      const from = new URL(d.referrer), [went] = w.performance.getEntriesByType("navigation");
      if (/^(reload|back)/.test(went?.type) || ours(from.hostname) || passing.test(from.hostname)) return "";
      return clean(from.origin + from.pathname);
    } catch { return ""; }
  };
  const look = () => {
    if (d.referrer.startsWith(`${here.origin}/`)) return {}; // a tag in a link of our own pages tells nothing
    const query = new URLSearchParams(here.search), touch = {};
    for (const name of WORDS) {
      const value = clean(query.get(`utm_${name}`), name === "source" || name === "medium");
      if (value) touch[name] = value;
    }
    const click = Object.keys(CLICKS).find((name) => clean(query.get(name)));
    if (click) {
      touch.click = `${click}=${clean(query.get(click))}`;
      touch.source ||= CLICKS[click];
    }
    const tagged = Object.keys(touch).some((name) => name !== "id"), referrer = outside();
    if (referrer) touch.referrer = referrer;
    return tagged || referrer ? {tagged, touch: {...touch, at: new Date(now).toISOString(), page: clean(here.pathname)}} : {};
  };
  const tidy = () => {
    const pairs = here.search.slice(1).split("&");
    const left = pairs.filter((pair) => pair && !(/^utm_/i.test(pair) || pair.split("=")[0] in CLICKS));
    if (left.length < pairs.length && here.search)
      w.history.replaceState(w.history.state, "", here.pathname + (left.length ? `?${left.join("&")}` : "") + here.hash);
  };
  const young = (touch) => touch && now - Date.parse(touch.at) < keep;
  const read = () => {
    try {
      const kept = JSON.parse(me.domain ? decodeURIComponent(d.cookie.match(/(?:^|; )byline=([^;]*)/)?.[1] || "0") : w.localStorage.getItem(KEY)) || {};
      return {consent: kept.consent, first: young(kept.first) ? kept.first : null, touches: (kept.touches || []).filter(young)};
    } catch { return {touches: []}; }
  };
  // One store for all subdomains is a cookie, and a cookie has room for 4 kB.
  const bake = (kept) => {
    const text = kept ? JSON.stringify(kept).replace(/[%;\s\\]|[^ -~]/gu, encodeURIComponent) : "";
    if (text.length > 3800) return bake({...kept, touches: kept.touches.slice(1)});
    d.cookie = `${KEY}=${text};domain=${me.domain};path=/;max-age=${kept ? keep / 1e3 : 0};SameSite=Lax${here.protocol === "https:" ? ";Secure" : ""}`;
  };
  const save = (kept) => { try { me.domain ? bake(kept) : kept ? w.localStorage.setItem(KEY, JSON.stringify(kept)) : w.localStorage.removeItem(KEY); } catch {} };
  const allowed = () => {
    const said = read().consent;
    return mode === "granted" ? said !== false : mode === "required" && said === true;
  };
  const same = (one, other) => one && Date.parse(other.at) - Date.parse(one.at) < 18e5 &&
    [...WORDS, "click", "referrer"].every((key) => one[key] === other[key]);
  const note = () => {
    const kept = read(), {touch} = found;
    kept.consent = true;
    if (touch && !same(kept.touches.at(-1), touch)) {
      kept.first ||= touch;
      kept.touches = [...kept.touches, touch].slice(-10);
    }
    save(kept);
  };
  const consent = (yes) => {
    if (yes !== undefined && mode !== "none") {
      if (yes) note();
      else save(mode === "granted" && {consent: false});
    }
    show();
    return allowed();
  };
  const journey = () => {
    const kept = allowed() ? read() : {touches: []};
    if (kept.touches.length) return kept;
    const {referrer, ...touch} = found.tagged ? found.touch : {};
    return touch.at ? {touches: [touch], first: touch} : {touches: []};
  };
  const fill = (form) => {
    const {touches, first} = journey(), box = form.querySelector("[name=marketing]"), post = d.querySelector("meta[name='byline:post']");
    const json = (touch) => touch ? JSON.stringify(touch) : "";
    const put = {started: `${now}`, page: here.pathname, post: post?.content || "", first: json(first),
      last: json(touches.at(-1)), touches: json(touches.length && touches),
      consent_at: box?.checked ? new Date(ticked || Date.now()).toISOString() : ""};
    for (const name in put) {
      let input = form.querySelector(`[name=bl_${name}]`);
      if (!input) form.append(input = Object.assign(d.createElement("input"), {type: "hidden", name: `bl_${name}`}));
      input.value = put[name];
      input.disabled = !put[name];
    }
  };
  const show = () => d.querySelectorAll("[data-byline-consent]").forEach((box) => {
    box.checked = allowed();
    const row = box.closest("[hidden]");
    if (row && mode !== "none") row.hidden = false;
  });

  const found = look();
  if (mode === "none") save();
  else if (allowed()) note();
  tidy();
  d.addEventListener("submit", (event) => event.target.matches("form[data-byline]") && fill(event.target), true);
  d.addEventListener("change", ({target}) => {
    if (target.matches("[data-byline-consent]")) consent(target.checked);
    if (target.name === "marketing") ticked = Date.now();
  });
  d.readyState === "loading" ? d.addEventListener("DOMContentLoaded", show) : show();
  w.byline = {consent, fill, journey, touches: () => journey().touches};
})(window, document);
