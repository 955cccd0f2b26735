/*! Byline capture: tells the lead form which links brought the visitor. First-party; sends nothing by itself.
<script defer src="capture.js" data-consent="required|granted|none" data-keep="365" data-hosts="acme.example"></script>
On any page: mark a form with data-byline. byline.consent(true|false) stores or wipes; byline.consent() asks. */
(function (w, d) {
  "use strict";
  var me = (d.currentScript || d.querySelector("script[src*='capture.js']") || {}).dataset || {};
  var KEY = "byline", MANY = 10, DAY = 864e5, now = Date.now();
  var keep = (parseFloat(me.keep) || 365) * DAY;
  var mode = w.navigator.globalPrivacyControl ? "none" : me.consent || "required";
  var networks = {gclid: "google", gbraid: "google", wbraid: "google", dclid: "google", fbclid: "facebook",
    li_fat_id: "linkedin", twclid: "twitter", msclkid: "bing", ttclid: "tiktok", mc_cid: "mailchimp", mc_eid: "mailchimp"};
  var passing = /(^|\.)(paypal\.com|stripe\.com|accounts\.google\.com|login\.microsoftonline\.com)$/;
  var ticked = 0;

  function clean(value, lower) {
    value = String(value || "").replace(/[\u0000-\u001f\u007f-\u009f]/g, "").trim().slice(0, 255);
    if (/[^\s@\/?&=]+@[^\s@\/?&=]+\.[^\s@\/?&=]+/.test(value)) return "";
    return lower ? value.toLowerCase() : value;
  }
  function isTag(name) { return /^utm_/i.test(name) || networks.hasOwnProperty(name); }
  function ours(host) {
    var own = (me.hosts || "").split(/[\s,]+/).concat(w.location.hostname);
    host = host.toLowerCase().replace(/^www\./, "");
    return own.some(function (name) {
      name = name.toLowerCase().replace(/^(www)?\./, "");
      return name && (host === name || host.slice(-name.length - 1) === "." + name);
    });
  }
  function outside() {
    try {
      var from = new URL(d.referrer), went = (w.performance.getEntriesByType("navigation")[0] || {}).type;
      if (went === "reload" || went === "back_forward" || ours(from.hostname) || passing.test(from.hostname)) return "";
      return clean(from.origin + from.pathname);
    } catch (_) { return ""; }
  }
  function look() {
    var query = new URLSearchParams(w.location.search), touch = {}, click = "";
    ["source", "medium", "campaign", "content", "term"].forEach(function (name) {
      var value = clean(query.get("utm_" + name), name === "source" || name === "medium");
      if (value) touch[name] = value;
    });
    Object.keys(networks).forEach(function (name) {
      var value = clean(query.get(name));
      if (value && !click) { click = name; touch.click = name + "=" + value; }
    });
    if (click && !touch.source) touch.source = networks[click];
    var tagged = Object.keys(touch).length > 0, referrer = outside();
    if (referrer) touch.referrer = referrer;
    if (!tagged && !referrer) return null;
    touch.at = new Date(now).toISOString();
    touch.page = clean(w.location.pathname);
    return {touch: touch, tagged: tagged};
  }
  function tidy() {
    var pairs = w.location.search.slice(1).split("&");
    var left = pairs.filter(function (pair) { return pair && !isTag(decodeURIComponent(pair.split("=")[0])); });
    if (left.length === pairs.length || me.strip === "no") return;
    w.history.replaceState(w.history.state, "", w.location.pathname + (left.length ? "?" + left.join("&") : "") + w.location.hash);
  }
  function read() {
    try {
      var kept = JSON.parse(w.localStorage.getItem(KEY)) || {};
      var young = function (touch) { return touch && now - Date.parse(touch.at) < keep; };
      return {consent: kept.consent, first: young(kept.first) ? kept.first : null,
        touches: Array.isArray(kept.touches) ? kept.touches.filter(young) : []};
    } catch (_) { return {touches: []}; }
  }
  function save(kept) { try { w.localStorage.setItem(KEY, JSON.stringify(kept)); } catch (_) {} }
  function wipe() { try { w.localStorage.removeItem(KEY); } catch (_) {} }
  function allowed() {
    var said = read().consent;
    return mode === "granted" ? said !== false : mode === "required" && said === true;
  }
  function same(one, other) {
    return !!one && Date.parse(other.at) - Date.parse(one.at) < 18e5 &&
      ["source", "medium", "campaign", "content", "term", "click", "referrer"].every(function (key) {
        return (one[key] || "") === (other[key] || "");
      });
  }
  function note() {
    var kept = read(), touch = found && found.touch;
    kept.consent = true;
    if (touch && !same(kept.touches[kept.touches.length - 1], touch)) {
      kept.first = kept.first || touch;
      kept.touches = kept.touches.concat(touch).slice(-MANY);
    }
    save(kept);
  }
  function consent(yes) {
    if (yes !== undefined && mode !== "none") {
      if (yes) note();
      else if (mode === "granted") save({consent: false});
      else wipe();
    }
    show();
    return allowed();
  }
  function journey() {
    var kept = read(), touch = found && found.tagged ? Object.assign({}, found.touch) : null;
    if (allowed()) return {touches: kept.touches, first: kept.first, last: kept.touches[kept.touches.length - 1]};
    if (touch) delete touch.referrer;
    return {touches: touch ? [touch] : [], first: touch, last: touch};
  }
  function put(form, name, value) {
    var input = form.querySelector("input[name='" + name + "']");
    if (!input) {
      input = d.createElement("input");
      input.type = "hidden";
      input.name = name;
      form.appendChild(input);
    }
    if (value !== undefined) input.value = value;
    input.disabled = !input.value;
  }
  function fill(form) {
    var way = journey(), box = form.querySelector("input[name=marketing]"), post = d.querySelector("meta[name='byline:post']");
    put(form, "bl_started", String(now));
    put(form, "bl_page", w.location.pathname);
    put(form, "bl_post", post ? post.content : "");
    put(form, "bl_touches", way.touches.length ? JSON.stringify(way.touches) : "");
    put(form, "bl_first", way.first ? JSON.stringify(way.first) : "");
    put(form, "bl_last", way.last ? JSON.stringify(way.last) : "");
    put(form, "bl_consent_at", box && box.checked ? new Date(ticked || Date.now()).toISOString() : "");
  }
  function show() {
    [].forEach.call(d.querySelectorAll("[data-byline-consent]"), function (box) {
      box.checked = allowed();
      var row = box.closest("[hidden]");
      if (row && mode !== "none") row.hidden = false;
    });
  }

  var found = look();
  if (mode === "none") wipe();
  else if (allowed()) note();
  tidy();
  d.addEventListener("submit", function (event) {
    if (event.target.matches("form[data-byline]")) fill(event.target);
  }, true);
  d.addEventListener("change", function (event) {
    if (event.target.matches("[data-byline-consent]")) consent(event.target.checked);
    if (event.target.name === "marketing") ticked = Date.now();
  });
  if (d.readyState === "loading") d.addEventListener("DOMContentLoaded", show);
  else show();
  w.byline = {consent: consent, fill: fill, touches: function () { return journey().touches; }};
})(window, document);
