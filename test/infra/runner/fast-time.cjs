// Loaded before the bootstrap: its clock and its timers go SPEED times as fast, so that minutes are tested in seconds.
const speed = Number(process.env.SPEED);
const origin = Date.now();
const now = Date.now;
Date.now = () => origin + (now() - origin) * speed;
const later = globalThis.setTimeout;
globalThis.setTimeout = (action, delayMs, ...rest) => later(action, delayMs / speed, ...rest);
