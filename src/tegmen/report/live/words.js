// @ts-check
/** Words and numbers in the language of the page: one table of texts a language. */

/** @typedef {string | Record<string, string>} Text a text, or one by plural form of its {n} */

/**
 * @param {Record<string, Record<string, Text>>} tables language to its texts
 * @param {string} language
 * @param {Record<string, Record<string, string>>} said language to what the question says in English, and what it is there
 */
export function speak(tables, language, said) {
  const texts = tables[language];
  const plural = new Intl.PluralRules(language);
  /** @type {Record<string, Intl.NumberFormat>} making one takes longer than writing a hundred numbers */
  const formats = {};
  /**
   * @param {string} key
   * @param {Record<string, string | number>} [values]
   * @returns {string}
   */
  const say = (key, values = {}) => {
    const text = texts[key] ?? key;
    const form = typeof text === "string" ? text : (text[plural.select(Number(values.n))] ?? text.other);
    return form.replace(/\{(\w+)\}/g, (_, name) => {
      const value = values[name] ?? "";
      return typeof value === "number" ? number(value) : value;
    });
  };
  /** @param {number} value @param {number} [digits] after the point at most @param {number} [least] and at least */
  const number = (value, digits = 2, least = 0) => {
    const format = (formats[`${digits} ${least}`] ??= new Intl.NumberFormat(language, { maximumFractionDigits: digits, minimumFractionDigits: least }));
    return format.format(value);
  };
  /** A share as whole per cent; only what is exactly 0 or 1 is written as 0 or 100. @param {number} share */
  const percent = (share) => {
    const space = "\u00a0%";
    if (share > 0 && share <= 0.005) return `<\u00a01${space}`;
    if (share >= 0.995 && share < 1) return `>\u00a099${space}`;
    return `${Math.round(100 * share)}${space}`;
  };
  /** What the table may not have, as it came. @param {string} group @param {string} text */
  const named = (group, text) => (`${group}.${text}` in texts ? say(`${group}.${text}`) : text);
  /** What the question says. @param {string} text */
  const own = (text) => said[language]?.[text] ?? text;
  return { language, say, number, percent, named, own };
}

/** @typedef {ReturnType<typeof speak>} Words */

/**
 * Make an element; children are elements or text, and text stays text.
 * @param {string} tag
 * @param {Record<string, any>} [attributes] attributes; `on…`: what listens
 * @param {...(Node | string | null | undefined | false)} children
 * @returns {any}
 */
export function make(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

/**
 * The same of a picture.
 * @param {string} tag
 * @param {Record<string, any>} [attributes]
 * @param {...(Node | string | null | undefined | false)} children
 * @returns {any}
 */
export function draw(tag, attributes = {}, ...children) {
  return filled(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

/**
 * @param {Element} element
 * @param {Record<string, any>} attributes
 * @param {(Node | string | null | undefined | false)[]} children
 */
function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "class") element.setAttribute("class", value);
    else if (name in element && typeof value === "boolean") /** @type {any} */ (element)[name] = value;
    else element.setAttribute(name, String(value));
  }
  element.append(.../** @type {(Node|string)[]} */ (children.filter((child) => child !== null && child !== undefined && child !== false)));
  return element;
}
