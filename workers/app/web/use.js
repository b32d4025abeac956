// Hooks that tie components to what lives outside of them.

import { useEffect, useRef, useState } from "./html.js";

/** Renders again when `target` tells of `events`, at most once a frame. */
export function useEvents(target, events) {
  const [, bump] = useState(0);
  useEffect(() => {
    let waiting = false;
    const now = () => { waiting = false; bump((n) => n + 1); };
    const soon = () => {
      if (waiting) return;
      waiting = true;
      if (document.hidden) setTimeout(now, 50);
      else requestAnimationFrame(now);
    };
    for (const event of events) target.addEventListener(event, soon);
    soon();
    return () => events.forEach((event) => target.removeEventListener(event, soon));
  }, [target]);
}

export function useGroup(group) {
  useEvents(group, ["state", "link"]);
  return group.state;
}

/** The part of the address behind `#`. */
export function useHash() {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const changed = () => setHash(location.hash);
    addEventListener("hashchange", changed);
    return () => removeEventListener("hashchange", changed);
  }, []);
  return hash;
}

export function useNow(everyMs) {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}

/** A result that is being loaded: `[value, problem, again]`. */
export function useLoaded(load, inputs) {
  const [result, setResult] = useState({});
  const turn = useRef(0);
  const again = () => {
    const mine = ++turn.current;
    load().then(
      (value) => { if (mine === turn.current) setResult({ value }); },
      (problem) => { if (mine === turn.current) setResult({ problem }); },
    );
  };
  useEffect(() => {
    again();
    return () => { turn.current += 1; };
  }, inputs);
  return [result.value, result.problem, again];
}

/** Ctrl or ⌘ with a letter. */
export function useShortcut(letter, act) {
  useEffect(() => {
    const pressed = (event) => {
      if (event.key !== letter || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
      event.preventDefault();
      act();
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, [letter]);
}
