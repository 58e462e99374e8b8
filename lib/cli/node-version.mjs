// Plain JavaScript on purpose: it has to run, and to explain itself, on any Node version.
const wanted = 24;
const found = Number(process.versions.node.split('.')[0]);
if (found !== wanted) {
  process.stderr.write(
    `ecs-runners needs Node.js ${wanted}, the runtime of its Lambda functions, but this is ${process.version}: run \`npm ci\` with install scripts allowed (it brings Node.js ${wanted} along), or put Node.js ${wanted} first on the PATH.\n`,
  );
  process.exit(1);
}
