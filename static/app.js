// TokenOps portal: small behaviours. No inline handlers, no eval. Every page works without this file.
(() => {
  const $ = (s, r = document) => r.querySelector(s), $$ = (s, r = document) => [...r.querySelectorAll(s)];
  const root = document.documentElement;
  const dark = () => root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;

  // Parts that only work with script are hidden by the server and shown here.
  const ready = (scope) => {
    $$("[data-dialog][hidden],[data-js][hidden]", scope).forEach((e) => { e.hidden = false; });
    const first = $("[data-autofocus]", scope);
    if (first) first.focus();
  };
  ready(document);

  // The theme changes at once and is saved for the person in the background.
  document.addEventListener("submit", (ev) => {
    const form = ev.target.closest("[data-theme-form]");
    if (!form) return;
    ev.preventDefault();
    root.dataset.theme = dark() ? "light" : "dark";
    const body = new FormData(form);
    body.set("theme", root.dataset.theme);
    fetch(form.action, { method: "POST", body, headers: { "X-Requested-With": "fetch" }, redirect: "manual" });
  });

  document.addEventListener("click", (ev) => {
    const t = ev.target;
    const opener = t.closest("[data-dialog]");
    if (opener) $("#" + opener.dataset.dialog)?.showModal();
    if (t.closest("[data-close]")) t.closest("dialog")?.close();
    const copy = t.closest("[data-copy]");
    if (copy) navigator.clipboard?.writeText(copy.dataset.copy || location.href).then(() => say(copy.dataset.copied || "Copied"));
    if (t.closest("[data-print]")) window.print();
    // One open filter panel at a time; a click elsewhere closes it.
    $$("details.fpop[open]").forEach((d) => { if (!d.contains(t)) d.open = false; });
  });
  const say = (text) => { const live = $("#live"); if (live) live.textContent = text; };

  document.addEventListener("keydown", (ev) => {
    if (ev.key === "Escape") {
      const open = $("details.fpop[open]");
      if (open) { open.open = false; $("summary", open).focus(); }
    }
    if (ev.ctrlKey || ev.metaKey || ev.altKey || ev.target.closest("input:not([type=radio]):not([type=checkbox]),textarea,select,dialog")) return;
    const key = ev.key.toLowerCase(), queue = $("[data-queue]");
    if (ev.key === "?") { $("#keys")?.showModal(); ev.preventDefault(); }
    else if (key === "/") { const find = $("[data-find]"); if (find) { find.focus(); ev.preventDefault(); } }
    else if (queue && (key === "j" || key === "k")) {
      const items = $$("a.q", queue), at = items.findIndex((x) => x === document.activeElement || (!items.includes(document.activeElement) && x.hasAttribute("aria-current")));
      const next = items[Math.min(items.length - 1, Math.max(0, at + (key === "j" ? 1 : -1)))];
      if (next) { next.focus(); ev.preventDefault(); }
    } else {
      const choice = $(`[data-key="${CSS.escape(key)}"]`);
      if (choice) { choice.checked = true; choice.focus(); choice.dispatchEvent(new Event("change", { bubbles: true })); ev.preventDefault(); }
    }
  });

  // The button that decides names what will happen: <input type=radio data-act="Approve $4,000" data-tone="okb">.
  document.addEventListener("change", (ev) => {
    const radio = ev.target.closest("[data-act]");
    // Every button that gives the answer, on phones the one in the bar too, says it and promises it.
    if (radio) $$("[data-act-button]").forEach((b) => {
      b.textContent = radio.dataset.act; b.value = radio.value;
      b.className = "btn " + b.dataset.actButton + " " + (radio.dataset.tone || "pri");
    });
  });

  // A closed panel of several values says what is chosen in it.
  document.addEventListener("change", (ev) => {
    const panel = ev.target.closest("details.fpop"), says = panel && $("summary b", panel);
    if (!says) return;
    const on = $$("input:checked", panel);
    says.textContent = !on.length ? says.dataset.any || "All" : on.length === 1 ? on[0].parentElement.textContent.trim() : on.length + " chosen";
  });

  // A filter left empty does not appear in the address.
  document.addEventListener("htmx:configRequest", (ev) => {
    const { elt, parameters } = ev.detail;
    if (!elt.closest("form.fb, form[data-trim]")) return;
    for (const name of Object.keys(parameters)) if (parameters[name] === "") delete parameters[name];
  });
  document.addEventListener("submit", (ev) => {
    if (!ev.target.matches("form.fb, form[data-trim]")) return;
    $$("input,select", ev.target).forEach((f) => { if (f.value === "" && !f.disabled) { f.disabled = true; setTimeout(() => { f.disabled = false; }); } });
  });

  // htmx: say what is busy, move the focus when the subject changed, and say when a request failed.
  document.addEventListener("htmx:beforeRequest", (ev) => ev.detail.target?.setAttribute("aria-busy", "true"));
  document.addEventListener("htmx:afterRequest", (ev) => ev.detail.target?.removeAttribute("aria-busy"));
  let unfolded = [];
  document.addEventListener("htmx:beforeSwap", (ev) => {
    unfolded = ev.detail.target.matches("[data-keep-open]") ? $$("details", ev.detail.target).map((d) => d.open) : [];
  });
  document.addEventListener("htmx:afterSwap", (ev) => {
    // An outer swap has taken the target out of the page: its successor bears the same id.
    const at = (ev.detail.target.id && document.getElementById(ev.detail.target.id)) || ev.detail.target;
    // A form that comes back from the server keeps the parts that were unfolded.
    if (at.matches("[data-keep-open]")) $$("details", at).forEach((d, n) => { if (unfolded[n]) d.open = true; });
    ready(at);
    // What waits for the person has changed with the queue: the menu says it too.
    const waiting = at.dataset.waiting;
    if (waiting) $$(':is(.nav,.tabbar) a[href$="/approvals/"] :is(.cnt,.n)').forEach((e) => { e.firstChild.data = waiting; e.hidden = waiting === "0"; });
    const count = $("[data-live]", at);
    if (count) say(count.textContent);
    const heading = $("[data-focus]", at);
    if (heading && !$("[data-autofocus]", at)) { heading.tabIndex = -1; heading.focus(); }
  });
  const failed = (text) => {
    const main = $("#main");
    if (!main) return;
    $("#failed")?.remove();
    const box = document.createElement("div");
    box.id = "failed"; box.className = "call bad mb"; box.setAttribute("role", "alert"); box.textContent = text;
    main.prepend(box);
  };
  document.addEventListener("htmx:sendError", () => failed("The server could not be reached. What you see may be out of date; nothing was changed."));
  document.addEventListener("htmx:responseError", (ev) => failed(ev.detail.xhr.status === 403 ? "You may not do this. Nothing was changed." : "The server answered with an error. Nothing was changed; reload the page and try again."));
  document.addEventListener("htmx:beforeRequest", () => $("#failed")?.remove());
})();
