/*
 * What has to be said before the first script of the app. A file of its own, because the CSP allows no
 * inline script.
 */
(function () {
  /* zod would try whether it may compile code, which the CSP forbids and browsers report. */
  globalThis.__zod_globalConfig = { jitless: true };
  /* The chosen theme stands before the first paint. */
  try {
    var chosen = localStorage.getItem("molt.appearance");
    if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
  } catch {
    /* Storage is switched off: the page follows the system. */
  }
})();
