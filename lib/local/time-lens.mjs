// Preloaded (`node --import`) into every process of a stack that runs faster than real time. It makes `Date` show the
// shared simulated time; timers, sockets and `performance` stay real. Plain JavaScript, without imports: it delays the
// start of each function's process.
const origin = Number(process.env['TIME_LENS_ORIGIN']);
const speed = Number(process.env['TIME_LENS_SPEED']);
const realNow = Date.now;

if (Number.isFinite(origin) && Number.isFinite(speed) && speed !== 1) {
  const RealDate = Date;
  const now = () => Math.floor(origin + (realNow() - origin) * speed);
  RealDate.now = now;
  globalThis.Date = new Proxy(RealDate, {
    construct: (target, values, newTarget) =>
      Reflect.construct(target, values.length > 0 ? values : [now()], newTarget),
    apply: (target) => new target(now()).toString(),
  });
  RealDate.prototype.constructor = globalThis.Date;
}
