// Each new record as it is appended: over a WebSocket, or server-sent events where that does not get through.

const PAUSE_MS_MIN = 1000;
const PAUSE_MS_MAX = 15000;
// A tab that nobody looks at lets the server go to sleep, and takes up where it was when it is looked at again.
const UNSEEN_MS_MAX = 5 * 60 * 1000;

/** Keeps one connection, and resumes where it was: no record is missed unless it says so, none comes twice. */
export class Live {
  /**
   * @param onRecord called with (stream, record)
   * @param onState called with "connecting", "on" or "lost"
   * @param onMissed called where it cannot go on where it was: too much came meanwhile, or that place is gone
   */
  constructor(onRecord, onState, onMissed) {
    this.onRecord = onRecord;
    this.onState = onState;
    this.onMissed = onMissed;
    this.position = null;
    this.socket = null;
    this.source = null;
    this.socketFailures = 0;
    this.failures = 0;
    this.pause_ms = PAUSE_MS_MIN;
    this.timer = 0;
    this.unseen = 0;
    document.addEventListener("visibilitychange", () => this.seen(!document.hidden));
    addEventListener("online", () => this.again(0));
  }

  start() {
    this.onState("connecting");
    this.connect();
  }

  /** Give up this connection, which no longer answers, and make another. */
  restart() {
    this.close();
    this.lost();
  }

  connect() {
    clearTimeout(this.timer);
    this.timer = 0;
    this.close();
    // Two refusals without a word are a proxy that does not pass WebSockets on.
    if (this.socketFailures < 2) this.connectSocket();
    else this.connectSource();
  }

  connectSocket() {
    const socket = new WebSocket(this.address("ws").replace(/^http/, "ws"));
    let heard = false;
    this.socket = socket;
    socket.onmessage = (event) => {
      heard = true;
      this.socketFailures = 0;
      this.take(event.data);
    };
    socket.onclose = () => {
      if (this.socket !== socket) return;
      if (!heard) this.socketFailures += 1;
      this.lost();
    };
  }

  connectSource() {
    const source = new EventSource(this.address("api/stream"));
    this.source = source;
    source.onmessage = (event) => this.take(event.data);
    source.onerror = () => {
      if (this.source !== source) return;
      this.socketFailures = 0;
      this.lost();
    };
  }

  address(path) {
    const url = new URL(path, document.baseURI);
    if (this.position !== null) url.searchParams.set("after", this.position);
    return url.href;
  }

  take(text) {
    const message = JSON.parse(text);
    this.position = message.id;
    this.pause_ms = PAUSE_MS_MIN;
    this.failures = 0;
    this.onState("on");
    if (message.lost) this.onMissed();
    if (message.record) this.onRecord(message.stream, message.record);
  }

  lost() {
    this.close();
    this.failures += 1;
    // At the start a proxy may have to be found out first; that is still connecting.
    const isOnTheWay = this.socketFailures === 2 || (this.position === null && this.failures <= 2);
    if (!isOnTheWay) this.onState("lost");
    this.again(this.socketFailures === 2 ? 0 : this.pause_ms);
    this.pause_ms = Math.min(PAUSE_MS_MAX, this.pause_ms * 2);
  }

  again(pause_ms) {
    if (this.socket || this.source || document.hidden) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.connect(), pause_ms);
  }

  seen(isSeen) {
    clearTimeout(this.unseen);
    if (isSeen) this.again(0);
    else this.unseen = setTimeout(() => this.close(), UNSEEN_MS_MAX);
  }

  close() {
    const { socket, source } = this;
    this.socket = this.source = null;
    socket?.close();
    source?.close();
  }
}
