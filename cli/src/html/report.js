"use strict";
// Shows one step of each history at a time. Without it, all steps stand below each other.
for (const film of document.querySelectorAll(".film")) {
  const steps = [...film.querySelectorAll(".step")];
  const rows = [...film.querySelectorAll(".row")];
  const marked = [...film.querySelectorAll(".lanes [data-message]")];
  const lanes = film.querySelector(".lanes");
  const controls = film.querySelector(".controls");
  const range = controls.querySelector("input");
  const count = controls.querySelector("output");
  const all = controls.querySelector(".all");
  const places = new Map(steps.map((step, at) => [step.id, at]));
  let now = 0;

  const show = (wanted) => {
    now = Math.max(0, Math.min(steps.length - 1, wanted));
    const step = steps[now];
    const base = document.getElementById(step.dataset.shows);
    const live = film.classList.contains("live");
    steps.forEach((other) => {
      other.classList.toggle("now", other === step);
      other.classList.toggle("base", other === base);
    });
    step.open = true;
    if (live && base) base.open = true;
    rows.forEach((row, at) => row.classList.toggle("now", at === now));
    const message = step.dataset.message;
    marked.forEach((mark) => mark.classList.toggle("now", message !== undefined && mark.dataset.message === message));
    const text = step.querySelector("summary").textContent;
    range.value = String(now);
    range.setAttribute("aria-valuetext", "step " + text);
    count.textContent = (now + 1) + " of " + steps.length;
    // Only the diagram scrolls, never the page.
    const box = lanes.getBoundingClientRect();
    const row = rows[now].getBoundingClientRect();
    const above = box.top + 50 - row.top;
    const below = row.bottom + 30 - box.bottom;
    if (above > 0) lanes.scrollTop -= above;
    else if (below > 0) lanes.scrollTop += below;
  };

  const toggle = (live) => {
    film.classList.toggle("live", live);
    all.setAttribute("aria-pressed", String(!live));
    steps.forEach((step) => { step.open = live; });
    show(now);
  };

  const follow = () => {
    const at = places.get(location.hash.slice(1));
    if (at !== undefined) show(at);
  };

  range.addEventListener("input", () => show(Number(range.value)));
  all.addEventListener("click", () => toggle(!film.classList.contains("live")));
  controls.querySelectorAll("[data-move]").forEach((button) => {
    button.addEventListener("click", () => show(now + Number(button.dataset.move)));
  });
  rows.forEach((row, at) => row.addEventListener("click", (event) => {
    event.preventDefault();
    show(at);
  }));
  addEventListener("hashchange", follow);
  controls.hidden = false;
  now = Number(film.dataset.start) || 0;
  toggle(true);
  follow();
}
