import { expect, test } from '@jest/globals';
import { parseApp, parsePools, parseSecrets, poolParameters, remembered } from '../../lib/handlers/configuration.ts';
import { aPool } from '../support/pools.ts';

const index = (text: string) => parsePools({ pools: text });
const pool = (text: string) => parsePools({ pools: '{"pools":["a"]}', 'pools/a': text });
const secrets = (text: string) => parseSecrets('ticket-secrets', text);

test('what is right is read', () => {
  const large = aPool({ name: 'large' });
  const index = JSON.stringify({ unlabelled: 'large', pools: ['large', 'default'] });
  expect(poolParameters({ pools: index })).toEqual(['pools/large', 'pools/default']);
  const texts = { pools: index, 'pools/default': JSON.stringify(aPool()), 'pools/large': JSON.stringify(large) };
  expect(parsePools(texts)).toEqual({ unlabelled: 'large', pools: [large, aPool()] });
  expect(parsePools({ pools: index, 'pools/default': JSON.stringify(aPool()) })).toEqual({
    unlabelled: 'large',
    pools: [aPool()],
  });
  expect(secrets('["new","old"]')).toEqual(['new', 'old']);
  expect(parseApp('{"appId":1,"privateKey":"k"}')).toEqual({ appId: 1, privateKey: 'k' });
});

test.each<[string, (text: string) => unknown, string, string]>([
  ['pools', index, '{"pools":[{"name":"classified"}]}', 'pools.0'],
  ['pools/a', pool, '{"name":"classified"}', 'labels'],
  ['pools/a', pool, 'classified', 'not JSON'],
  ['ticket-secrets', secrets, '["classified","classified","classified"]', 'too_big'],
  ['ticket-secrets', secrets, '"classified"', 'the whole'],
  ['ticket-secrets', secrets, '[]', 'too_small'],
  ['ticket-secrets', secrets, '["classified",""]', '1: too_small'],
  ['ticket-secrets', secrets, 'classified', 'not JSON'],
  ['github-app', parseApp, '{"appId":"classified","privateKey":"classified"}', 'appId'],
])('an error names the parameter %s and shows no value: %#', (name, parse, text, place) => {
  expect(() => parse(text)).toThrow(name);
  expect(() => parse(text)).toThrow(place);
  expect(() => parse(text)).not.toThrow('classified');
});

test('the same input is parsed once; a failure is not remembered', () => {
  let parsed = 0;
  const parse = remembered((text: string) => {
    parsed += 1;
    if (parsed === 1) throw new Error('no');
    return { text };
  });
  expect(() => parse('a')).toThrow('no');
  expect(parse('a')).toBe(parse('a'));
  expect(parse('b')).toEqual({ text: 'b' });
  expect(parsed).toBe(3);
});
