/** The tables in process: strongly consistent, conditional writes, every item copied in and out. */
import type { ListTable, Table, Versioned } from '../world.ts';
import { type SimClock, sleep } from './clock.ts';

export type SimTableSettings<Key> = {
  clock: SimClock;
  /** First part of the operations' names. */
  name: string;
  /** Names of the key's fields: the partition key, then the sort key (a number). */
  key: readonly (keyof Key & string)[];
  /** Of each call: half of it passes before the effect, half after it. */
  latencyMs?: number;
  /** Called with `<name>.get`, `.getMany`, `.put`, `.remove` or `.list` just before the effect; if it throws, there is none. */
  before?: (operation: string) => void;
  /** Called just after the effect; if it throws, the answer is lost. */
  after?: (operation: string) => void;
};

/** What is really in it, expired items included, without latency or faults. */
export type TableBooks<Item> = { all(): Item[] };

export function createSimTable<Item extends Versioned, Key extends object>(
  settings: SimTableSettings<Key>,
): Table<Item, Key> & TableBooks<Item> {
  return operations<Item, Key>(settings, createStore(settings.key));
}

export function createSimListTable<Item extends Versioned, Key extends { pool: string }>(
  settings: SimTableSettings<Key>,
): ListTable<Item, Key> & TableBooks<Item> {
  const store = createStore(settings.key);
  return {
    ...operations<Item, Key>(settings, store),
    list: (pool, options) =>
      call(settings, 'list', () => {
        const { limit = Number.POSITIVE_INFINITY, after = Number.NEGATIVE_INFINITY } = options ?? {};
        return range<Item>(store, settings.clock, pool, limit, after);
      }),
  };
}

function operations<Item extends Versioned, Key extends object>(
  settings: SimTableSettings<Key>,
  store: Store,
): Table<Item, Key> & TableBooks<Item> {
  const { clock } = settings;
  const read = (key: object) => copyOf<Item>(store.get(key), clock);
  return {
    get: (key) => call(settings, 'get', () => read(key)),
    getMany: (keys) =>
      call(settings, 'getMany', () => {
        const distinct = new Map(keys.map((key) => [store.text(key), key]));
        return [...distinct.values()].map(read).filter((item) => item !== undefined);
      }),
    put: (item, previous) => call(settings, 'put', () => put<Item>(store, clock, item, previous)),
    remove: (item) => call(settings, 'remove', () => store.get(item)?.version === item.version && store.delete(item)),
    all: () => [...store.values()].map(({ item }) => copied(item) as Item),
  };
}

async function call<Value>(
  { clock, name, latencyMs = 0, before, after }: SimTableSettings<never>,
  operation: string,
  effect: () => Value,
): Promise<Value> {
  if (latencyMs > 0) await sleep(clock, latencyMs / 2);
  before?.(`${name}.${operation}`);
  const value = effect();
  after?.(`${name}.${operation}`);
  if (latencyMs > 0) await sleep(clock, latencyMs / 2);
  return value;
}

function put<Item extends Versioned>(
  store: Store,
  clock: SimClock,
  item: Omit<Item, 'version'>,
  previous: Item | undefined,
): Item | undefined {
  const stored = store.get(item);
  const allowed =
    previous === undefined
      ? stored === undefined || isExpired(stored, clock)
      : stored !== undefined && stored.version === previous.version;
  return allowed ? copyOf<Item>(store.set(item), undefined) : undefined;
}

function range<Item>(store: Store, clock: SimClock, pool: string, limit: number, after: number): Item[] {
  const items: Item[] = [];
  for (const stored of store.later(pool, after)) {
    if (items.length >= limit) break;
    const item = copyOf<Item>(stored, clock);
    if (item !== undefined) items.push(item);
  }
  return items;
}

/** Fields that are undefined are not there. Nobody gets the item but as a copy. */
type Stored = { version: string; expiresAt: number | undefined; item: unknown };

/** Without a clock, expired or not. */
function copyOf<Item>(stored: Stored | undefined, clock: SimClock | undefined): Item | undefined {
  if (stored === undefined || (clock !== undefined && isExpired(stored, clock))) return undefined;
  return copied(stored.item) as Item;
}

/** Several times as fast as by way of JSON. Items are plain data. */
function copied(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(copied);
  const copy: Record<string, unknown> = {};
  for (const name in value) {
    const field = (value as Record<string, unknown>)[name];
    if (field !== undefined) copy[name] = copied(field);
  }
  return copy;
}

/** DynamoDB deletes expired items within days; until then they are stored, and not there. */
function isExpired({ expiresAt }: Stored, clock: SimClock): boolean {
  return expiresAt !== undefined && expiresAt <= Math.floor(clock.now() / 1000);
}

type Store = {
  text(key: object): string;
  get(key: object): Stored | undefined;
  set(item: object): Stored;
  delete(key: object): boolean;
  values(): Iterable<Stored>;
  /** Of one partition, by rising sort key, those after `after`. */
  later(partition: string, after: number): Iterable<Stored>;
};

function createStore(key: readonly string[]): Store {
  const items = new Map<string, Stored>();
  /** The sort keys of each partition, rising. */
  const sorted = new Map<unknown, number[]>();
  let writes = 0;

  const fields = (of: object) => key.map((name) => (of as Record<string, unknown>)[name]);
  const text = (of: object) => JSON.stringify(fields(of));

  function index(of: object): { numbers: number[]; sort: number; at: number } {
    const [partition, sort] = fields(of);
    const numbers = sorted.get(partition) ?? [];
    sorted.set(partition, numbers);
    return { numbers, sort: Number(sort), at: positionAfter(numbers, Number(sort) - 1) };
  }

  return {
    text,
    get: (of) => items.get(text(of)),
    set: (item) => {
      // Never the same twice, also after the item was removed in between.
      const version = `v${++writes}`;
      const expiresAt = 'expiresAt' in item && typeof item.expiresAt === 'number' ? item.expiresAt : undefined;
      const stored = { version, expiresAt, item: copied({ ...item, version }) };
      if (key.length === 2 && !items.has(text(item))) {
        const { numbers, sort, at } = index(item);
        numbers.splice(at, 0, sort);
      }
      items.set(text(item), stored);
      return stored;
    },
    delete: (of) => {
      if (key.length === 2 && items.has(text(of))) {
        const { numbers, at } = index(of);
        numbers.splice(at, 1);
      }
      return items.delete(text(of));
    },
    values: () => items.values(),
    *later(partition, after) {
      const numbers = sorted.get(partition) ?? [];
      for (let at = positionAfter(numbers, after); at < numbers.length; at++) {
        const stored = items.get(JSON.stringify([partition, numbers[at]]));
        if (stored !== undefined) yield stored;
      }
    },
  };
}

/** Binary search: of the first number greater than `after`. */
function positionAfter(numbers: readonly number[], after: number): number {
  let low = 0;
  let high = numbers.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((numbers[middle] ?? 0) <= after) low = middle + 1;
    else high = middle;
  }
  return low;
}
