/** What every implementation of the port `Identity` keeps: run over the wire of the simulated STS and in process. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { seededChance } from '../../lib/sim/chance.ts';
import { identityHeaders } from '../../lib/sim/container-identity.ts';
import { createStsService, type SessionCredentials, type StsService } from '../../lib/sim/sts-service.ts';
import type { Identity, Proof } from '../../lib/world.ts';

export type MadeIdentity = { identity: Identity; close(): Promise<void> };

const START = Date.UTC(2026, 10, 23, 8);
const MINUTE = 60_000;
const RUNNER = 'sim-default-0-100520616166-1';
const ROLE = 'arn:aws:iam::123456789012:role/runners/task';
const ARN = 'arn:aws:sts::123456789012:assumed-role/task/0f9de17a6465404e8b1b2356dc13c2f8';

export function identityContract(name: string, make: (sts: StsService) => Promise<MadeIdentity>): void {
  describe(name, () => {
    let now: number;
    let sts: StsService;
    let made: MadeIdentity;
    let own: SessionCredentials;
    let proof: Proof;

    beforeEach(async () => {
      now = START;
      sts = createStsService({ clock: { now: () => now }, chance: seededChance(1) });
      own = sts.assume({ role: ROLE, name: '0f9de17a6465404e8b1b2356dc13c2f8' });
      proof = identityHeaders(own, { runner: RUNNER, now });
      made = await make(sts);
    });
    afterEach(() => made.close());

    const signer = (changes: Partial<Proof> = {}, runner = RUNNER) =>
      made.identity.signer(runner, { ...proof, ...changes });
    const changed = (from: RegExp, to: string) => ({ authorization: proof.authorization.replace(from, to) });

    test('names whoever has signed it', async () => {
      expect(await signer()).toEqual({ kind: 'ok', value: ARN });
    });

    test('the same proof counts again for some minutes, as answers get lost', async () => {
      now += 4 * MINUTE;
      expect(await signer()).toEqual({ kind: 'ok', value: ARN });
    });

    test.each<[string, () => ReturnType<typeof signer>]>([
      ['a proof for another runner', () => signer({}, 'sim-default-0-100520616166-2')],
      ['a changed signature', () => signer(changed(/Signature=../, 'Signature=00'))],
      ['another token', () => signer({ 'x-amz-security-token': 'token/other==' })],
      ['another time', () => signer({ 'x-amz-date': '20261123T080001Z' })],
      ['another key', () => signer(changed(/Credential=\w+/, 'Credential=ASIA0000000000000099'))],
      ['another host', () => signer({ host: 'sts.eu-central-1.amazonaws.com' })],
      ['a host of the attacker', () => signer({ host: 'attacker.example' })],
      ['nothing', () => signer({ authorization: '', 'x-amz-date': '', 'x-amz-security-token': '', host: '' })],
    ])('%s is refused', async (_, ask) => {
      expect(await ask()).toMatchObject({ kind: 'refused' });
    });

    test('a signature that leaves the runner’s name out is one for every runner, and refused', async () => {
      const anybody = identityHeaders(own, { now });
      expect(anybody.authorization).not.toContain('x-ecs-runners-name');
      expect(await signer(anybody)).toMatchObject({ kind: 'refused' });
    });

    test('a proof of an earlier time is refused', async () => {
      now += 6 * MINUTE;
      expect(await signer()).toMatchObject({ kind: 'refused' });
    });

    test('credentials that have expired are refused', async () => {
      now += 7 * 60 * MINUTE;
      expect(await signer(identityHeaders(own, { runner: RUNNER, now }))).toMatchObject({ kind: 'refused' });
    });

    test('an STS that is not there says nothing about anybody', async () => {
      sts.setUnavailable(1);
      expect(await signer()).toMatchObject({ kind: 'retry' });
      sts.setUnavailable(0);
      expect(await signer()).toMatchObject({ kind: 'ok' });
    });

    test('no reason shows the token or the signature', async () => {
      const said = JSON.stringify([
        await signer({}, 'other'),
        await signer({ host: 'attacker.example' }),
        await signer(changed(/Credential=\w+/, 'Credential=ASIA0000000000000099')),
      ]);
      expect(said).not.toContain(own.sessionToken);
      expect(said).not.toContain(/Signature=(.*)/.exec(proof.authorization)?.[1]);
    });
  });
}
