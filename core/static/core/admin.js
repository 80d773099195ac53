// What the theme's pages lack for whoever uses a keyboard or a screen reader: names of what is
// a mere icon or comes from a script, and buttons that are none in the theme's HTML.
"use strict";
{
  const ICON = ".material-symbols-outlined";
  // What is pressed only to leave something else: Escape does the same.
  const BACKDROP = "#changelist-filter-close";
  const NATIVE = "a[href], button, input, select, summary, label";
  // By what pressing does: the word that names it where no text does.
  const WORDS = {
    openModal: "close",
    openRelatedWidgetWrapper: "more",
    openTabsDropdown: "more",
    openTheme: "theme",
    showActions: "more",
    showPassword: "password",
    sidebarDesktopOpen: "menu",
    sidebarMobileOpen: "menu",
  };

  const words = () => document.getElementById("admin-words")?.dataset ?? {};

  const name = (element, text) => {
    if (element && text && !element.hasAttribute("aria-label")) {
      element.setAttribute("aria-label", text);
    }
  };

  const textOf = (element) => {
    const copy = element.cloneNode(true);
    copy.querySelectorAll(ICON).forEach((icon) => icon.remove());
    return element.matches(ICON) ? "" : copy.textContent.trim();
  };

  const wordFor = (element) => {
    const pressed = element.getAttribute("x-on:click") ?? "";
    const key = Object.keys(WORDS).find((one) => pressed.includes(one));
    return key && words()[WORDS[key]];
  };

  // A heading stays one: what is pressed is in it.
  const within = (heading) => {
    const found = heading.querySelector(":scope > [role=button]");
    if (found) return found;
    const button = Object.assign(document.createElement("span"), { className: "flex flex-row grow items-center" });
    button.append(...heading.childNodes);
    heading.append(button);
    return button;
  };

  const improve = () => {
    const all = (selector) => document.querySelectorAll(selector);
    all("[x-on\\:click]").forEach((element) => {
      if (element.matches(BACKDROP)) return;
      if (!textOf(element)) name(element, wordFor(element));
      if (element.matches(NATIVE)) return;
      const button = element.matches("h2") ? within(element) : element;
      button.setAttribute("role", "button");
      button.setAttribute("tabindex", "0");
    });
    all("#searchbar-submit, #command-submit").forEach((one) => name(one, words().search));
    all("a.related-lookup").forEach((one) => name(one, words().search));
    all("#search-input-command, #searchbar").forEach((one) => name(one, one.placeholder));
    all("#nav-sidebar-inner").forEach((one) => name(one, words().menu));
    all("#nav-sidebar-inner a[href]").forEach((one) => {
      if (!textOf(one)) name(one, words().home);
    });
    all("#tabs-items, #tabs-dropdown").forEach((one) => name(one, words().tabs));
    all("td[data-label]").forEach((cell) => {
      cell.querySelectorAll("input, select, textarea").forEach((field) => {
        name(field, cell.dataset.label);
      });
    });
    all(".select2-hidden-accessible").forEach((field) => {
      const shown = field.nextElementSibling;
      const text = field.labels[0]?.textContent.trim() || field.getAttribute("aria-label");
      name(shown?.querySelector(".select2-selection"), text);
      name(shown?.querySelector(".select2-selection__rendered"), text);
    });
    all(`${ICON}:not([role=button]):not([aria-label])`).forEach((icon) => {
      icon.setAttribute("aria-hidden", "true");
    });
  };

  document.addEventListener("DOMContentLoaded", () => {
    // Before the theme's script makes regions of them, which take their names from here.
    document.querySelectorAll("[data-simplebar]").forEach((part) => {
      const kind = part.closest("nav") ? "menu" : part.closest("#changelist-filter") ? "filters" : "table";
      const heading = part.closest("fieldset")?.querySelector("h2")?.textContent.trim();
      part.setAttribute("data-simplebar-aria-label", heading || words()[kind]);
    });
    document.querySelectorAll("table.formset thead th").forEach((cell) => {
      if (cell.textContent.trim()) return;
      const text = Object.assign(document.createElement("span"), { className: "sr-only" });
      text.textContent = words().remove;
      cell.append(text);
    });
    improve();
    let asked = false;
    new MutationObserver(() => {
      if (asked) return;
      asked = true;
      setTimeout(() => {
        asked = false;
        improve();
      });
    }).observe(document.body, { childList: true, subtree: true });
  });

  document.addEventListener("keydown", (event) => {
    const isPressed = event.key === "Enter" || event.key === " ";
    if (isPressed && event.target.matches("[role=button]:not(a[href], button)")) {
      event.preventDefault();
      event.target.click();
    }
  });
}
