"use strict";
// The page on which a person checks what was read in an article. The upper part is plain functions of forms and
// entries; the lower part shows them. Nothing is sent anywhere: what is saved is a file the browser writes.

// ---------------------------------------------------------------- forms and entries

const PARTS = {
  role: ["status", "role", "kind"], quantity: ["low", "best", "high", "hedge", "unit"], thing: ["thing"],
  speaker: ["speaker"], via: ["via"], time: ["first", "last", "date", "due"], place: ["place"], topics: ["topics"],
  participants: ["giver", "receiver", "participants"],
};
const NUMBERS = ["low", "best", "high"];

// A form holds text only, one key a box; an entry is what the ledger reads.
function formOf(entry) {
  const said = entry.quantity || {}, [first, last] = entry.period || [];
  const people = entry.participants || [], step = entry.kind === "commitment";
  const text = (value) => (value === undefined || value === null ? "" : String(value));
  return {
    kind: entry.kind || "statement", status: text(entry.status), role: text(entry.role), thing: text(entry.thing),
    low: text(said.low), best: text(said.best), high: text(said.high), hedge: said.hedge || "exact",
    unit: text(said.unit), speaker: text(entry.speaker), via: text(entry.via), first: text(first), last: text(last),
    date: text(entry.date), due: text(entry.due), place: text(entry.place), giver: step ? text(people[0]) : "",
    receiver: step ? text(people[1]) : "", participants: step ? "" : people.join("\n"),
    topics: (entry.topics || []).join("\n"), note: text(entry.note), doubtful: Boolean(entry.doubtful),
    evidence: entry.evidence || null,
  };
}

function numberOf(text) {
  const plain = text.trim().replace(/[ ,\u00a0\u202f](?=\d{3}(\D|$))/g, "");
  return /^\d+(\.\d+)?$/.test(plain) ? Number(plain) : NaN;
}

function linesIn(text) {
  return text.split("\n").map((line) => line.trim()).filter(Boolean);
}

// What keeps a form from being an entry, in words; none where it can be taken.
function faultsOf(form) {
  const faults = [], said = NUMBERS.filter((name) => form[name].trim()).map((name) => numberOf(form[name]));
  if (said.some(Number.isNaN)) faults.push("A number is written in digits: 12, 1,200 or 0.5.");
  else if (said.some((value, at) => at && value < said[at - 1])) faults.push("At least, best, at most: in this order.");
  if (!form.thing.trim() && form.kind !== "meeting") faults.push("Say what it is about.");
  if (form.kind === "meeting" && !form.thing.trim() && !linesIn(form.participants).length) faults.push("Say who met.");
  if (form.kind === "commitment" && !form.status) faults.push("Say how far the promise has come, or choose “open”.");
  if (form.first && form.last && form.first > form.last) faults.push("The first day must not be the later one.");
  return faults;
}

function entryOf(form) {
  const said = Object.fromEntries(NUMBERS.map((name) => [name, form[name].trim() ? numberOf(form[name]) : null]));
  const counted = NUMBERS.some((name) => said[name] !== null), step = form.kind === "commitment";
  const [first, last] = [form.first || form.last, form.last || form.first];
  const entry = {
    kind: form.kind, speaker: form.speaker.trim(), via: form.via.trim(), thing: form.thing.trim(),
    quantity: counted ? { ...said, hedge: form.hedge, unit: form.unit.trim() } : null,
    period: first ? [first, last] : null, date: form.date || null, place: form.place.trim(),
    participants: step ? [form.giver.trim(), form.receiver.trim()] : linesIn(form.participants),
    topics: linesIn(form.topics), due: step && form.due ? form.due : null, note: form.note.trim(),
    status: step || form.kind === "measure" ? form.status : "", role: form.kind === "statement" ? form.role : "",
    evidence: form.evidence, doubtful: form.doubtful || null,
  };
  if (step && !entry.participants[1]) entry.participants.pop();
  if (step && entry.participants.length === 1 && !entry.participants[0]) entry.participants = [];
  const empty = (value) => value === null || value === "" || (Array.isArray(value) && !value.length);
  return Object.fromEntries(Object.entries(entry).filter(([, value]) => !empty(value)));
}

// One line of JSON an entry that was accepted, each with its source, as `tegmen ledger import` reads them.
function linesOf(items, source) {
  const stated = Object.fromEntries(Object.entries(source).filter(([, value]) => value));
  const taken = items.filter((item) => item.state === "accepted");
  return taken.map((item) => JSON.stringify({ ...entryOf(item.form), source: stated }) + "\n").join("");
}

// Fill one open field of a form from what was read in it, unsure as it is.
function taken(form, guess, field) {
  return { ...form, ...Object.fromEntries((PARTS[field] || [field]).map((key) => [key, guess[key]])) };
}

// Fill all of them.
function takenWhole(form, guess, open) {
  return open.reduce((filled, field) => taken(filled, guess, field), form);
}

function guessText(form, guess, field) {
  const keys = (PARTS[field] || [field]).filter((key) => guess[key] && guess[key] !== form[key]);
  return keys.filter((key) => key !== "kind" || keys.length === 1).map((key) => guess[key]).join(", ");
}

// Where to go after item `at`: the next that is not decided, from there on and round again; -1 for none.
function nextOf(items, at) {
  const round = items.map((_, step) => (at + 1 + step) % items.length);
  return round.find((index) => items[index].state === "") ?? -1;
}

if (typeof module !== "undefined") module.exports = { formOf, entryOf, faultsOf, linesOf, taken, takenWhole, guessText, nextOf };

// ---------------------------------------------------------------- the page

function begin(page) {
  const data = JSON.parse(page.getElementById("data").textContent);
  const find = (id) => page.getElementById(id);
  const items = data.drafts.map((draft) => {
    const form = formOf(draft.entry);
    return { form, guess: formOf(draft.guess), open: draft.open, spans: draft.spans, state: "", marks: [] };
  });
  data.marks.forEach((mark, at) => mark.drafts.forEach((index) => items[index].marks.push(at)));
  let current = nextOf(items, -1), focused = "", unsaved = false;

  const make = (tag, set = {}, ...inside) => {
    const made = Object.assign(page.createElement(tag), set);
    made.append(...inside);
    return made;
  };

  // ---- one box a field

  const open = (item, key) => item.open.find((field) => (PARTS[field] || [field]).includes(key));
  const set = (item, key, value) => {
    item.form[key] = value;
    item.open = item.open.filter((field) => !(PARTS[field] || [field]).includes(key));
    unsaved = true;
  };

  function box(item, key, label, make_) {
    const input = make_();
    input.id = `box-${key}`;
    if (input.type === "checkbox") input.checked = item.form[key];
    else input.value = item.form[key];
    input.addEventListener("input", () => {
      set(item, key, input.type === "checkbox" ? input.checked : input.value);
      if (key === "kind") show();
      else paint();
    });
    input.addEventListener("focus", () => { focused = key; });
    const name = make("label", { htmlFor: input.id }, label);
    const row = make("div", { className: "box" }, name, input);
    const field = open(item, key);
    if (!field || (PARTS[field] || [field]).find((part) => shown(item.form, part)) !== key) return row;
    row.classList.add("open");
    name.append(make("span", { className: "tag" }, "open"));
    const text = guessText(item.form, item.guess, field);
    if (text) row.append(make("button", { type: "button", className: "take", onclick: () => take(item, field) }, `take “${text}”`));
    return row;
  }

  function take(item, field) {
    item.form = taken(item.form, item.guess, field);
    item.open = item.open.filter((name) => name !== field);
    unsaved = true;
    show();
  }

  const text = () => make("input", { type: "text", autocomplete: "off" });
  const day = () => make("input", { type: "date" });
  const list = () => make("textarea", { rows: 2 });
  const choice = (values) => () => make("select", {}, ...values.map((value) => make("option", { value }, value || "–")));

  function shown(form, key) {
    const step = form.kind === "commitment";
    if (["giver", "receiver", "due"].includes(key)) return step;
    if (key === "status") return step || form.kind === "measure";
    if (key === "role") return form.kind === "statement";
    if (["participants", "topics"].includes(key)) return form.kind === "meeting" || form.kind === "measure";
    return true;
  }

  function boxes(item) {
    const status = item.form.kind === "commitment" ? choice(["", ...data.choices.status]) : text;
    const all = [
      ["thing", "What", text], ["low", "At least", text], ["best", "Best", text], ["high", "At most", text],
      ["unit", "Counted in", text], ["hedge", "Hedge", choice(data.choices.hedge)],
      ["status", "How far", status], ["role", "What happened", choice(["", ...data.choices.role])],
      ["giver", "Who gives", text], ["receiver", "Who gets", text], ["participants", "Who, one a line", list],
      ["topics", "About, one a line", list], ["speaker", "Who said it", text], ["via", "Through whom", text],
      ["first", "From", day], ["last", "To", day], ["date", "Day", day], ["due", "Due", day], ["place", "Where", text],
      ["kind", "Kind", choice(data.choices.kind)], ["note", "Note", text],
      ["doubtful", "Doubtful: look again before use", () => make("input", { type: "checkbox" })],
    ];
    const first = ([key]) => (open(item, key) ? 0 : 1);
    const these = all.filter(([key]) => shown(item.form, key)).sort((one, other) => first(one) - first(other));
    return these.map(([key, label, input]) => box(item, key, label, input));
  }

  // ---- showing

  function show() {
    const item = items[current];
    find("form").replaceChildren(...(item ? boxes(item) : []));
    find("faults").textContent = "";
    find("words").textContent = item ? wordsOf(item) : "";
    find("card").hidden = !item;
    find("done").hidden = Boolean(item);
    paint();
  }

  function wordsOf(item) {
    const [start, end] = item.form.evidence || [0, 0];
    return Array.from(data.text).slice(start, end).join("").replace(/\s+/g, " ").trim();
  }

  // Colours of the text, numbers in the heading and what can be saved: all from the items.
  function paint() {
    const decided = items.filter((item) => item.state).length, accepted = items.filter((item) => item.state === "accepted");
    const guessed = items[current] && items[current].open.some((field) => guessText(items[current].form, items[current].guess, field));
    find("whole").hidden = !guessed;
    find("count").textContent = items[current] ? `${current + 1} of ${items.length}` : "";
    find("progress").textContent = `${decided} of ${items.length} decided, ${accepted.length} accepted`;
    const now = items[current];
    find("state").textContent = now ? now.state || (now.form.doubtful ? "doubtful" : "") : "";
    find("save").disabled = !accepted.length;
    for (const part of page.querySelectorAll("#text [data-s]")) {
      const mine = (part.dataset.w || "").split(" ").includes(String(current));
      part.classList.toggle("now", mine);
      const drafts = (part.dataset.d || "").split(" ").filter(Boolean).map((index) => items[index]);
      if (!part.dataset.m) continue;
      part.classList.toggle("accepted", drafts.length > 0 && drafts.every((draft) => draft.state === "accepted"));
      part.classList.toggle("rejected", drafts.length > 0 && drafts.every((draft) => draft.state === "rejected"));
      part.classList.toggle("waiting", drafts.some((draft) => draft.state === ""));
    }
  }

  function go(index) {
    current = index;
    focused = "";
    show();
    const there = page.querySelector("#text .now");
    if (there) there.scrollIntoView({ block: "center", behavior: "auto" });
  }

  function decide(state) {
    const item = items[current];
    if (!item) return;
    const faults = state === "accepted" ? faultsOf(item.form) : [];
    find("faults").textContent = faults.join(" ");
    if (faults.length) return;
    item.state = state;
    unsaved = true;
    go(nextOf(items, current));
  }

  // The same, with what was read and is not sure: one click where the guesses are right, too.
  function decideWhole() {
    const item = items[current];
    if (!item) return;
    item.form = takenWhole(item.form, item.guess, item.open);
    item.open = [];
    show();
    decide("accepted");
  }

  // ---- adding what was missed

  function add(entry, mark) {
    items.push({ form: formOf(entry), guess: formOf(entry), open: [], spans: {}, state: "", marks: mark === null ? [] : [mark] });
    const index = items.length - 1;
    if (mark !== null) {
      const part = page.querySelector(`#text [data-m="${mark}"]`);
      part.dataset.d = `${part.dataset.d || ""} ${index}`.trim();
      part.dataset.w = `${part.dataset.w || ""} ${index}`.trim();
      part.classList.remove("missed");
    }
    unsaved = true;
    go(index);
    find("box-thing").focus({ preventScroll: true });
  }

  function clicked(part) {
    const drafts = (part.dataset.d || "").split(" ").filter(Boolean).map(Number);
    if (part.dataset.kind === "name" && !drafts.length) {
      if (!fill(part.textContent)) find("told").textContent = "Click a box first, then the name that belongs in it.";
    } else if (drafts.length) go(drafts[(drafts.indexOf(current) + 1) % drafts.length]);
    else if (data.blanks[part.dataset.m]) add(data.blanks[part.dataset.m], part.dataset.m);
  }

  // A name goes into the box that was last used, or else tells who said it where nobody is said to have.
  function fill(name) {
    const item = items[current], takes = ["speaker", "via", "giver", "receiver", "thing", "place"].includes(focused);
    const key = takes ? focused : "speaker";
    if (!item || !(takes || (shown(item.form, key) && !item.form[key]))) return false;
    set(item, key, name);
    show();
    return true;
  }

  function selected() {
    const chosen = page.getSelection();
    if (!chosen.rangeCount || chosen.isCollapsed) return null;
    const range = chosen.getRangeAt(0);
    const offset = (node, at) => {
      const part = (node.nodeType === 3 ? node.parentElement : node).closest("#text [data-s]");
      return part ? Number(part.dataset.s) + Array.from(node.textContent.slice(0, at)).length : null;
    };
    const [start, end] = [offset(range.startContainer, range.startOffset), offset(range.endContainer, range.endOffset)];
    return start === null || end === null || start >= end ? null : [start, end];
  }

  function addSelected() {
    const evidence = selected();
    if (!evidence) {
      find("told").textContent = "Select words of the article first.";
      return;
    }
    find("told").textContent = "";
    const words = Array.from(data.text).slice(...evidence).join("").replace(/\s+/g, " ").trim();
    add({ kind: "statement", thing: words, evidence }, null);
  }

  // ---- saving

  function source() {
    const given = Object.fromEntries(["publisher", "title", "url", "published", "reliability"].map((key) => [key, find(key).value.trim()]));
    return { ...data.source, ...given };
  }

  function save() {
    if (!find("publisher").value.trim()) {
      find("told").textContent = "Say who published it, above the article.";
      find("source").open = true;
      find("publisher").focus();
      return;
    }
    const url = URL.createObjectURL(new Blob([linesOf(items, source())], { type: "application/jsonl" }));
    make("a", { href: url, download: data.file }).click();
    setTimeout(() => URL.revokeObjectURL(url), 1000);
    unsaved = false;
    find("told").textContent = `Saved as ${data.file}. Take it in: tegmen ledger import ${data.file} --ledger my.ledger`;
  }

  const keys = { a: () => decide("accepted"), g: () => find("whole").hidden || decideWhole(), r: () => decide("rejected"), n: () => step(1), p: () => step(-1) };
  const step = (by) => { if (items.length) go((Math.max(current, 0) + by + items.length) % items.length); };
  page.addEventListener("keydown", (event) => {
    const part = event.target.closest("#text [data-m]");
    if (part && (event.key === "Enter" || event.key === " ")) {
      event.preventDefault();
      clicked(part);
    } else if (!event.target.closest("input, textarea, select") && !event.ctrlKey && !event.metaKey && !event.altKey && keys[event.key]) {
      event.preventDefault();
      keys[event.key]();
    }
  });
  find("text").addEventListener("click", (event) => {
    const part = event.target.closest("[data-m]");
    if (part && page.getSelection().isCollapsed) clicked(part);
  });
  find("accept").onclick = () => decide("accepted");
  find("whole").onclick = decideWhole;
  find("reject").onclick = () => decide("rejected");
  find("next").onclick = () => step(1);
  find("back").onclick = () => step(-1);
  find("add").onclick = addSelected;
  find("save").onclick = save;
  window.addEventListener("beforeunload", (event) => { if (unsaved) event.preventDefault(); });
  go(current);
  window.scrollTo(0, 0);
}

if (typeof document !== "undefined") begin(document);
