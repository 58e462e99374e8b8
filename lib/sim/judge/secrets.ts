/** No secret is logged, or shown with a task. Those that the simulated services make are known by their shape. */

/** What is in a text that should not be; `undefined`: nothing. */
export type FindSecret = (text: string) => string | undefined;

const HEX = '[0-9a-fA-F]';
const SHAPES: Readonly<Record<string, string>> = {
  'an installation token': `ghs_${HEX}{20}`,
  // JSON in base64 begins so, with a brace and a quotation mark.
  'a JIT configuration, or a JWT': 'ey[IJ][\\w+/-]{40}',
  // An HMAC of 32 bytes: nothing else that the service has to do with is as long.
  'a ticket, a report credential or a signature': `(?<!${HEX})${HEX}{64}(?!${HEX})`,
  'a registration token': '(?<!\\w)[0-9A-F]{29}(?!\\w)',
  'a session token': 'token/[0-9a-z]+\\+[0-9a-z]+==',
  'a secret access key': 'secret-[0-9a-z]{10}',
  'a private key': 'PRIVATE KEY',
};

/** `exact`: secrets by their letters, under what each is. */
export function secretFinder(exact: Readonly<Record<string, string>>): FindSecret {
  const letters = Object.entries(exact);
  const shapes = Object.keys(SHAPES);
  const pattern = new RegExp(
    Object.values(SHAPES)
      .map((source) => `(${source})`)
      .join('|'),
  );
  return (text) => {
    const known = letters.find(([, secret]) => text.includes(secret));
    if (known !== undefined) return known[0];
    const found = pattern.exec(text);
    return found === null ? undefined : shapes[found.slice(1).findIndex((group) => group !== undefined)];
  };
}

/** As a log shows it: also what an error says. */
export function textOf(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => (part instanceof Error ? String(part.stack) : part)) ?? '';
}
