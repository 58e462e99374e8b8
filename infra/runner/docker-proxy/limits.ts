/** Every limit of the proxy, with its unit and its reason. */

/** As long as the daemon's own queue (Go takes the kernel's maximum): a full one refuses clients at once. */
export const CONNECTIONS_WAITING_MAX = 4096;

/** More than the daemon reads (1 MiB and a little, Go's default), so that the daemon refuses, not we. */
export const HEAD_BYTES_MAX = 2 * 1024 * 1024;

/** A create request is held in memory while it is edited; real ones have a few kilobytes. */
export const CREATE_BYTES_MAX = 16 * 1024 * 1024;

/** A line of a chunked body: as long as Go's reader takes. */
export const CHUNK_LINE_BYTES_MAX = 4096;
