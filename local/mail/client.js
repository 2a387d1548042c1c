// Keeps the page fresh. Everything it adds is optional: without it the page is complete, only still.
const live = document.getElementById("live");
const news = document.getElementById("news");

function setLive(on) {
  live.dataset.state = on ? "on" : "off";
  live.lastElementChild.textContent = on ? "Live" : "Reconnecting";
}

/** Fetches this very page again and swaps the list, and the open mail where it is the newest one. */
async function refresh() {
  const answer = await fetch(location.href, { signal: AbortSignal.timeout(10_000) });
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  const focused = document.activeElement?.dataset?.id;
  swap(fresh, "list");
  if (document.body.dataset.chosen === "no" && openId(fresh) !== openId(document)) swap(fresh, "mail");
  if (focused) document.querySelector(`#list [data-id="${focused}"]`)?.focus();
  addButtons();
}

function swap(fresh, id) {
  const now = document.getElementById(id);
  const next = fresh.getElementById(id);
  if (now && next) now.replaceWith(document.adoptNode(next));
}

function openId(page) {
  return page.querySelector("#mail article")?.dataset.id;
}

function addButtons() {
  const clear = document.getElementById("clear");
  if (clear) {
    clear.hidden = false;
    clear.onclick = async () => {
      if (!window.confirm("Delete every mail in this mailbox?")) return;
      await fetch("/api/mails", { method: "DELETE", signal: AbortSignal.timeout(10_000) });
      location.assign("/");
    };
  }
  const copy = document.getElementById("copy");
  if (copy && navigator.clipboard) {
    copy.hidden = false;
    copy.onclick = async () => {
      await navigator.clipboard.writeText(copy.dataset.code);
      copy.textContent = "Copied";
      news.textContent = "The code was copied.";
    };
  }
}

const events = new EventSource("/events");
// Also after a pause: what arrived meanwhile was not announced.
events.addEventListener("open", () => {
  setLive(true);
  void refresh();
});
events.addEventListener("error", () => setLive(false));
events.addEventListener("mail", (event) => {
  const mail = JSON.parse(event.data);
  news.textContent = `New mail: ${mail.subject}`;
  void refresh();
});
events.addEventListener("cleared", () => void refresh());
addButtons();
