/* Puts the chosen theme on the page before the first paint. A file of its own, because the CSP allows no inline script. */
(function () {
  try {
    var chosen = localStorage.getItem("molt.appearance");
    if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
  } catch {
    /* Storage is switched off: the page follows the system. */
  }
})();
