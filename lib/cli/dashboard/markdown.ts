/** Headings, links and plain lines: what the text widgets of the dashboard are made of. */
import type { Frame } from './draw.ts';
import { card, element, INK, SOFT, text } from './svg.ts';

const LINK = '#4269d0';

/** A lone heading is a section of the page; anything longer gets a card. */
export function drawText(markdown: string, frame: Frame): string {
  const blocks = markdown.split('\n\n');
  const [heading = '', ...lines] = blocks;
  const title = heading.replace(/^#+ /, '');
  if (lines.length === 0) return drawSection(title, frame);
  const left = frame.x + 20;
  return [
    card(frame),
    text(left, frame.y + 42, title, { 'font-size': 24, 'font-weight': 700 }),
    ...lines.map((line, index) => drawLine(line, left, frame.y + 74 + index * 30, frame.width - 40)),
  ].join('\n');
}

function drawSection(title: string, { x, y, width, height }: Frame): string {
  const baseline = y + height - 6;
  const after = x + title.length * 8.6 + 24;
  return [
    text(x + 2, baseline, title, { 'font-size': 17, 'font-weight': 650, fill: INK }),
    element('line', { x1: after, x2: x + width, y1: baseline - 5, y2: baseline - 5, stroke: '#d5d9e2' }),
  ].join('\n');
}

/** Sentences are broken where the card ends; links are shown by their names. */
function drawLine(line: string, left: number, top: number, width: number): string {
  if (line.includes('](')) {
    const parts = line.split(/(\[[^\]]*\]\([^)]*\))/);
    const spans = parts.map((part) => {
      const name = /^\[([^\]]*)\]/.exec(part)?.[1];
      return name === undefined ? span(part, SOFT) : span(name, LINK);
    });
    return element('text', { x: left, y: top + 18, 'font-size': 13, 'xml:space': 'preserve' }, spans.join(''));
  }
  return wrapped(line, Math.floor(width / 6.9))
    .map((part, index) => text(left, top + index * 18, part, { 'font-size': 13.5, fill: SOFT }))
    .join('\n');
}

function span(content: string, fill: string): string {
  return element('tspan', { fill }, content === '' ? ' ' : content);
}

/** Broken between words, at most so many characters in a line. */
export function wrapped(line: string, characters: number): string[] {
  const lines: string[] = [];
  for (const word of line.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= characters) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
