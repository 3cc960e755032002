// The script of `callspool inspect --html`. The page tells everything without it; with it the table
// sorts and filters, and a session's case file opens in a dialog. It loads nothing, and makes no
// markup out of texts.
"use strict";
(() => {
  const root = document.documentElement;
  const by = (id) => document.getElementById(id);
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];
  const say = (text) => { by("page-said").textContent = text; };
  root.classList.add("js");

  // Colours: as the system has them, light or dark. The choice is kept where the browser allows it.
  const theme = by("page-theme");
  const themes = ["system", "light", "dark"];
  const kept = (value) => {
    try {
      if (value === undefined) return localStorage.getItem("callspool-theme");
      localStorage.setItem("callspool-theme", value);
    } catch { /* Then it holds for this page alone. */ }
    return null;
  };
  const setTheme = (name) => {
    if (name === themes[0]) delete root.dataset.theme; else root.dataset.theme = name;
    theme.textContent = `Colours: ${name}`;
    theme.dataset.name = name;
  };
  setTheme(themes.includes(kept()) ? kept() : themes[0]);
  theme.hidden = false;
  theme.addEventListener("click", () => {
    const next = themes[(themes.indexOf(theme.dataset.name) + 1) % themes.length];
    setTheme(next);
    kept(next);
  });

  // How old the page is: it does not renew itself, and must not look as if it did.
  const made = new Date(document.querySelector(".made time").dateTime);
  const STALE_MINUTES = 30;
  const tellAge = () => {
    const minutes = Math.floor((Date.now() - made) / 60000);
    const hours = Math.floor(minutes / 60);
    const days = Math.floor(hours / 24);
    const age = days > 1 ? `${days} days` : hours > 1 ? `${hours} hours` : `${minutes} min`;
    by("page-age").textContent = minutes < 1 ? "(just now)" : `(${age} ago)`;
    const stale = by("page-stale");
    stale.hidden = minutes < STALE_MINUTES;
    const text = `This page is ${age} old. Load it again; if it stays so old, whatever should renew it has stopped.`;
    if (!stale.hidden && stale.textContent !== text) stale.textContent = text;
  };
  tellAge();
  setInterval(tellAge, 30000);

  // Times are UTC; the reader's own stand in the hints.
  for (const time of all("time")) time.title = new Date(time.dateTime).toLocaleString();

  // The table: what is shown of it.
  const table = by("page-sessions");
  const PAGE_ROWS = 100;
  if (table) {
    const body = table.tBodies[0];
    let rows = [...body.rows];
    let limit = PAGE_ROWS;
    const texts = new Map(rows.map((row) => {
      const full = by(row.querySelector("a").hash.slice(1));
      return [row, `${row.textContent} ${full ? full.dataset.session : ""}`.toLowerCase()];
    }));
    const filter = by("page-filter");
    const chips = all(".chip");
    const show = () => {
      const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
      const pressed = chips.filter((chip) => chip.ariaPressed === "true");
      const states = new Set(pressed.map((chip) => chip.dataset.state));
      let matching = 0;
      for (const row of rows) {
        const matches = (states.size === 0 || states.has(row.dataset.state))
          && words.every((word) => texts.get(row).includes(word));
        row.hidden = !matches || matching >= limit;
        matching += matches;
      }
      const shown = Math.min(matching, limit);
      const everything = matching === rows.length;
      by("page-matches").textContent = matching === 0
        ? "No session matches."
        : `${shown === matching ? "" : `${shown.toLocaleString("en")} of `}${matching.toLocaleString("en")}${everything ? "" : " matching"} shown`;
      by("page-more").textContent = `Show all ${matching.toLocaleString("en")}`;
      by("page-more").parentElement.hidden = shown === matching;
    };
    const showAnew = () => { limit = PAGE_ROWS; show(); };
    filter.addEventListener("input", showAnew);
    for (const chip of chips) {
      chip.addEventListener("click", () => {
        chip.ariaPressed = chip.ariaPressed === "true" ? "false" : "true";
        showAnew();
      });
    }
    // A kind of error leads to its sessions.
    for (const kind of all(".errors .kind")) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = kind.textContent;
      button.title = "Show these sessions";
      kind.replaceChildren(button);
      button.addEventListener("click", () => {
        for (const chip of chips) chip.ariaPressed = "false";
        filter.value = button.textContent;
        showAnew();
        filter.focus();
        document.querySelector(".listing").scrollIntoView();
      });
    }
    by("page-more").addEventListener("click", () => { limit = Infinity; show(); });
    document.querySelector(".controls").hidden = false;

    // Sorting: rows that have no value stay last in either direction.
    const value = (row, heading) => {
      const key = heading.dataset.key;
      if (heading.dataset.kind === "text") return row.cells[heading.cellIndex].textContent;
      const text = key === "state" ? row.dataset.rank : row.dataset[key];
      return text === "" ? null : Number(text);
    };
    const compare = (a, b, sign) => {
      const empty = (one) => one === null || one === "";
      if (empty(a) || empty(b)) return empty(a) - empty(b);
      return sign * (typeof a === "string" ? a.localeCompare(b, "en", { numeric: true }) : a - b);
    };
    const headings = [...table.tHead.rows[0].cells];
    for (const heading of headings) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = heading.textContent;
      heading.replaceChildren(button);
      button.addEventListener("click", () => {
        const ascending = heading.ariaSort !== "ascending";
        for (const other of headings) other.removeAttribute("aria-sort");
        heading.ariaSort = ascending ? "ascending" : "descending";
        const values = new Map(rows.map((row) => [row, value(row, heading)]));
        rows.sort((a, b) => compare(values.get(a), values.get(b), ascending ? 1 : -1));
        body.append(...rows);
        show();
        say(`Sorted by ${button.textContent.toLowerCase()}, ${heading.ariaSort}.`);
      });
    }
    show();
  }

  // Case files: the one that the address names stands in a dialog.
  const dialog = by("page-case");
  const open = by("page-open");
  const named = () => {
    try {
      const found = by(decodeURIComponent(location.hash.slice(1)));
      return found && found.classList.contains("case") ? found : null;
    } catch {
      return null;
    }
  };
  const putBack = () => {
    const cases = document.querySelector(".cases");
    for (const article of [...open.children]) cases.append(article);
  };
  const follow = () => {
    const article = named();
    if (article === null) {
      dialog.close();
      return;
    }
    putBack();
    open.append(article);
    dialog.setAttribute("aria-label", `Case file of ${article.dataset.session}`);
    if (!dialog.open) dialog.showModal();
    dialog.scrollTop = 0;
  };
  dialog.addEventListener("close", () => {
    // The next one may be open already, or named.
    if (dialog.open) return;
    const closed = open.firstElementChild;
    putBack();
    if (closed === null) return;
    if (named() === closed) history.replaceState(null, "", location.pathname + location.search);
    // Where the address changes, browsers forget what had the focus.
    const link = all("#page-sessions tbody a").find((it) => it.hash === `#${closed.id}`);
    if (link) link.focus();
  });
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  // The same session again: its name is in the address no more, so that the address changes.
  addEventListener("hashchange", follow);
  follow();

  // Commands can be taken along. A page that did not come by https may not write to the clipboard;
  // there the command is marked, ready to be copied.
  for (const command of all(".command")) {
    const button = document.createElement("button");
    const code = command.querySelector("code");
    button.type = "button";
    button.className = "copy";
    button.textContent = "Copy";
    button.setAttribute("aria-label", `Copy ${code.textContent}`);
    button.addEventListener("click", async () => {
      let done = false;
      try {
        await navigator.clipboard.writeText(code.textContent);
        done = true;
      } catch {
        getSelection().selectAllChildren(code);
        done = document.execCommand("copy");
      }
      button.textContent = done ? "Copied" : "Marked";
      setTimeout(() => { button.textContent = "Copy"; }, 2000);
    });
    command.append(button);
  }
})();
