// What Material's own script expects before it runs: where the site's root is, and a small store in the browser.
// Material writes the same as an inline script, which a strict content policy would have to allow by name.
(function () {
  document.documentElement.classList.replace("no-js", "js"); // what needs a script may be seen: Material's comes later
  var base = document.currentScript.dataset.base;
  window.__md_scope = new URL(base, location);
  window.__md_hash = function (text) {
    return Array.from(text).reduce(function (sum, sign) { return (sum << 5) - sum + sign.charCodeAt(0); }, 0);
  };
  window.__md_get = function (key, store, scope) {
    try { return JSON.parse((store || localStorage).getItem((scope || __md_scope).pathname + "." + key)); }
    catch (_) { return null; }
  };
  window.__md_set = function (key, value, store, scope) {
    try { (store || localStorage).setItem((scope || __md_scope).pathname + "." + key, JSON.stringify(value)); }
    catch (_) { /* a browser that keeps nothing shows the site all the same */ }
  };
})();
