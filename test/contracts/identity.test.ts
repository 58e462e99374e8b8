import { createIdentity } from '../../lib/live/identity.ts';
import { serveSts } from '../../lib/local/sts.ts';
import { createSimIdentity } from '../../lib/sim/identity.ts';
import { identityContract } from '../support/contract-identity.ts';

identityContract('STS over the wire', async (sts) => {
  const { url, close } = await serveSts(sts);
  return { identity: createIdentity({ region: 'us-east-1', endpoint: url }), close };
});

identityContract('the simulated STS in process', async (sts) => ({
  identity: createSimIdentity(sts),
  close: async () => undefined,
}));
