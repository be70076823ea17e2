/** Stands in for daily-js, which Pipecat's transports import but which nothing here uses. */

export default {
  createCallObject() {
    throw new Error("daily-js is not part of this page");
  },
  getCallInstance: () => undefined,
  supportedBrowser: () => ({ supportsScreenShare: false }),
};
