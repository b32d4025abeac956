// Moments as people read them, in the language of their browser.

const TIME = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const DAY = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });
const DAY_OF_YEAR = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "long", year: "numeric" });
const FULL = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" });

export const timeOf = (ts) => TIME.format(new Date(ts));
export const fullTimeOf = (ts) => FULL.format(new Date(ts));
export const dateOf = (ts) => DAY_OF_YEAR.format(new Date(ts));
export const sameDay = (one, other) => new Date(one).toDateString() === new Date(other).toDateString();

export function dayOf(ts, now = Date.now()) {
  const day = new Date(ts);
  if (sameDay(ts, now)) return "Today";
  if (sameDay(ts, now - 86_400_000)) return "Yesterday";
  return (day.getFullYear() === new Date(now).getFullYear() ? DAY : DAY_OF_YEAR).format(day);
}
