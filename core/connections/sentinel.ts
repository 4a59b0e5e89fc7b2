/**
 * What stands where a harness expects a key. It opens nothing: the proxy knows a run by
 * its workspace token, adds the real key itself, and refuses any other bearer than this.
 */
export const SENTINEL_KEY = 'sk-gatehouse-sentinel'
