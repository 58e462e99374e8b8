/** As much SVG as the picture needs. */
export const INK = '#1f2328';
export const SOFT = '#6b7280';
export const FAINT = '#a3a9b4';
export const HAIRLINE = '#e3e6ec';
export const CARD = '#ffffff';
export const PAPER = '#f4f5f8';
export const CALM = '#3ca951';
export const WARNING = '#e5484d';

/** Lines that have no colour of their own, in this order. */
export const COLORS = ['#4269d0', '#e89b1c', '#3ca951', '#a463f2', '#e5484d', '#38a3a5', '#9c6b4e', '#ff8ab7'];

type Attributes = Readonly<Record<string, string | number>>;

export function element(name: string, attributes: Attributes, content = ''): string {
  const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${shown(value)}"`);
  return content === '' ? `<${name}${written.join('')}/>` : `<${name}${written.join('')}>${content}</${name}>`;
}

export function text(x: number, y: number, content: string, attributes: Attributes = {}): string {
  return element('text', { x, y, ...attributes }, escaped(content));
}

export function card({ x, y, width, height }: { x: number; y: number; width: number; height: number }): string {
  return element('rect', { x, y, width, height, rx: 8, fill: CARD, stroke: HAIRLINE });
}

/** One decimal is finer than anybody sees, and makes the file small. */
export function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}

function shown(value: string | number): string {
  return typeof value === 'number' ? String(rounded(value)) : escaped(value);
}

function escaped(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
