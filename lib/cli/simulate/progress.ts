/** How far the hunt has come, on the standard error: a line that changes, or where nobody looks on, one each minute. */
import ora from 'ora';

const LINE_EVERY_MS = 60 * 1000;

export function startProgress() {
  return process.stderr.isTTY ? changingLine() : lineEachMinute();
}

function changingLine() {
  const line = ora({ stream: process.stderr }).start();
  return {
    tell: (text: string) => {
      line.text = text;
    },
    clear: () => void line.clear(),
    stop: () => void line.stop(),
  };
}

/** In the log of a workflow; whoever ends it for taking too long knows how far it was. */
function lineEachMinute() {
  let toldAt = performance.now();
  return {
    tell: (text: string) => {
      if (performance.now() - toldAt < LINE_EVERY_MS) return;
      toldAt = performance.now();
      console.error(text);
    },
    clear: () => {},
    stop: () => {},
  };
}
